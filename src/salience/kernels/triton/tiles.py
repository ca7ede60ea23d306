r"""What the kernels share: where a program stands, which rows and columns it may see, and one tile of scores.

Scores are in base 2: :math:`P = 2^{s - l}` with s and l multiplied by log2(e), because GPUs have an instruction for it.
A tile may lie either way: `rows` and `columns` come as [R, 1] and [1, C], or as [1, R] and [C, 1].

Legend: R rows (queries), C columns (sources), E width of a head.
"""

from __future__ import annotations

import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)
LN2 = tl.constexpr(0.6931471805599453)


@triton.jit
def place(size, heads, share, BLOCK: tl.constexpr):
    """Which block of a head of which example this program computes: block, head of all, example, head, key's head."""
    program = tl.program_id(0)
    blocks = tl.cdiv(size, BLOCK)
    # Offsets of large tensors do not fit into 32 bits.
    head_of_all = (program // blocks).to(tl.int64)
    head = head_of_all % heads
    return program % blocks, head_of_all, head_of_all // heads, head, head // share


@triton.jit
def row_range(first, stop, offset, window, queries, CAUSAL: tl.constexpr, BLOCK: tl.constexpr):
    """The queries that see any of the sources from `first` to before `stop`; the start falls on a block."""
    begin = 0
    end = queries
    if CAUSAL:
        begin = tl.maximum(first - offset, 0)
    elif window is not None:
        begin = tl.maximum(first - offset - window, 0)
    if window is not None:
        end = tl.minimum(stop - offset + window, queries)
    return begin // BLOCK * BLOCK, end


@triton.jit
def column_range(first, stop, offset, window, sources, CAUSAL: tl.constexpr, BLOCK: tl.constexpr):
    """The sources that any of the queries from `first` to before `stop` sees; the start falls on a block."""
    begin = 0
    end = sources
    if window is not None:
        begin = tl.maximum(first + offset - window, 0)
    if CAUSAL:
        end = tl.minimum(stop + offset, sources)
    elif window is not None:
        end = tl.minimum(stop + offset + window, sources)
    return begin // BLOCK * BLOCK, end


@triton.jit
def split(begin, end, part, PARTS: tl.constexpr, BLOCK: tl.constexpr):
    """One of PARTS shares of a range, in whole blocks."""
    if PARTS == 1:
        return begin, end
    size = tl.cdiv(tl.cdiv(tl.maximum(end - begin, 0), BLOCK), PARTS) * BLOCK
    return begin + part * size, tl.minimum(begin + (part + 1) * size, end)


@triton.jit
def hide_far(
    scores, rows, columns, first_row, first_column, offset, window,
    CAUSAL: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """The scores, minus infinity where `causal` or `window` forbids to look; most tiles hold no such place."""
    if CAUSAL or window is not None:
        # The least and the greatest distance from a source to a query after it.
        least = first_row + offset - (first_column + COLUMNS - 1)
        greatest = first_row + ROWS - 1 + offset - first_column
        some = least < 0 if CAUSAL else least < -window
        if window is not None:
            some = some | (greatest > window)
        if some:
            distance = rows + offset - columns
            near = distance >= 0 if CAUSAL else distance >= -window
            if window is not None:
                near = near & (distance <= window)
            scores = tl.where(near, scores, float("-inf"))
    return scores


@triton.jit
def add_bias(
    scores, bias, example, head, rows, columns, queries, sources,
    bias_example, bias_head, bias_row, bias_column,
):  # fmt: skip
    """The scores with the bias of this tile, if there is one."""
    if bias is not None:
        here = bias + example * bias_example + head * bias_head
        here += rows.to(tl.int64) * bias_row + columns * bias_column
        inside = (rows < queries) & (columns < sources)
        scores += tl.load(here, mask=inside, other=0.0).to(tl.float32) * LOG2E
    return scores


@triton.jit
def load_rows(base, index, stride, real, WIDTH: tl.constexpr, PADDED: tl.constexpr):
    """Vectors [N, PADDED] at these positions, zero where not real and beyond the width."""
    width = tl.arange(0, PADDED)
    mask = real[:, None] & (width < WIDTH)[None, :]
    return tl.load(base + index[:, None] * stride + width[None, :], mask=mask, other=0.0)


@triton.jit
def store_rows(base, index, stride, there, values, WIDTH: tl.constexpr, PADDED: tl.constexpr):
    """Write vectors [N, PADDED] at these positions, in the type of the memory."""
    width = tl.arange(0, PADDED)
    mask = there[:, None] & (width < WIDTH)[None, :]
    tl.store(base + index[:, None] * stride + width[None, :], values.to(base.dtype.element_ty), mask=mask)
