"""From ids to vectors: by hand, and against a slow version."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.batch import Layout, Stream
from salience.data.modalities.word_stem import WordStem, hash_pairs
from salience.data.vectors import Vectors


def stream(*rows: list[int]) -> Stream:
    size = max(map(len, rows))
    values = torch.tensor([row + [0] * (size - len(row)) for row in rows])
    return Stream(values, Layout(torch.tensor([len(row) for row in rows]), size))


def test_a_word_is_its_row_and_padding_is_zero() -> None:
    stem = WordStem(7, 5)
    made = stem(stream([3, 2, 6], [4]))
    torch.testing.assert_close(made[0], stem.words.weight[[3, 2, 6]])
    torch.testing.assert_close(made[1], torch.stack([stem.words.weight[4], torch.zeros(5), torch.zeros(5)]))


def test_words_start_small() -> None:
    weight = WordStem(4001, 23).words.weight[1:]
    assert abs(weight.mean()) < 0.002
    assert abs(weight.std() - 0.1) < 0.002


def test_pairs_start_at_zero_and_then_add_to_the_second_word() -> None:
    stem = WordStem(7, 5, pairs=101)
    assert stem.pairs is not None
    ids = stream([3, 2, 6], [4, 3])
    torch.testing.assert_close(stem(ids), stem.words(ids.values))
    with torch.no_grad():
        stem.pairs.weight.normal_()
    added = stem(ids) - stem.words(ids.values)
    expected = torch.zeros(2, 3, 5)
    for row, column, pair in ((0, 1, (3, 2)), (0, 2, (2, 6)), (1, 1, (4, 3))):
        bucket = hash_pairs(torch.tensor(pair[0]), torch.tensor(pair[1]), 101)
        expected[row, column] = stem.pairs.weight[bucket]
    torch.testing.assert_close(added, expected)


def test_one_word_has_no_pair() -> None:
    stem = WordStem(7, 5, pairs=101)
    assert stem(stream([3])).shape == (1, 1, 5)


def test_pairs_learn() -> None:
    stem = WordStem(7, 5, pairs=101)
    assert stem.pairs is not None
    stem(stream([3, 2, 6], [4])).sum().backward()
    assert stem.pairs.weight.grad is not None
    assert stem.pairs.weight.grad.abs().sum(1).count_nonzero() == 2


@given(st.integers(0, 2**20), st.integers(0, 2**20), st.integers(1, 2**20))
def test_the_hash_is_that_of_exact_integers(first: int, second: int, buckets: int) -> None:
    mixed = first * 0x2545F491 + second * 0x4F6CDD1D
    assert mixed < 2**63
    mixed = ((mixed ^ (mixed >> 31)) & 0x7FFFFFFF) * 0x2545F491
    assert mixed < 2**63
    expected = (mixed ^ (mixed >> 29)) % buckets
    assert hash_pairs(torch.tensor(first), torch.tensor(second), buckets).item() == expected < buckets


def test_the_hash_spreads_pairs_evenly_and_tells_their_order() -> None:
    ids = torch.arange(331)
    found = hash_pairs(ids[:, None], ids[None, :], 2**12)
    counts = found.flatten().bincount(minlength=2**12).double()
    # Of random buckets the variance of counts is their mean.
    assert counts.var() < 1.2 * counts.mean()
    assert (found != found.T).double().mean() > 0.99


def test_vectors_fill_their_rows_and_set_the_spread_of_the_others() -> None:
    values = np.random.default_rng(0).normal(2.0, 3.0, (1999, 5)).astype(np.float32)
    stem = WordStem(4001, 5)
    stem.start_from(Vectors(np.arange(2, 2001), values))
    np.testing.assert_array_equal(stem.words.weight[2:2001].detach().numpy(), values)
    others = stem.words.weight[2001:]
    assert abs(others.mean() - 2.0) < 0.1
    assert abs(others.std() - 3.0) < 0.1
    assert (stem.words.weight[0] == 0).all()


def test_vectors_of_another_width_are_projected() -> None:
    stem = WordStem(7, 5, inner=3)
    stem.start_from(Vectors(np.array([4]), np.array([[1, 2, 3]], dtype=np.float32)))
    made = stem(stream([4, 2], [4]))
    assert made.shape == (2, 2, 5)
    torch.testing.assert_close(made[0, 0], stem.project.weight @ torch.tensor([1.0, 2.0, 3.0]))
    assert (made[1, 1] == 0).all()
