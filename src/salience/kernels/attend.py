"""The one call that mechanisms use: fused attention beside a record that can tell its weights later.

Legend: B examples, H heads, G heads of the keys, T queries, S sources, E width of a head, F width of a value.

Reference: Dao et al. 2022, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness".
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels import policy
from salience.kernels.joint import joint
from salience.kernels.masks import blank, unpadded
from salience.kernels.problem import Problem
from salience.kernels.scored import Scored


def attend(
    query: Float[Tensor, "B H T E"],
    key: Float[Tensor, "B G S E"],
    value: Float[Tensor, "B G S F"],
    *,
    layout: Layout,
    query_layout: Layout | None = None,
    causal: bool = False,
    window: int | None = None,
    bias: Float[Tensor, "#B #H #T S"] | None = None,
    scale: float | None = None,
) -> tuple[Float[Tensor, "B H T F"], Scored]:
    r"""Scaled dot-product attention, :math:`o = \mathrm{softmax}(c\,q k^\top + b)\, v`, and its record.

    The fused kernel always runs, whether or not anyone will ask for weights, so asking cannot change the output.
    `layout` describes key and value; without a `query_layout` every query is real. Padded positions may hold anything.
    Padded queries, and all queries without sources, give zeros.

    There is no dropout on weights: it would leave the fused kernel, and the record would tell weights that were not
    used. Drop from the output instead.

    Args:
        key, value: with G heads that divide the H heads of the query, head h reads head h // (H // G).
        causal: query t sees sources 0 to t.
        window: query t sees sources at most this many positions away.
        bias: b, added to the scaled scores.
        scale: c, 1/sqrt(E) by default.

    Raises:
        ConfigError: `causal`, and queries and sources are not one sequence (do not share their layout).
        DataError: a layout does not belong to its tensor, or shapes do not belong together.
    """
    if causal and query_layout is not layout:
        raise ConfigError(
            "causal attention needs queries and sources of one sequence, and they have two layouts",
            fix="give the same layout twice, or leave out `causal`",
        )
    query_layout = unpadded(query) if query_layout is None else query_layout
    query = blank(query, query_layout)
    key, value = blank(key, layout), blank(value, layout)
    record = Scored(
        query, key, layout=layout, query_layout=query_layout, causal=causal, window=window, bias=bias, scale=scale
    )
    if window is not None or bias is not None:
        out = _with_far_or_bias(record.problem, value)
    else:
        # A causal mask hides right padding from real queries by itself, and padded queries are blanked afterwards.
        mask = None if causal else _visible(layout)
        out = _fused(query, key, value, mask, causal, scale)
    return blank(out, query_layout), record


def _fused(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool, scale: float | None
) -> Float[Tensor, "B H T F"]:
    shared = query.shape[1] != key.shape[1]
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=causal, scale=scale, enable_gqa=shared
    )


def _with_far_or_bias(problem: Problem, value: Float[Tensor, "B G S F"]) -> Float[Tensor, "B H T F"]:
    """The fused kernel takes a window, or a bias and more, as one mask of T x S: it gets what is small or there."""
    given = problem.bias is not None and problem.bias.shape[2] == problem.shape[2] and problem.window is None
    if not (given or policy.dense(problem)):
        out = joint(problem, value).out
        assert out is not None
        return out.to(value.dtype)
    alive = problem.alive[:, None, :, None]  # [B, 1, T, 1]
    everything = slice(0, problem.shape[2]), slice(0, problem.shape[3])
    # Kernels differ in what they make of a row without sources, so such a row looks at all of them instead.
    mask = problem.visible(*everything) | ~alive
    if problem.bias is not None:
        mask = torch.where(mask, problem.bias, -torch.inf).to(value.dtype)
    return torch.where(alive, _fused(problem.query, problem.key, value, mask, False, problem.scale), 0.0)


def _visible(layout: Layout) -> Bool[Tensor, "B 1 1 S"]:
    # Kernels differ in what they make of a row without sources. Such an example looks at its blanked values instead,
    # whose mean is the zero it should give.
    empty = layout.lengths == 0
    return (layout.mask | empty[:, None])[:, None, None, :]
