"""The loader gives every row once, with little padding, in an order that seed and epoch decide."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salience.core.batch import Example, Layout, Stream
from salience.core.errors import ConfigError, DataError
from salience.data.loader import Loader, batch_order

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=200).map(lambda each: np.array(each)[:, None])


class Letters:
    """A modality for these tests: one position and one unit per letter."""

    def encode(self, cell: str) -> Example:
        values = np.array([ord(letter) for letter in cell], dtype=np.int64)
        count = np.arange(len(cell))
        return Example(cell, values, np.stack([count, count + 1], 1), count)

    def collate(self, examples):
        lengths = torch.tensor([len(each) for each in examples])
        values = torch.zeros(len(examples), int(lengths.max()), dtype=torch.long)
        for row, each in enumerate(examples):
            values[row, : len(each)] = torch.from_numpy(each.values)
        return Stream(values, Layout(lengths, values.shape[1]))

    def without(self, example: Example, removed) -> Example:
        kept = np.delete(np.arange(len(example)), list(removed))
        return replace(example, values=example.values[kept], places=example.places[kept], owner=np.arange(len(kept)))


def loader_of(cells: list[str], **options) -> Loader:
    letters = Letters()
    examples = [{"text": letters.encode(cell)} for cell in cells]
    return Loader(examples, {"text": letters}, torch.arange(len(cells)), **options)


def words(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("abcdefg"), size=int(size))) for size in rng.lognormal(2, 1, count).astype(int) + 1]


def contents(loader: Loader) -> list[list[str]]:
    return [["".join(map(chr, row["text"].values)) for row in batch.examples] for batch in loader]


def test_batches_by_hand():
    batches = list(loader_of(["aa", "b", "ccc", "dddd", "e"], batch_size=2))
    assert [batch.target.tolist() for batch in batches] == [[3, 2], [0, 1], [4]]
    assert batches[0].streams["text"].values.tolist() == [[100, 100, 100, 100], [99, 99, 99, 0]]
    assert batches[0].streams["text"].layout.lengths.tolist() == [4, 3]
    assert [row["text"].cell for row in batches[0].examples] == ["dddd", "ccc"]


def test_the_order_tells_which_rows_a_batch_holds():
    loader = loader_of(words(101), batch_size=7, shuffle=True, seed=3)
    assert len(loader) == len(loader.order) == 15
    for batch, index in zip(loader, loader.order, strict=True):
        assert batch.target.tolist() == index.tolist()


def test_without_targets_batches_have_none():
    letters = Letters()
    assert [batch.target for batch in Loader([{"text": letters.encode("abc")}], {"text": letters}, None)] == [None]


@given(LENGTHS, st.integers(1, 50), st.none() | st.integers(1, 300), st.booleans(), st.integers(0, 5))
def test_every_row_comes_exactly_once_and_limits_hold(lengths, batch_size, token_budget, shuffle, seed):
    batches = batch_order(lengths, batch_size=batch_size, token_budget=token_budget, shuffle=shuffle, seed=seed)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= batch_size
        if token_budget is not None and len(batch) > 1:
            assert len(batch) * lengths[batch].max() <= token_budget


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=100), st.booleans())
def test_a_token_budget_counts_the_padding_of_every_column(lengths, shuffle):
    lengths = np.array(lengths)
    batches = batch_order(lengths, batch_size=13, token_budget=150, shuffle=shuffle)
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max(0).sum() <= 150 for batch in batches)


def test_a_token_budget_is_used_up():
    batches = batch_order(np.full((100, 1), 10), batch_size=1000, token_budget=200)
    assert [len(batch) for batch in batches] == [20] * 5


def test_padding_stays_small_on_skewed_lengths():
    lengths = np.random.default_rng(0).lognormal(4, 1, (5003, 1)).astype(int) + 1

    def share(batches) -> float:
        read = sum(len(batch) * lengths[batch].max() for batch in batches)
        return 1 - lengths.sum() / read

    rows = np.random.default_rng(1).permutation(5003)
    assert share(np.array_split(rows, 157)) > 0.7
    assert share(batch_order(lengths, batch_size=32, shuffle=True)) < 0.15
    assert share(batch_order(lengths, batch_size=32)) < 0.1


def test_seed_and_epoch_decide_everything():
    cells = words(211)
    options = {"batch_size": 11, "shuffle": True, "drop_units": 0.3}
    first = contents(loader_of(cells, seed=1, epoch=2, **options))
    assert contents(loader_of(cells, seed=1, epoch=2, prefetch=False, **options)) == first
    assert contents(loader_of(cells, seed=1, epoch=3, **options)) != first
    assert contents(loader_of(cells, seed=2, epoch=2, **options)) != first


def test_iterating_again_repeats_the_epoch():
    loader = loader_of(words(53), batch_size=7, shuffle=True, drop_units=0.3)
    assert contents(loader) == contents(loader)


def test_shuffled_batches_do_not_follow_length():
    lengths = np.arange(10_000)[:, None]
    longest = [lengths[batch].max() for batch in batch_order(lengths, batch_size=20, shuffle=True)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.15


def test_units_are_left_out_at_the_given_rate():
    cells = ["abcdefghij" * 20] * 50
    kept = [len(cell) for batch in contents(loader_of(cells, drop_units=0.2)) for cell in batch]
    assert len(set(kept)) > 5
    # Four standard deviations of a mean over 10,000 draws.
    assert abs(np.sum(kept) / 10_000 - 0.8) < 4 * np.sqrt(0.2 * 0.8 / 10_000)


def test_what_is_left_keeps_its_order():
    cells = ["abcdefghijklmnopqrstuvwxyz"] * 7
    for cell in (cell for batch in contents(loader_of(cells, drop_units=0.5)) for cell in batch):
        assert list(cell) == sorted(cell)


def test_one_unit_is_always_kept():
    for share in (0.5, 0.99):
        kept = contents(loader_of(["a"] * 50 + ["bcd"] * 50, drop_units=share))
        assert all(cell for batch in kept for cell in batch)


def test_a_row_without_units_stays_as_it_is():
    assert sorted(cell for batch in contents(loader_of(["", "abc"], drop_units=0.1)) for cell in batch)[0] == ""


def test_nothing_is_left_out_by_default():
    cells = words(29)
    assert sorted(cell for batch in contents(loader_of(cells)) for cell in batch) == sorted(cells)


def test_the_examples_given_are_never_changed():
    letters = Letters()
    examples = [{"text": letters.encode("abcdefg")} for _ in range(5)]
    list(Loader(examples, {"text": letters}, None, drop_units=0.9))
    assert all(len(row["text"]) == 7 for row in examples)


def test_an_error_while_collating_reaches_the_consumer():
    loader = loader_of(["abc"])
    loader._modalities["text"].collate = lambda examples: 1 / 0
    with pytest.raises(ZeroDivisionError):
        list(loader)


def test_a_loop_that_ends_early_leaves_no_thread():
    for _ in loader_of(words(101), batch_size=2):
        break
    assert not [each for each in threading.enumerate() if each.name.startswith("prefetch")]


@pytest.mark.parametrize("option", [{"batch_size": 0}, {"token_budget": 0}, {"drop_units": 1.0}, {"drop_units": -0.1}])
def test_an_option_out_of_range_is_named(option):
    ((name, value),) = option.items()
    with pytest.raises(ConfigError, match=f"{name} is {value}\n.*to do: give a number"):
        loader_of(["abc"], **option)


def test_no_rows_are_an_error():
    with pytest.raises(DataError, match="there are no rows to make batches of"):
        loader_of([])


def test_another_number_of_targets_is_an_error():
    letters = Letters()
    with pytest.raises(DataError, match="there are 1 rows but 3 targets"):
        Loader([{"text": letters.encode("abc")}], {"text": letters}, torch.zeros(3))


def test_a_missing_column_is_located():
    letters = Letters()
    rows = [{"text": letters.encode("abc")}, {"txt": letters.encode("abc")}]
    with pytest.raises(DataError, match=r"the column 'text' is missing\n.*row 2\n.*did you mean 'txt'"):
        Loader(rows, {"text": letters}, None)


def test_a_batch_costs_little_beside_collating():
    letters = Letters()
    stream = letters.collate([letters.encode("a")])
    letters.collate = lambda examples: stream
    examples = [{"text": letters.encode("a" * 250)} for _ in range(640)]
    loader = Loader(examples, {"text": letters}, torch.arange(640), batch_size=64, shuffle=True, prefetch=False)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        list(loader)
        seconds.append((time.process_time() - start) / len(loader))
    assert min(seconds) < 1e-3


def test_a_batch_holds_whole_groups():
    groups = [name for name, count in (("a", 3), ("b", 2), ("c", 7), ("d", 1), ("e", 2)) for _ in range(count)]
    groups = [groups[i] for i in np.random.default_rng(0).permutation(len(groups))]
    lengths = np.ones((len(groups), 1), int)
    for shuffle in (False, True):
        found = batch_order(lengths, batch_size=5, shuffle=shuffle, seed=1, groups=groups)
        assert sorted(np.concatenate(found).tolist()) == list(range(15))
        of = [[groups[i] for i in batch] for batch in found]
        for name in "abcde":
            assert sum(name in batch for batch in of) == 1, "a group is cut"
        # Seven rows are a batch of their own; all others hold five at most.
        assert [len(batch) for batch in of if "c" in batch] == [7]
        assert all(len(batch) <= 5 for batch in of if "c" not in batch)


def test_groups_are_mixed_anew_in_each_epoch_and_otherwise_keep_their_order():
    groups, lengths = [i // 2 for i in range(40)], np.ones((40, 1), int)
    plain = batch_order(lengths, batch_size=2, groups=groups)
    assert [batch.tolist() for batch in plain[:2]] == [[0, 1], [2, 3]]
    first, again, other = (
        np.concatenate(batch_order(lengths, batch_size=2, shuffle=True, seed=seed, groups=groups)).tolist()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_groups_and_a_token_budget_exclude_each_other():
    with pytest.raises(ConfigError, match="whole groups cannot be cut"):
        batch_order(np.ones((2, 1), int), batch_size=2, token_budget=5, groups=["a", "b"])


def test_another_number_of_groups_is_an_error():
    letters = Letters()
    with pytest.raises(DataError, match="there are 1 rows but 2 groups"):
        Loader([{"word": letters.encode("abc")}], {"word": letters}, None, groups=["a", "b"])
