"""Records that list their weights say the same as the full weights do."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from salience.core.record import Dense
from salience.kernels.sparse import Entries, Sparse

B, H, T, S = 2, 3, 5, 7
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


class Listed(Sparse):
    """Any weights, listed."""

    def __init__(self, query: Tensor, source: Tensor, weight: Tensor, shape: tuple[int, int, int, int]) -> None:
        self.query, self.source, self.weight, self.shape = query, source, weight, shape
        self.asked = torch.full(shape[:1], shape[2])
        self.normalised = False

    def entries(self, index: Tensor | None = None) -> Entries:
        """`query` counts through examples, heads and queries."""
        queries = self.shape[2]
        index = torch.arange(queries) if index is None else index
        hit = self.query[:, None] % queries == index
        number, place = hit.nonzero().unbind(-1)
        row = self.query[number] // queries * len(index) + place
        return Entries(row, self.source[number], self.weight[number])

    def full(self) -> Dense:
        """The same weights as a matrix."""
        matrix = torch.zeros(self.shape, dtype=self.weight.dtype).flatten(0, 2)
        for query, source, weight in zip(self.query, self.source, self.weight, strict=True):
            matrix[query, source] += weight
        return Dense(matrix.view(self.shape), self.asked)


def listed(seed: int, count: int) -> Listed:
    """Random weights of few pairs, some of them listed twice or more."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randint(0, B * H * T, (count,), generator=generator) // 2
    source = torch.randint(0, S, (count,), generator=generator)
    return Listed(query, source, torch.rand(count, generator=generator, dtype=torch.float64), (B, H, T, S))


def by_hand() -> Listed:
    """The first of two queries lists the last source twice; the second lists nothing."""
    weight = torch.tensor([0.25, 0.5, 0.25], dtype=torch.float64)
    return Listed(torch.tensor([0, 0, 0]), torch.tensor([2, 0, 2]), weight, (1, 1, 2, 3))


def test_what_is_listed_twice_adds_up():
    assert by_hand().weights().tolist() == [[[[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]]]
    torch.testing.assert_close(by_hand().entropy(), torch.tensor([[[2.0, 1.0]]], dtype=torch.float64).log())


def test_a_query_that_lists_less_than_asked_is_filled_up_with_nothing():
    values, indices = by_hand().top(3)
    assert values.tolist() == [[[[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]]]
    assert sorted(indices[0, 0, 0, :2].tolist()) == [0, 2]


def test_rows_may_be_asked_twice_and_in_any_order():
    record = listed(seed=3, count=40)
    index = torch.tensor([4, 0, 4, 1])
    torch.testing.assert_close(record.rows(index), record.full().rows(index), **CLOSE)
    assert record.rows(torch.tensor([], dtype=torch.long)).shape == (B, H, 0, S)


@given(seed=st.integers(0, 2**20), count=st.integers(0, 60))
def test_statistics_equal_those_of_the_full_weights(seed: int, count: int):
    record = listed(seed, count)
    full = record.full()
    weights = torch.arange(B * T, dtype=torch.float64).view(B, T)
    torch.testing.assert_close(record.weights(), full.weights(), **CLOSE)
    torch.testing.assert_close(record.received(), full.received(), **CLOSE)
    torch.testing.assert_close(record.received(weights), full.received(weights), **CLOSE)
    torch.testing.assert_close(record.entropy(), full.entropy(), **CLOSE)
    for k in (1, 3, S + 1):
        values, indices = record.top(k)
        torch.testing.assert_close(values, full.top(k)[0], **CLOSE)
        torch.testing.assert_close(full.weights().gather(-1, indices) * (values > 0), values, **CLOSE)


def test_statistics_have_gradients():
    record = listed(seed=1, count=23)

    def told(weight: Tensor) -> tuple[Tensor, ...]:
        record.weight = weight
        return record.received(), record.entropy(), record.top(2)[0], record.rows(torch.tensor([2, 0, 2]))

    assert torch.autograd.gradcheck(told, (record.weight.clone().requires_grad_(),))
