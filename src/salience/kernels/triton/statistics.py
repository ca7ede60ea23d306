r"""Output, log-sum-exp, entropy and largest weight of each row, in one pass over the sources.

Beside the running maximum m and sum :math:`l = \sum_j 2^{s_j - m}` of fused attention a row carries
:math:`h = \sum_j 2^{s_j - m} (s_j - m)`. Then its entropy is :math:`\ln l - \ln 2 \cdot h / l`, its largest weight
1 / l.

Legend: R rows (queries), C columns (sources).

Reference: Dao et al. 2022, "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness".
"""

from __future__ import annotations

import triton
import triton.language as tl

from salience.kernels.triton import tiles

# Finite stand-ins for minus infinity: the lowest maximum, and a difference whose power of two is zero. Differences of
# infinities would be NaN.
LOWEST = tl.constexpr(-1e30)
NOTHING = tl.constexpr(-1000.0)


@triton.jit
def statistics_kernel(
    query, key, value, asked, seen, bias, out, lse, entropy, maximum,
    query_example, query_head, query_row, key_example, key_head, key_row,
    value_example, value_head, value_row, bias_example, bias_head, bias_row, bias_column,
    scale, heads, share, queries, sources, offset, window,
    CAUSAL: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr,
    VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One program per block of queries of a head. `lse` is a natural logarithm. `value` may be None."""
    block, head_of_all, example, head, key_head_index = tiles.place(queries, heads, share, ROWS)
    first = block * ROWS
    rows = first + tl.arange(0, ROWS)
    inside = rows < queries
    counts = inside
    if asked is not None:
        counts = counts & (tl.load(asked + example * queries + rows, mask=inside, other=0) != 0)
    here = query + example * query_example + head * query_head
    given = tiles.load_rows(here, rows, query_row, counts, WIDTH, PADDED)  # [R, E]
    keys_here = key + example * key_example + key_head_index * key_head
    highest = tl.full([ROWS], LOWEST, tl.float32)
    sums = tl.zeros([ROWS], tl.float32)
    spread = tl.zeros([ROWS], tl.float32)
    if value is not None:
        value += example * value_example + key_head_index * value_head
        total = tl.zeros([ROWS, VALUE_PADDED], tl.float32)
    begin, end = tiles.column_range(first, first + ROWS, offset, window, sources, CAUSAL, COLUMNS)
    for column in range(begin, end, COLUMNS):
        columns = column + tl.arange(0, COLUMNS)
        real = columns < sources
        if seen is not None:
            real = real & (tl.load(seen + example * sources + columns, mask=real, other=0) != 0)
        keys = tiles.load_rows(keys_here, columns, key_row, real, WIDTH, PADDED)  # [C, E]
        scores = tl.dot(given, tl.trans(keys), input_precision="tf32x3") * scale  # [R, C]
        scores += tl.where(real, 0.0, float("-inf"))[None, :]
        scores = tiles.add_bias(
            scores, bias, example, head, rows[:, None], columns[None, :], queries, sources,
            bias_example, bias_head, bias_row, bias_column,
        )  # fmt: skip
        scores = tiles.hide_far(
            scores, rows[:, None], columns[None, :], first, column, offset, window, CAUSAL, ROWS, COLUMNS
        )
        higher = tl.maximum(highest, tl.max(scores, 1))
        below = tl.maximum(scores - higher[:, None], NOTHING)
        looked = tl.exp2(below)
        lift = tl.exp2(highest - higher)
        spread = lift * (spread + (highest - higher) * sums) + tl.sum(looked * below, 1)
        sums = lift * sums + tl.sum(looked, 1)
        if value is not None:
            values = tiles.load_rows(value, columns, value_row, real, VALUE_WIDTH, VALUE_PADDED)  # [C, E]
            total = tl.dot(looked.to(values.dtype), values, total * lift[:, None], input_precision="tf32x3")
        highest = higher
    # A row that sees nothing is zero everywhere, and its log-sum-exp minus infinity.
    some = counts & (sums > 0)
    sums = tl.where(some, sums, 1.0)
    there = head_of_all * queries + rows
    logarithm = tl.log2(sums)
    tl.store(lse + there, tl.where(some, (highest + logarithm) * tiles.LN2, float("-inf")), mask=inside)
    tl.store(entropy + there, tl.where(some, (logarithm - spread / sums) * tiles.LN2, 0.0), mask=inside)
    tl.store(maximum + there, tl.where(some, 1.0 / sums, 0.0), mask=inside)
    if value is not None:
        total = tl.where(some[:, None], total / sums[:, None], 0.0)
        out += head_of_all * queries * VALUE_WIDTH
        tiles.store_rows(out, rows, VALUE_WIDTH, inside, total, VALUE_WIDTH, VALUE_PADDED)
