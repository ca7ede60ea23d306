"""The one call that mechanisms use: fused attention beside a record that can tell its weights later.

Legend: B examples, H heads, T queries, S sources, E width of a head.

Reference: Dao et al. 2022, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness".
"""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels.masks import blank, unpadded
from salience.kernels.scored import Scored


def attend(
    query: Float[Tensor, "B H T E"],
    key: Float[Tensor, "B H S E"],
    value: Float[Tensor, "B H S E"],
    *,
    layout: Layout,
    query_layout: Layout | None = None,
    causal: bool = False,
) -> tuple[Float[Tensor, "B H T E"], Scored]:
    r"""Scaled dot-product attention, :math:`o = \mathrm{softmax}(q k^\top / \sqrt E)\, v`, and its record.

    The fused kernel always runs, whether or not anyone will ask for weights, so asking cannot change the output.
    `layout` describes key and value; without a `query_layout` every query is real. Padded positions may hold anything.
    Padded queries, and all queries of an example without sources, give zeros. `causal` lets query t see sources 0 to t.

    There is no dropout on weights: it would leave the fused kernel, and the record would tell weights that were not
    used. Drop from the output instead.

    Raises:
        ConfigError: `causal`, and queries and sources are not one sequence (do not share their layout).
        DataError: a layout does not belong to its tensor.
    """
    if causal and query_layout is not layout:
        raise ConfigError(
            "causal attention needs queries and sources of one sequence, and they have two layouts",
            fix="give the same layout twice, or leave out `causal`",
        )
    query_layout = unpadded(query) if query_layout is None else query_layout
    query = blank(query, query_layout)
    key, value = blank(key, layout), blank(value, layout)
    # A causal mask hides right padding from real queries by itself, and padded queries are blanked afterwards.
    mask = None if causal else _visible(layout)
    out = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
    record = Scored(query, key, layout=layout, query_layout=query_layout, causal=causal)
    return blank(out, query_layout), record


def _visible(layout: Layout) -> Bool[Tensor, "B 1 1 S"]:
    # Kernels differ in what they make of a row without sources. Such an example looks at its blanked values instead,
    # whose mean is the zero it should give.
    empty = layout.lengths == 0
    return (layout.mask | empty[:, None])[:, None, None, :]
