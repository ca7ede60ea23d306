"""Squeeze-and-excitation: what an example holds on average decides which of its channels pass (Hu et al. 2018).

Legend: B examples, S positions, D width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.gate import Gate
from salience.kernels.masks import blank


class SqueezeExcitation(nn.Module):
    r"""Each channel passes by a share between 0 and 1, the same at all positions of an example.

    Idea: channels are detectors; which of them matter depends on the whole example.

    Formula: :math:`z = \frac{1}{n} \sum_s x_s` over the n real positions, :math:`g = \sigma(W_2\,\mathrm{ReLU}(W_1 z +
    b_1) + b_2),\ y_s = g \odot x_s`.

    Cost: O(S D + D^2 / reduction) time, O(S D) memory.

    Weights: row s holds one number, how much of position s passes, :math:`\|y_s\| / \|x_s\|`. It differs between
    positions only as far as they use different channels, and says nothing of which position made a channel pass: all
    did, through their mean. Rows do not sum to one.

    Works badly when: where matters more than what. All positions share one gate, and no position learns of another but
    through the mean.

    Reference: Hu, Shen and Sun 2018, "Squeeze-and-Excitation Networks", section 3.

    Args:
        reduction: how many times narrower than the width the hidden layer is; at least one unit remains.

    Raises:
        ConfigError: a reduction below 1.

    Positions (3, 4) and (1, 0), and a gate that is 0.5 for the first channel (sigmoid of 0) and shut for the second
    (sigmoid of -40): 1.5 of the length of (3, 4), which is 5, passes, and half of (1, 0).

    >>> from salience.core.batch import Layout
    >>> mechanism = SqueezeExcitation(2, reduction=2)
    >>> _ = nn.init.zeros_(mechanism.excite.weight)
    >>> _ = mechanism.excite.bias.data.copy_(torch.tensor([0.0, -40.0]))
    >>> pair = torch.tensor([[[3.0, 4.0], [1.0, 0.0]]])
    >>> _, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0].detach())
    tensor([[0.3000, 0.0000],
            [0.0000, 0.5000]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(self, width: int, *, reduction: int = 4) -> None:
        super().__init__()
        if reduction < 1:
            raise ConfigError(
                f"expected a reduction of at least 1, got {reduction}",
                where="SqueezeExcitation",
                fix="raise `reduction`; 1 keeps the width",
            )
        self.reduction = reduction
        self.squeeze = nn.Linear(width, max(1, width // reduction))
        self.excite = nn.Linear(max(1, width // reduction), width)

    def forward(
        self,
        query: Float[Tensor, "B S D"],
        source: Float[Tensor, "B S2 D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B S D"], Attention]:
        only_among_themselves(self, source, query_layout)
        values = blank(query, layout)
        mean = values.sum(dim=1) / layout.lengths.clamp(min=1)[:, None]
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(mean))))  # [B, D]
        out = values * gate[:, None]
        return out, Gate(values, out, layout)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction}"
