"""A record that remembers how to compute weights, not the weights: query, key, and who may look at whom.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, R asked rows, K largest weights,
E width of a head.
"""

from __future__ import annotations

from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import normalise, policy
from salience.kernels.joint import joint
from salience.kernels.log_sum_exp import log_sum_exp
from salience.kernels.problem import Problem


class Scored(Attention):
    r"""The weights of scaled dot-product attention, computed when asked: :math:`\mathrm{softmax}(c\,q k^\top + b)`.

    It holds O((T + S) E) numbers, and what it tells needs no more, with gradients too: all but `rows` and `weights` are
    computed in blocks that are forgotten. Everything is differentiable with respect to query, key and bias, and exact:
    with half precision inputs it is computed and returned in float32, also under autocast.

    `bias`, `scale` and `window` are those of `salience.kernels.attend`.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,
        causal: bool = False,
        window: int | None = None,
        bias: Float[Tensor, "#B #H #T S"] | None = None,
        scale: float | None = None,
    ) -> None:
        self._query = query
        self._key = key
        self._layout = layout
        self._query_layout = query_layout
        self._causal = causal
        self._window = window
        self._bias = bias
        self._scale = query.shape[-1] ** -0.5 if scale is None else scale
        batch, heads, queries, _ = query.shape
        self.shape = (batch, heads, queries, key.shape[2])
        self.asked = query_layout.lengths
        self.normalised = True

    @cached_property
    def problem(self) -> Problem:
        """What was looked at, as the kernels take it."""
        return Problem(
            self._query,
            self._key,
            self._scale,
            seen=self._layout.mask,
            asked=self._query_layout.mask,
            causal=self._causal,
            window=self._window,
            bias=self._bias,
        )

    @cached_property
    def lse(self) -> Float[Tensor, "B H T"]:
        """The natural logarithm of each row's sum of exponentials, without gradients."""
        return log_sum_exp(self.problem.detached())

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        everything = slice(0, self.shape[3])
        seen = self.problem.visible(index, everything)
        return normalise.softmax(self.problem.all_scores(index, everything), seen)

    def received(self, query_weights: Float[Tensor, "B T"] | None = None) -> Float[Tensor, "B H S"]:
        if policy.dense(self.problem):
            return super().received(query_weights)
        weights = self.uniform(self.problem.dtype) if query_weights is None else query_weights.to(self.problem.dtype)
        found = joint(self.problem, weights=weights[:, None, None].expand(-1, self.shape[1], -1, -1)).received
        assert found is not None
        return found[:, :, 0]

    def entropy(self) -> Float[Tensor, "B H T"]:
        if policy.dense(self.problem):
            return super().entropy()
        found = joint(self.problem, entropy=True).entropy
        assert found is not None
        return found

    def top(self, k: int) -> tuple[Float[Tensor, "B H T K"], Int[Tensor, "B H T K"]]:
        if policy.dense(self.problem):
            return super().top(k)
        found = joint(self.problem, top=min(k, self.shape[3]), lse=True)
        values, indices = found.top_values, found.top_indices
        assert values is not None
        assert indices is not None
        assert found.lse is not None
        return (self._at(indices, found.lse, values > 0) if found.lse.requires_grad else values), indices

    def _at(
        self, indices: Int[Tensor, "B H T K"], lse: Float[Tensor, "B H T"], seen: Bool[Tensor, "B H T K"]
    ) -> Float[Tensor, "B H T K"]:
        """The weights of these sources, with gradients."""
        problem = self.problem
        grouped = indices.unflatten(1, (problem.groups, problem.share)).flatten(2)[..., None]
        key = problem.key.gather(2, grouped.expand(*grouped.shape[:3], problem.key.shape[-1]))
        key = key.unflatten(2, (problem.share, *indices.shape[2:])).flatten(1, 2).to(problem.dtype)  # [B, H, T, K, E]
        with torch.autocast(indices.device.type, enabled=False):
            scores = (key @ (problem.query.to(problem.dtype) * problem.scale)[..., None])[..., 0]
        if problem.bias is not None:
            scores = scores + problem.bias.expand(*indices.shape[:3], -1).gather(-1, indices)
        return torch.where(seen, torch.where(seen, scores - lse[..., None], 0.0).exp(), 0.0)
