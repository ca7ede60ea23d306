"""A linear map of the features of nodes, which reads sparse features without filling them with zeros.

Legend: B examples, S positions, F features, D width, Z features that are not zero.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.core.batch import Stream


class GraphStem(nn.Module):
    r"""From features to the width of a model: :math:`y_s = W x_s + b`.

    Cost: O(Z D) time and O(Z + S D) memory for Z features that are not zero.

    Args:
        features: how many features a node has.
        drop: share of the features of each node dropped in training.
        sparse: whether batches hold sparse features.
    """

    def __init__(self, features: int, width: int, *, drop: float = 0.0, sparse: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features, width))
        nn.init.xavier_uniform_(self.weight)
        self.bias = nn.Parameter(torch.zeros(width))
        self.drop = drop
        self.sparse = sparse

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        if not self.sparse:
            return F.dropout(stream.values, self.drop, self.training) @ self.weight + self.bias
        batch, size, _ = stream.values.shape
        indices, values = stream.values.indices(), F.dropout(stream.values.values(), self.drop, self.training)
        row = indices[0] * size + indices[1]
        first = torch.searchsorted(row, torch.arange(batch * size, device=row.device))
        made = F.embedding_bag(indices[2], self.weight, first, mode="sum", per_sample_weights=values)
        return made.view(batch, size, -1) + self.bias

    def extra_repr(self) -> str:
        return f"features={self.weight.shape[0]}, width={self.weight.shape[1]}, drop={self.drop}, sparse={self.sparse}"
