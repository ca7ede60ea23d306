import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.data.target import Listed
from salience.tasks import Answer, Ranking, Regression, ranked
from salience.tasks import ranking as module

TARGETS = [Listed(0.0, "monday"), Listed(2.0, "tuesday"), Listed(2.0, "monday"), Listed(0.0, "monday")]


def made(**options):
    # Mean 1, deviation 1: 0 and 2 are encoded as -1 and 1.
    return Ranking(list="day", **options).fit(TARGETS)


def test_a_target_is_its_value_beside_the_number_of_its_list():
    assert made().encode(TARGETS).tolist() == [[-1.0, 0.0], [1.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]


def test_the_loss_by_hand():
    raw = torch.tensor([[1.0], [0.0], [-2.0], [0.0]])
    target = made().encode(TARGETS)
    # Squared errors: 4, 1, 9, 1. In monday 1 against -2 stands the wrong way round of a difference of 2, and 0 against
    # -2 as well; each pair counts twice, among the 9 pairs of monday and the one of tuesday.
    squared, pairs = 15 / 4, 2 * (3 * 2 + 2 * 2) / 10
    assert made(weight=0.5).loss(raw, target).item() == pytest.approx(squared + 0.5 * pairs)
    assert made(weight=0.0).loss(raw, target).item() == pytest.approx(squared)


def test_rows_of_different_lists_are_not_compared():
    task, apart = made(), [Listed(value, str(i)) for i, (value, _) in enumerate(TARGETS)]
    raw = torch.tensor([[1.0], [0.0], [-2.0], [0.0]])
    plain = Regression().fit([each.value for each in TARGETS])
    alone = plain.loss(raw, plain.encode([each.value for each in TARGETS]))
    torch.testing.assert_close(task.loss(raw, task.encode(apart)), alone)


@pytest.mark.parametrize("most", [1, 40, 10**9])
def test_lists_compared_together_or_alone_give_the_sum_over_all_pairs(monkeypatch, most):
    monkeypatch.setattr(module, "_PAIRS", most)
    generator = torch.Generator().manual_seed(1)
    predicted, true = torch.randn(2, 37, generator=generator, dtype=torch.float64)
    lists = torch.randint(0, 5, (37,), generator=generator).double()
    same = lists[:, None] == lists
    wrong = ((predicted[:, None] - predicted) * (true - true[:, None])).relu() * same
    torch.testing.assert_close(module._wrong_way_round(predicted, true, lists), wrong.sum() / same.sum())


def test_answers_are_in_the_unit_of_the_target():
    assert [answer.prediction for answer in made().decode(torch.tensor([[-1.0], [2.0]]))] == [0.0, 3.0]


def test_equal_values_share_the_better_rank():
    answers = [Answer(value) for value in (2.0, 5.0, 2.0, 1.0)]
    assert [each.rank for each in ranked(answers, ["a"] * 4)] == [2, 1, 2, 4]
    assert [each.rank for each in ranked(answers, ["a", "b", "a", "b"])] == [1, 1, 1, 2]


def test_rows_that_are_alone_in_their_lists_have_no_order():
    with pytest.raises(DataError, match="a 'day' of its own"):
        Ranking(list="day").fit([Listed(1.0, "a"), Listed(2.0, "b")])


@pytest.mark.parametrize("options", [{"weight": -1.0}, {"top": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match="weight must be 0 or more and top at least 1"):
        Ranking(list="day", **options)


def test_a_bare_number_names_no_list():
    with pytest.raises(DataError, match=r"a number and its list, got 3\.0"):
        made().encode([Listed(1.0, "a"), 3.0])
