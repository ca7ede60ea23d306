import pytest
import torch

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.removal_shift import removal_shift
from salience.tasks import Classification, MultiLabel, Regression

FEW = Bootstrap(50)
RAW = torch.tensor([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0], [1.0, 0.0]])
# Two removals of each row; the first row changes its prediction in one of them.
SHORTENED = torch.stack([torch.tensor([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0], [1.0, 0.0]]), RAW], dim=1)


def test_accuracy_before_and_after_by_hand():
    task = Classification().fit(["no", "yes"])
    found = removal_shift(task, RAW, SHORTENED, ["yes", "yes", "no", "yes"], FEW)
    assert found.name == "accuracy"
    assert found.whole.value == 0.75
    assert found.shortened.value == pytest.approx((0.5 + 1 + 1 + 0) / 4)
    sure = torch.tensor([1.0, 3.0, 2.0, 1.0]).sigmoid().mean().item()
    assert found.confidence_whole.value == pytest.approx(sure)
    assert found.confidence_shortened.value == pytest.approx(sure)


def test_without_targets_answers_are_compared_with_those_to_whole_rows():
    task = Classification().fit(["no", "yes"])
    found = removal_shift(task, RAW, SHORTENED, None, FEW)
    assert found.name == "agreement with whole inputs"
    assert found.whole.value == 1
    assert found.shortened.value == pytest.approx(7 / 8)


def test_a_large_fall_is_said():
    task = Classification().fit(["no", "yes"])
    found = removal_shift(task, RAW, SHORTENED, None, FEW)
    assert found.unusual
    assert found.sentence.startswith(
        "Shortened inputs are unusual for this model: agreement with whole inputs is 1.000"
    )
    assert found.sentence.endswith("Train it with parts left out.")


def test_a_small_fall_is_said_too():
    task = Classification().fit(["no", "yes"])
    found = removal_shift(task, RAW, torch.stack([RAW, RAW], dim=1), ["yes", "yes", "no", "no"], FEW)
    assert not found.unusual
    assert found.sentence.startswith("The model copes with shortened inputs: accuracy is 1.000 [1.000, 1.000] on whole")


def test_every_label_of_a_row_must_be_right():
    task = MultiLabel().fit([["a", "b"]])
    found = removal_shift(task, RAW, SHORTENED, [["a", "b"], ["b"], ["a", "b"], ["a", "b"]], FEW)
    # A raw number of 0 is a label.
    assert found.whole.value == 0.75


def test_a_value_is_compared_by_its_r2():
    task = Regression().fit([10.0, 20.0])
    raw = torch.tensor([[-1.0], [0.0], [1.0]])
    shortened = torch.stack([raw, raw + 0.5], dim=1)
    found = removal_shift(task, raw, shortened, [10.0, 15.0, 20.0], FEW)
    assert found.name == "R2"
    assert found.whole.value == pytest.approx(1)
    assert found.shortened.value == pytest.approx(1 - 0.125 / (2 / 3))
    assert found.confidence_whole is found.confidence_shortened is None
    assert removal_shift(task, raw, shortened, None, FEW).name == "R2 with whole inputs"


def test_targets_that_do_not_differ_have_no_r2():
    task = Regression().fit([10.0, 20.0])
    raw = torch.tensor([[-1.0], [0.0], [1.0]])
    found = removal_shift(task, raw, raw[:, None], [10.0, 10.0, 10.0], FEW)
    assert found.whole.reason == "the targets do not differ"
    assert not found.unusual
