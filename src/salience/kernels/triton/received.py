r"""What each source received, given the log-sum-exp of each row: one product, one power of two, one weighted sum.

.. math:: r_j = \sum_i w_i\, 2^{s_{ij} - l_i}

A program holds one block of sources and walks over the queries, so nothing is written twice and the sum has one order.

Legend: R rows (queries), C columns (sources), V vectors of weights.
"""

from __future__ import annotations

import triton
import triton.language as tl

from salience.kernels.triton import tiles


@triton.jit
def received_kernel(
    query, key, lse, seen, bias, weights, out,
    query_example, query_head, query_row, key_example, key_head, key_row,
    bias_example, bias_head, bias_row, bias_column,
    scale, heads, share, queries, sources, offset, window, vectors,
    CAUSAL: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr, VECTORS: tl.constexpr, PARTS: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Programs: (blocks of sources x heads, parts of the queries, groups of vectors); `out` is [parts, B, H, V, S].

    `lse` is in base 2, plus infinity for rows that count for nothing.
    """
    block, head_of_all, example, head, key_head_index = tiles.place(sources, heads, share, COLUMNS)
    part = tl.program_id(1)
    first = block * COLUMNS
    columns = first + tl.arange(0, COLUMNS)
    real = columns < sources
    if seen is not None:
        real = real & (tl.load(seen + example * sources + columns, mask=real, other=0) != 0)
    here = key + example * key_example + key_head_index * key_head
    keys = tiles.load_rows(here, columns, key_row, real, WIDTH, PADDED)  # [C, E]
    here = query + example * query_example + head * query_head
    # Vectors of weights that this program adds up: one, or a group that tensor cores add.
    vector = tl.program_id(2) * VECTORS + tl.arange(0, VECTORS)
    weights += (head_of_all * vectors) * queries
    total = tl.zeros([COLUMNS, VECTORS], tl.float32)
    begin, end = tiles.row_range(first, first + COLUMNS, offset, window, queries, CAUSAL, ROWS)
    begin, end = tiles.split(begin, end, part, PARTS, ROWS)
    for row in range(begin, end, ROWS):
        rows = row + tl.arange(0, ROWS)
        row_lse = tl.load(lse + head_of_all * queries + rows, mask=rows < queries, other=float("inf"))
        asked = row_lse < float("inf")
        given = tiles.load_rows(here, rows, query_row, asked, WIDTH, PADDED)  # [R, E]
        scores = tl.dot(keys, tl.trans(given), input_precision="tf32x3") * scale  # [C, R]
        scores = tiles.add_bias(
            scores, bias, example, head, rows[None, :], columns[:, None], queries, sources,
            bias_example, bias_head, bias_row, bias_column,
        )  # fmt: skip
        scores = tiles.hide_far(
            scores, rows[None, :], columns[:, None], row, first, offset, window, CAUSAL, ROWS, COLUMNS
        )
        looked = tl.exp2(scores - row_lse[None, :])
        there = weights + vector[None, :] * queries + rows[:, None]
        given_weights = tl.load(there, mask=asked[:, None] & (vector < vectors)[None, :], other=0.0)  # [R, V]
        if VECTORS == 1:
            total += tl.sum(looked * tl.trans(given_weights), 1, keep_dims=True)
        else:
            total = tl.dot(looked, given_weights, total, input_precision="tf32x3")
    out += (part.to(tl.int64) * (tl.num_programs(0) // tl.cdiv(sources, COLUMNS)) + head_of_all) * vectors * sources
    total = tl.where(real[:, None], total, 0.0)
    inside = (columns < sources)[:, None] & (vector < vectors)[None, :]
    tl.store(out + vector[None, :] * sources + columns[:, None], total, mask=inside)
