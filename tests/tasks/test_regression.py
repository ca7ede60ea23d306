import pytest
import torch

from salience.core.errors import DataError
from salience.tasks import Regression


def test_targets_are_standardised_and_answers_come_back_in_their_unit():
    task = Regression().fit([2.0, 4.0, 6.0])
    assert task.mean == pytest.approx(4.0)
    assert task.deviation == pytest.approx((8 / 3) ** 0.5)
    encoded = task.encode([2.0, 5.0])
    assert [answer.prediction for answer in task.decode(encoded[:, None])] == pytest.approx([2.0, 5.0])


def test_a_constant_target_is_an_error():
    with pytest.raises(DataError, match="nothing to learn"):
        Regression().fit([3.0, 3.0, 3.0])


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "7"])
def test_a_target_that_is_no_finite_number_is_located(wrong):
    with pytest.raises(DataError, match="finite number") as caught:
        Regression().fit([1.0, 2.0]).encode([1.0, wrong])
    assert "row 2" in str(caught.value)


def test_loss_is_the_mean_squared_error_in_standard_deviations():
    task = Regression().fit([0.0, 2.0])
    assert task.loss(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0])).item() == pytest.approx(5.0)


def test_a_robust_loss_grows_linearly_far_out():
    task = Regression(robust=True).fit([0.0, 2.0])
    assert task.loss(torch.tensor([[10.0]]), torch.tensor([0.0])).item() == pytest.approx(9.5)


def test_focus_is_the_standardised_value():
    task = Regression().fit([0.0, 2.0])
    assert task.focus(torch.tensor([[1.5]])).item() == 1.5


def test_state_survives_a_round_trip():
    task = Regression().fit([1.0, 5.0])
    assert Regression().restore(task.state()).state() == task.state()
