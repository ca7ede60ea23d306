"""One call of a mechanism in the contract tests, in all its variations, and what the reference says of it.

Sizes are distinct primes (the width a product of two, for heads): a swapped axis cannot pass.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks
from tests.attention.cases import Case

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
        return self.case.reference(self.mechanism, self.query, source, self.seen)

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
        return seen & masks.causal(index, size=self.layout.size) if self.case.causal else seen

    def inputs(self) -> list[Tensor]:
        return [each for each in (self.query, self.source) if each is not None]

    def to(self, dtype: torch.dtype) -> Question:
        return replace(
            self,
            mechanism=copy.deepcopy(self.mechanism).to(dtype),
            query=self.query.to(dtype),
            source=None if self.source is None else self.source.to(dtype),
        )

    def padded_with(self, filling: float) -> Question:
        """The same question, with `filling` wherever nothing is real."""
        query = torch.where(self.real[..., None], self.query.detach(), filling)
        source = self.source
        if source is not None:
            source = torch.where(self.layout.mask[..., None], source.detach(), filling).requires_grad_()
        return replace(self, query=query.requires_grad_(), source=source)


def ask(case: Case, *, cross: bool) -> Question:
    mechanism = case.make(WIDTH).double()
    # Biases start at zero, where a wrong one cannot be seen.
    for parameter in mechanism.parameters():
        nn.init.normal_(parameter, std=WIDTH**-0.5)
    query, source = (torch.randn(B, size, WIDTH, dtype=torch.float64, requires_grad=True) for size in (T, S))
    layout = Layout(LENGTHS, S)
    if cross:
        return Question(case, mechanism, query, source, layout, Layout(QUERY_LENGTHS, T))
    return Question(case, mechanism, source, None, layout, None)


def slopes(question: Question, answer: Tensor, weights: Tensor | None = None) -> list[Tensor]:
    """Gradients of a fixed random mix of the real outputs, and of the weights if given."""
    generator = torch.Generator().manual_seed(3)
    total = (answer * torch.randn(answer.shape, generator=generator, dtype=torch.float64))[question.real].sum()
    if weights is not None:
        total = total + (weights * torch.randn(weights.shape, generator=generator, dtype=torch.float64)).sum()
    return list(torch.autograd.grad(total, [*question.inputs(), *question.mechanism.parameters()]))
