r"""The mean of a number per source under the weights of each row: :math:`m_i = \sum_j P_{ij} g_j`, given log-sum-exps.

With g the slope of what sources received, this is the slope of the row's weight, and what its softmax takes off.

Legend: R rows (queries), C columns (sources), V vectors.
"""

from __future__ import annotations

import triton
import triton.language as tl

from salience.kernels.triton import tiles


@triton.jit
def means_kernel(
    query, key, lse, seen, bias, numbers, out,
    query_example, query_head, query_row, key_example, key_head, key_row,
    bias_example, bias_head, bias_row, bias_column,
    scale, heads, share, queries, sources, offset, window, vectors,
    CAUSAL: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr, VECTORS: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Programs: (blocks of queries x heads, groups of vectors); `numbers` is [B, H, V, S] and `out` [B, H, V, T].

    `lse` is in base 2, plus infinity for rows that count for nothing.
    """
    block, head_of_all, example, head, key_head_index = tiles.place(queries, heads, share, ROWS)
    first = block * ROWS
    rows = first + tl.arange(0, ROWS)
    row_lse = tl.load(lse + head_of_all * queries + rows, mask=rows < queries, other=float("inf"))
    here = query + example * query_example + head * query_head
    given = tiles.load_rows(here, rows, query_row, row_lse < float("inf"), WIDTH, PADDED)  # [R, E]
    here = key + example * key_example + key_head_index * key_head
    vector = tl.program_id(1) * VECTORS + tl.arange(0, VECTORS)
    numbers += head_of_all * vectors * sources
    total = tl.zeros([ROWS, VECTORS], tl.float32)
    begin, end = tiles.column_range(first, first + ROWS, offset, window, sources, CAUSAL, COLUMNS)
    for column in range(begin, end, COLUMNS):
        columns = column + tl.arange(0, COLUMNS)
        real = columns < sources
        if seen is not None:
            real = real & (tl.load(seen + example * sources + columns, mask=real, other=0) != 0)
        keys = tiles.load_rows(here, columns, key_row, real, WIDTH, PADDED)  # [C, E]
        scores = tl.dot(given, tl.trans(keys), input_precision="tf32x3") * scale  # [R, C]
        scores += tl.where(real, 0.0, float("-inf"))[None, :]
        scores = tiles.add_bias(
            scores, bias, example, head, rows[:, None], columns[None, :], queries, sources,
            bias_example, bias_head, bias_row, bias_column,
        )  # fmt: skip
        scores = tiles.hide_far(
            scores, rows[:, None], columns[None, :], first, column, offset, window, CAUSAL, ROWS, COLUMNS
        )
        looked = tl.exp2(scores - row_lse[:, None])
        there = numbers + vector[None, :] * sources + columns[:, None]
        of_columns = tl.load(there, mask=real[:, None] & (vector < vectors)[None, :], other=0.0)  # [C, V]
        if VECTORS == 1:
            total += tl.sum(looked * tl.trans(of_columns), 1, keep_dims=True)
        else:
            total = tl.dot(looked, of_columns, total, input_precision="tf32x3")
    out += head_of_all * vectors * queries
    inside = (rows < queries)[:, None] & (vector < vectors)[None, :]
    tl.store(out + vector[None, :] * queries + rows[:, None], total, mask=inside)
