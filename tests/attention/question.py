"""One call of a mechanism in the contract tests, in all its variations, and what the reference says of it.

Sizes are distinct primes (the width a product of two, for heads): a swapped axis cannot pass. Grids are the exception.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks
from tests.attention.case import Case

B, T, S, H, E = 5, 13, 11, 3, 7
WIDTH = H * E
LENGTHS = torch.tensor([11, 0, 1, 7, 4])  # full, empty, single, and between
QUERY_LENGTHS = torch.tensor([13, 5, 3, 1, 0])


@dataclass(frozen=True)
class Question:
    """A mechanism and what it is asked. Without a source it is self-attention."""

    case: Case
    mechanism: nn.Module
    query: Tensor
    source: Tensor | None
    layout: Layout
    query_layout: Layout | None

    def answer(self) -> tuple[Tensor, Attention]:
        return self.mechanism(self.query, self.source, layout=self.layout, query_layout=self.query_layout)

    def expected(self) -> tuple[Tensor, Tensor]:
        source = self.query if self.source is None else self.source
        return self.case.reference(self.mechanism, self.query, source, self.seen, self.layout)

    @property
    def asked(self) -> Layout:
        return self.layout if self.query_layout is None else self.query_layout

    @property
    def real(self) -> Tensor:
        """Which queries are real. [B, T]"""
        return self.asked.mask

    @property
    def seen(self) -> Tensor:
        index = torch.arange(self.asked.size)
        seen = masks.padding(index, layout=self.layout, query_layout=self.asked)
        if self.case.causal:
            seen = seen & masks.causal(index, size=self.layout.size)
        if self.case.edges:
            loops = torch.eye(self.layout.size, dtype=torch.bool) & self.case.loops
            seen = seen & (adjacency(self.layout) | loops)
        if self.case.sees is not None:
            seen = seen & self.case.sees(self.mechanism, self.layout)
        return seen

    def inputs(self) -> list[Tensor]:
        return [each for each in (self.query, self.source) if each is not None]

    def to(self, dtype: torch.dtype) -> Question:
        times = self.layout.times
        return replace(
            self,
            mechanism=copy.deepcopy(self.mechanism).to(dtype),
            query=self.query.to(dtype),
            source=None if self.source is None else self.source.to(dtype),
            layout=replace(self.layout, times=None if times is None else times.to(dtype)),
        )

    def padded_with(self, filling: float) -> Question:
        """The same question, with `filling` wherever nothing is real."""
        query = torch.where(self.real[..., None], self.query.detach(), filling)
        source = self.source
        if source is not None:
            source = torch.where(self.layout.mask[..., None], source.detach(), filling).requires_grad_()
        return replace(self, query=query.requires_grad_(), source=source)

    def alone(self, row: int) -> Question:
        """The same for one example by itself, without its padding."""
        t, s = self.asked.lengths[row], self.layout.lengths[row]
        return replace(
            self,
            query=self.query[row : row + 1, :t],
            source=None if self.source is None else self.source[row : row + 1, :s],
            layout=cut(self.layout, row),
            query_layout=None if self.query_layout is None else Layout(t[None], int(t)),
        )


def ask(case: Case, *, cross: bool) -> Question:
    mechanism = case.make(WIDTH).double()
    # Biases start at zero, where a wrong one cannot be seen.
    for parameter in mechanism.parameters():
        nn.init.normal_(parameter, std=WIDTH**-0.5)
    layout = layout_for(case)
    query, source = (torch.randn(B, size, WIDTH, dtype=torch.float64, requires_grad=True) for size in (T, layout.size))
    if cross:
        return Question(case, mechanism, query, source, layout, Layout(QUERY_LENGTHS, T))
    return Question(case, mechanism, source, None, layout, None)


def layout_for(case: Case, lengths: Tensor = LENGTHS, size: int = S) -> Layout:
    """A layout with the fields that the case speaks of; a grid has lengths and a size of its own."""
    if case.grid is not None:
        line = math.prod(case.grid[1:])
        lines = torch.tensor([case.grid[0], 0, 1, case.grid[0], 2])
        lengths, size = lines.clamp(max=case.grid[0]) * line, case.grid[0] * line
    layout = Layout(lengths, size, grid=case.grid)
    position = torch.arange(size)
    if case.groups:
        layout = replace(layout, groups=torch.where(layout.mask, position // 3, -1))
    if case.times:
        gaps = torch.rand(len(lengths), size, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
        layout = replace(layout, times=gaps.cumsum(-1))
    if case.edges:
        layout = replace(layout, edges=edges_among(layout))
    return layout


def edges_among(layout: Layout) -> Tensor:
    """About half of all edges between real positions of one example, self-loops included. [2, E]"""
    seen = layout.mask[:, :, None] & layout.mask[:, None]  # [B, source, query]
    kept = seen & (torch.rand(seen.shape, generator=torch.Generator().manual_seed(5)) < 0.5)
    row, source, query = kept.nonzero().unbind(-1)
    return torch.stack([row * layout.size + source, row * layout.size + query])


def adjacency(layout: Layout) -> Tensor:
    """Which source each query has an edge from. [B, T, S]"""
    examples, size = len(layout.lengths), layout.size
    seen = torch.zeros(examples, size, size, dtype=torch.bool)
    source, query = layout.edges
    seen[query // size, query % size, source % size] = True
    return seen


def cut(layout: Layout, row: int) -> Layout:
    """The layout of one example by itself, without its padding."""
    length = int(layout.lengths[row])
    grid, edges = layout.grid, layout.edges
    if grid is not None:
        grid = (length // math.prod(grid[1:]), *grid[1:])
    if edges is not None:
        edges = edges[:, edges[0] // layout.size == row] - row * layout.size
    return Layout(
        layout.lengths[row : row + 1],
        length,
        groups=None if layout.groups is None else layout.groups[row : row + 1, :length],
        grid=grid,
        edges=edges,
        times=None if layout.times is None else layout.times[row : row + 1, :length],
    )


def slopes(question: Question, answer: Tensor, weights: Tensor | None = None) -> list[Tensor]:
    """Gradients of a fixed random mix of the real outputs, and of the weights if given."""
    generator = torch.Generator().manual_seed(3)
    total = (answer * torch.randn(answer.shape, generator=generator, dtype=torch.float64))[question.real].sum()
    if weights is not None:
        total = total + (weights * torch.randn(weights.shape, generator=generator, dtype=torch.float64)).sum()
    return list(torch.autograd.grad(total, [*question.inputs(), *question.mechanism.parameters()]))
