r"""Gradients of query, key and value from the slopes of the output, of what sources received, and of the entropy.

All of them reach the scores through one product of weights:

.. math:: dP_{ij} = do_i \cdot v_j + \sum_v w_{vi}\, g_{vj} - dH_i \ln P_{ij}, \qquad dS_{ij} = P_{ij} (dP_{ij} - d_i)

with g the slope of what was received, dH that of the entropy, and :math:`d_i = \sum_j P_{ij} dP_{ij}` given.

Legend: R rows (queries), C columns (sources), V vectors of weights, E width of a head.

Reference: Dao 2023, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning".
"""

from __future__ import annotations

import triton
import triton.language as tl

from salience.kernels.triton import tiles


@triton.jit
def query_kernel(
    query, key, value, lse, seen, bias, out_slope, weights, received_slope, entropy_slope, shift, query_slope,
    query_example, query_head, query_row, key_example, key_head, key_row,
    value_example, value_head, value_row, bias_example, bias_head, bias_row, bias_column,
    scale, heads, share, queries, sources, offset, window, vectors,
    CAUSAL: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr,
    VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr, VECTORS: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One program per block of queries of a head. `shift` is d; `value`, `weights`, `entropy_slope` may be None."""
    block, head_of_all, example, head, key_head_index = tiles.place(queries, heads, share, ROWS)
    first = block * ROWS
    rows = first + tl.arange(0, ROWS)
    row_lse = tl.load(lse + head_of_all * queries + rows, mask=rows < queries, other=float("inf"))
    asked = row_lse < float("inf")
    here = query + example * query_example + head * query_head
    given = tiles.load_rows(here, rows, query_row, asked, WIDTH, PADDED)  # [R, E]
    row_shift = tl.load(shift + head_of_all * queries + rows, mask=asked, other=0.0)
    key += example * key_example + key_head_index * key_head
    if value is not None:
        value += example * value_example + key_head_index * value_head
        out_slope += head_of_all * queries * VALUE_WIDTH
        slopes = tiles.load_rows(out_slope, rows, VALUE_WIDTH, asked, VALUE_WIDTH, VALUE_PADDED)  # [R, E]
    if weights is not None:
        weights += head_of_all * vectors * queries
        received_slope += head_of_all * vectors * sources
    if entropy_slope is not None:
        row_entropy = tl.load(entropy_slope + head_of_all * queries + rows, mask=asked, other=0.0)
    total = tl.zeros([ROWS, PADDED], tl.float32)
    begin, end = tiles.column_range(first, first + ROWS, offset, window, sources, CAUSAL, COLUMNS)
    for column in range(begin, end, COLUMNS):
        columns = column + tl.arange(0, COLUMNS)
        real = columns < sources
        if seen is not None:
            real = real & (tl.load(seen + example * sources + columns, mask=real, other=0) != 0)
        keys = tiles.load_rows(key, columns, key_row, real, WIDTH, PADDED)  # [C, E]
        scores = tl.dot(given, tl.trans(keys), input_precision="tf32x3") * scale  # [R, C]
        scores += tl.where(real, 0.0, float("-inf"))[None, :]
        scores = tiles.add_bias(
            scores, bias, example, head, rows[:, None], columns[None, :], queries, sources,
            bias_example, bias_head, bias_row, bias_column,
        )  # fmt: skip
        scores = tiles.hide_far(
            scores, rows[:, None], columns[None, :], first, column, offset, window, CAUSAL, ROWS, COLUMNS
        )
        scores -= row_lse[:, None]
        slope = tl.zeros([ROWS, COLUMNS], tl.float32) - row_shift[:, None]
        if value is not None:
            values = tiles.load_rows(value, columns, value_row, real, VALUE_WIDTH, VALUE_PADDED)  # [C, E]
            slope = tl.dot(slopes, tl.trans(values), slope, input_precision="tf32x3")
        if weights is not None:
            slope = _add_products(
                slope, weights, received_slope, rows, columns, asked, real, queries, sources, vectors, VECTORS
            )
        if entropy_slope is not None:
            slope -= row_entropy[:, None] * (tl.maximum(scores, NOTHING) * tiles.LN2)
        slope *= tl.exp2(scores)
        total = tl.dot(slope.to(keys.dtype), keys, total, input_precision="tf32x3")
    # The scores were scaled for powers of two, their slopes are not.
    total *= scale * tiles.LN2
    query_slope += head_of_all * queries * WIDTH
    tiles.store_rows(query_slope, rows, WIDTH, rows < queries, total, WIDTH, PADDED)


@triton.jit
def key_kernel(
    query, key, value, lse, seen, bias, out_slope, weights, received_slope, entropy_slope, shift,
    key_slope, value_slope,
    query_example, query_head, query_row, key_example, key_head, key_row,
    value_example, value_head, value_row, bias_example, bias_head, bias_row, bias_column,
    scale, heads, share, queries, sources, offset, window, vectors,
    CAUSAL: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr,
    VALUE_WIDTH: tl.constexpr, VALUE_PADDED: tl.constexpr, VECTORS: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One program per block of sources of a head of the keys: it walks over all heads that read it, one by one."""
    block, group_of_all, example, group, _ = tiles.place(sources, heads // share, 1, COLUMNS)
    first = block * COLUMNS
    columns = first + tl.arange(0, COLUMNS)
    real = columns < sources
    if seen is not None:
        real = real & (tl.load(seen + example * sources + columns, mask=real, other=0) != 0)
    key += example * key_example + group * key_head
    keys = tiles.load_rows(key, columns, key_row, real, WIDTH, PADDED)  # [C, E]
    key_total = tl.zeros([COLUMNS, PADDED], tl.float32)
    if value is not None:
        value += example * value_example + group * value_head
        values = tiles.load_rows(value, columns, value_row, real, VALUE_WIDTH, VALUE_PADDED)  # [C, E]
        value_total = tl.zeros([COLUMNS, VALUE_PADDED], tl.float32)
    begin, end = tiles.row_range(first, first + COLUMNS, offset, window, queries, CAUSAL, ROWS)
    for member in range(share):
        head = group * share + member
        head_of_all = group_of_all * share + member
        here = query + example * query_example + head * query_head
        for row in range(begin, end, ROWS):
            rows = row + tl.arange(0, ROWS)
            row_lse = tl.load(lse + head_of_all * queries + rows, mask=rows < queries, other=float("inf"))
            asked = row_lse < float("inf")
            given = tiles.load_rows(here, rows, query_row, asked, WIDTH, PADDED)  # [R, E]
            scores = tl.dot(keys, tl.trans(given), input_precision="tf32x3") * scale  # [C, R]
            scores += tl.where(real, 0.0, float("-inf"))[:, None]
            scores = tiles.add_bias(
                scores, bias, example, head, rows[None, :], columns[:, None], queries, sources,
                bias_example, bias_head, bias_row, bias_column,
            )  # fmt: skip
            scores = tiles.hide_far(
                scores, rows[None, :], columns[:, None], row, first, offset, window, CAUSAL, ROWS, COLUMNS
            )
            scores -= row_lse[None, :]
            looked = tl.exp2(scores)
            row_shift = tl.load(shift + head_of_all * queries + rows, mask=asked, other=0.0)
            slope = tl.zeros([COLUMNS, ROWS], tl.float32) - row_shift[None, :]
            if value is not None:
                slopes_here = out_slope + head_of_all * queries * VALUE_WIDTH
                slopes = tiles.load_rows(slopes_here, rows, VALUE_WIDTH, asked, VALUE_WIDTH, VALUE_PADDED)  # [R, E]
                value_total = tl.dot(looked.to(slopes.dtype), slopes, value_total, input_precision="tf32x3")
                slope = tl.dot(values, tl.trans(slopes), slope, input_precision="tf32x3")
            if weights is not None:
                slope = _add_products(
                    slope, received_slope + head_of_all * vectors * sources, weights + head_of_all * vectors * queries,
                    columns, rows, real, asked, sources, queries, vectors, VECTORS,
                )  # fmt: skip
            if entropy_slope is not None:
                row_entropy = tl.load(entropy_slope + head_of_all * queries + rows, mask=asked, other=0.0)
                slope -= row_entropy[None, :] * (tl.maximum(scores, NOTHING) * tiles.LN2)
            slope *= looked
            key_total = tl.dot(slope.to(given.dtype), given, key_total, input_precision="tf32x3")
    key_total *= scale * tiles.LN2
    key_slope += group_of_all * sources * WIDTH
    tiles.store_rows(key_slope, columns, WIDTH, columns < sources, key_total, WIDTH, PADDED)
    if value is not None:
        value_slope += group_of_all * sources * VALUE_WIDTH
        tiles.store_rows(value_slope, columns, VALUE_WIDTH, columns < sources, value_total, VALUE_WIDTH, VALUE_PADDED)


# ln P where nobody looks: finite, so that P ln P is zero.
NOTHING = tl.constexpr(-1000.0)


@triton.jit
def _add_products(
    slope, left, right, lefts, rights, left_real, right_real, left_size, right_size, vectors, VECTORS: tl.constexpr
):
    """The slope plus the products of two numbers, summed over the vectors: one by itself, more by tensor cores."""
    if VECTORS == 1:
        own = tl.load(left + lefts, mask=left_real, other=0.0)
        slope += own[:, None] * tl.load(right + rights, mask=right_real, other=0.0)[None, :]
    else:
        for start in range(0, vectors, VECTORS):
            vector = start + tl.arange(0, VECTORS)
            some = vector < vectors
            mask = left_real[:, None] & some[None, :]
            own = tl.load(left + vector[None, :] * left_size + lefts[:, None], mask=mask, other=0.0)
            mask = some[:, None] & right_real[None, :]
            other = tl.load(right + vector[:, None] * right_size + rights[None, :], mask=mask, other=0.0)
            slope = tl.dot(own, other, slope, input_precision="tf32x3")
    return slope
