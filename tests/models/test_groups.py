"""Groups are taken apart and put together without loss, and their records agree with matrices."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.batch import Layout
from salience.core.record import Dense
from salience.models.groups import Groups, OverGroups, WithinGroups


def make(rows: list[list[int]]) -> Groups:
    """One list of sentence lengths per document."""
    lengths = [sum(row) for row in rows]
    size = max(1, *lengths) + 2
    groups = torch.full((len(rows), size), -1)
    for row, sentences in enumerate(rows):
        numbers = [number for number, length in enumerate(sentences) for _ in range(length)]
        groups[row, : len(numbers)] = torch.tensor(numbers, dtype=torch.long)
    return Groups(Layout(torch.tensor(lengths), size, groups))


documents = st.lists(st.lists(st.integers(0, 4), max_size=4), min_size=2, max_size=5)


def test_groups_by_hand() -> None:
    groups = make([[2, 1], [], [0, 3]])
    assert groups.rank.tolist() == [[0, 0, 1, -1, -1], [-1] * 5, [0, 0, 0, -1, -1]]
    assert groups.row.tolist() == [[0, 0, 1, -1, -1], [-1] * 5, [2, 2, 2, -1, -1]]
    assert groups.place.tolist() == [[0, 1, 0, -1, -1], [-1] * 5, [0, 1, 2, -1, -1]]
    assert groups.members.lengths.tolist() == [2, 1, 3]
    assert groups.groups.lengths.tolist() == [2, 0, 1]


def test_without_groups_an_example_is_one_group() -> None:
    groups = Groups(Layout(torch.tensor([3, 0, 1]), 5))
    assert groups.groups.lengths.tolist() == [1, 0, 1]
    assert groups.members.lengths.tolist() == [3, 1]


def test_a_batch_of_nothing_is_one_empty_group() -> None:
    groups = Groups(Layout(torch.tensor([0, 0]), 3))
    assert groups.apart(torch.full((2, 3, 7), torch.nan)).eq(0).all()
    assert groups.together(torch.zeros(1, 1, 7)).shape == (2, 3, 7)
    assert groups.per_example(torch.zeros(1, 7)).shape == (2, 1, 7)


@settings(max_examples=50, deadline=None)
@given(documents)
def test_apart_and_together_are_inverse(rows: list[list[int]]) -> None:
    groups = make(rows)
    values = torch.randn(len(rows), groups.source.size, 3)
    real = values.masked_fill(~groups.source.mask[..., None], 0)
    assert torch.equal(
        groups.together(groups.apart(values.masked_fill(~groups.source.mask[..., None], torch.nan))), real
    )
    assert torch.equal(groups.apart(real).sum((0, 1)) != 0, real.sum((0, 1)) != 0)


@settings(max_examples=50, deadline=None)
@given(documents)
def test_groups_over_members_agree_with_a_matrix(rows: list[list[int]]) -> None:
    groups = make(rows)
    weights = torch.rand(len(rows), 2, groups.source.size, dtype=torch.float64) * groups.source.mask[:, None]
    record = OverGroups(weights, groups, normalised=False)
    matrix = torch.zeros(record.shape, dtype=torch.float64)
    for example, row in enumerate(groups.rank.tolist()):
        for source, rank in enumerate(row):
            if rank >= 0:
                matrix[example, :, rank, source] = weights[example, :, source]
    assert torch.equal(record.weights(), matrix)
    _received_agrees(record)


@settings(max_examples=50, deadline=None)
@given(documents)
def test_members_within_groups_agree_with_a_matrix(rows: list[list[int]]) -> None:
    groups = make(rows)
    inner_weights = torch.rand(len(groups.members.lengths), 2, groups.members.size, groups.members.size).double()
    real = groups.members.mask
    inner_weights = inner_weights * (real[:, None, :, None] & real[:, None, None])
    record = WithinGroups(Dense(inner_weights, groups.members.lengths, normalised=False), groups)
    matrix = torch.zeros(record.shape, dtype=torch.float64)
    for example, row in enumerate(groups.row.tolist()):
        for query, group in enumerate(row):
            for source, other in enumerate(row):
                if group == other >= 0:
                    places = groups.place[example, query], groups.place[example, source]
                    matrix[example, :, query, source] = inner_weights[group, :, *places]
    assert torch.equal(record.weights(), matrix)
    _received_agrees(record)


def _received_agrees(record) -> None:
    """The short way through groups against the base class, which goes through rows."""
    chosen = torch.rand(record.shape[0], record.shape[2], dtype=torch.float64)
    chosen = chosen * (torch.arange(record.shape[2]) < record.asked[:, None])
    for weights in (None, chosen):
        torch.testing.assert_close(record.received(weights), super(type(record), record).received(weights))
