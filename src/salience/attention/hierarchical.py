"""Hierarchical attention: over the members of each group, and over the groups (Yang et al. 2016).

Legend: B examples, T queries, S sources, G groups of an example (at most S), D width.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from salience.attention.mechanism import prepared
from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.kernels import masks, normalise, segment
from salience.kernels.groups import first_of_group


class Hierarchical(nn.Module):
    r"""Mixes the sources of each group, then the groups: words make sentences, sentences make a document.

    Idea: a word competes with the words of its sentence only, and a sentence with sentences. One loud word cannot
    silence a long document, and the weight of a sentence is that of its words together.

    Formula: within group g, :math:`a_{ts} = \mathrm{softmax}_{s \in g}((Q q_t) \cdot \tanh(W s_s + b))` and
    :math:`v_{tg} = \sum_{s \in g} a_{ts} s_s`; over groups, :math:`c_{tg} = \mathrm{softmax}_g((Q' q_t) \cdot \tanh(W'
    v_{tg} + b'))`; :math:`y_t = \sum_g c_{tg} v_{tg} = \sum_s c_{t g(s)} a_{ts} s_s`. The record holds the products
    :math:`c_{t g(s)} a_{ts}`. Groups are `layout.groups`; without them, all sources are one.

    Cost: O(T S D^2) time, O(T S D) memory: as a pool with one query, that of the sources.

    Works badly when: there are many queries, each of which makes its own vector of each group; or groups mean nothing.

    Reference: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", section 2.2; the query
    takes the place of its context vectors, and what reads the words and sentences is an encoder's matter.

    Groups of one and of three sources, and queries that ask for nothing in particular: each group gets one half, and
    shares it equally.

    >>> from salience.core.batch import Layout
    >>> mechanism = Hierarchical(2)
    >>> for level in (mechanism.members, mechanism.groups):
    ...     _ = nn.init.zeros_(level.query.weight)
    >>> layout = Layout(torch.tensor([4]), size=4, groups=torch.tensor([[0, 1, 1, 1]]))
    >>> _, record = mechanism(torch.ones(1, 1, 2), torch.randn(1, 4, 2), layout=layout)
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.5000, 0.1667, 0.1667, 0.1667])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.members = _Level(width)
        self.groups = _Level(width)

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        query, source, query_layout = prepared(query, source, layout, query_layout)
        first = first_of_group(layout)
        group = (first.cumsum(-1) - 1).clamp(min=0)  # [B, S]
        within = _softmax_within(self.members(query, source[:, None]), group, layout.mask)  # [B, T, S]
        vectors = _sums(within[..., None] * source[:, None], group).to(source.dtype)  # [B, T, G, D]
        index = torch.arange(query_layout.size, device=query.device)
        exists = torch.arange(layout.size, device=query.device) < first.sum(-1, keepdim=True)  # [B, G]
        asked = masks.padding(index, layout=layout, query_layout=query_layout)
        between = normalise.softmax(self.groups(query, vectors), exists[:, None] & query_layout.mask[..., None])
        of_group = between.gather(2, group[:, None].expand(-1, query_layout.size, -1))  # [B, T, S]
        weights = torch.where(asked, within * of_group, 0.0)
        return weights.to(source.dtype) @ source, Dense(weights[:, None], query_layout.lengths)


class _Level(nn.Module):
    """Scores of one level: what the query asks there, times what it finds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.source = nn.Linear(width, width)

    def forward(self, query: Float[Tensor, "B T D"], values: Float[Tensor, "B #T S D"]) -> Float[Tensor, "B T S"]:
        return (torch.tanh(self.source(values)) @ self.query(query)[..., None])[..., 0]


def _softmax_within(
    scores: Float[Tensor, "B T S"], group: Int[Tensor, "B S"], real: Bool[Tensor, "B S"]
) -> Float[Tensor, "B T S"]:
    """Softmax over the members of each group: its queries are the heads of a softmax over segments."""
    batch, queries, size = scores.shape
    flat = scores.transpose(1, 2).flatten(0, 1)  # [B S, T]
    weights = segment.softmax(flat, _numbered(group), segments=batch * size, seen=real.flatten())
    return weights.view(batch, size, queries).transpose(1, 2)


def _sums(values: Float[Tensor, "B T S D"], group: Int[Tensor, "B S"]) -> Float[Tensor, "B T S D"]:
    """The sum over the members of each group; there are at most as many groups as sources."""
    flat = values.transpose(1, 2).flatten(0, 1)  # [B S, T, D]
    total = torch.zeros_like(flat).index_add(0, _numbered(group), flat)
    return total.unflatten(0, group.shape).transpose(1, 2)


def _numbered(group: Int[Tensor, "B S"]) -> Int[Tensor, "BS"]:
    """The groups, counted through the batch."""
    batch, size = group.shape
    return (group + size * torch.arange(batch, device=group.device)[:, None]).flatten()
