import math

import pytest
import torch

from salience.core.errors import ConfigError, DataError
from salience.tasks import Classification

LABELS = ["bad", "bad", "good", "bad", "fair"]


def test_labels_are_sorted_and_encoded_by_their_place():
    task = Classification().fit(LABELS)
    assert task.labels == ["bad", "fair", "good"]
    assert task.encode(["good", "bad"]).tolist() == [2, 0]


def test_an_unknown_class_names_the_row_and_the_nearest_label():
    task = Classification().fit(LABELS)
    with pytest.raises(DataError, match="did you mean 'good'") as caught:
        task.encode(["bad", "godd"])
    assert "row 2" in str(caught.value)


def test_one_class_alone_cannot_be_learned():
    with pytest.raises(DataError, match="at least two classes"):
        Classification().fit(["a", "a"])


def test_balanced_weights_follow_the_formula():
    # N / (C N_c): 5 / (3 * 3), 5 / (3 * 1), 5 / (3 * 1)
    assert Classification(balanced=True).fit(LABELS).weights == pytest.approx([5 / 9, 5 / 3, 5 / 3])


def test_focal_loss_by_hand():
    # Two classes with p = 0.8 and 0.2 for the true class: 0.2^2 * -ln 0.8 and 0.8^2 * -ln 0.2.
    raw = torch.log(torch.tensor([[0.8, 0.2], [0.8, 0.2]], dtype=torch.float64))
    task = Classification(focal=2.0).fit(["a", "b"])
    expected = (0.2**2 * -math.log(0.8) + 0.8**2 * -math.log(0.2)) / 2
    assert task.loss(raw, torch.tensor([0, 1])).item() == pytest.approx(expected)


def test_focal_zero_is_cross_entropy():
    raw = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    target = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    plain = Classification(balanced=True).fit(LABELS)
    focal = Classification(balanced=True, focal=1e-12).fit(LABELS)
    assert focal.loss(raw, target).item() == pytest.approx(plain.loss(raw, target).item())


def test_hinge_loss_of_two_classes_by_hand():
    # y (z1 - z0) is 0.5, -1 and 3, so that 0.5, 2 and 0 are missing to a margin of 1.
    raw = torch.tensor([[0.0, 0.5], [2.0, 3.0], [4.0, 1.0]])
    task = Classification(hinge=True).fit(["down", "up"])
    assert task.loss(raw, torch.tensor([1, 0, 0])).item() == pytest.approx((0.5 + 2 + 0) / 3)


def test_hinge_loss_asks_for_a_margin_to_the_strongest_other_class_and_weighs_classes():
    raw = torch.tensor([[1.0, 3.0, 2.5], [0.0, 0.0, 5.0]])
    task = Classification(hinge=True, balanced=True).fit(LABELS)
    # 3 stands above 1 by 2, and 2.5 by less; the second row is answered clearly. Weights are 5 / 9 and 5 / 3.
    expected = (3 * 5 / 9 + 0) / (5 / 9 + 5 / 3)
    assert task.loss(raw, torch.tensor([0, 2])).item() == pytest.approx(expected)


@pytest.mark.parametrize("beside", [{"smoothing": 0.1}, {"focal": 2.0}])
def test_a_hinge_loss_has_nothing_to_smooth_or_to_focus(beside):
    with pytest.raises(ConfigError, match="no probabilities to smooth"):
        Classification(hinge=True, **beside)


def test_focus_is_the_log_odds_even_where_the_probability_rounds_to_one():
    task = Classification().fit(["a", "b"])
    raw = torch.tensor([[100.0, 0.0], [math.log(3.0), 0.0]])
    assert task.focus(raw).tolist() == pytest.approx([100.0, math.log(3.0)])
    assert task.focus(raw, torch.tensor([1, 1])).tolist() == pytest.approx([-100.0, -math.log(3.0)])


def test_calibration_finds_the_temperature_that_was_hidden():
    generator = torch.Generator().manual_seed(3)
    honest = torch.randn(4001, 3, generator=generator)
    target = torch.multinomial(honest.softmax(-1), 1, generator=generator).squeeze(1)
    task = Classification().fit(LABELS)
    task.calibrate(honest * 2.5, target)
    assert task.temperature == pytest.approx(2.5, rel=0.1)


def test_decode_gives_the_calibrated_probability_of_every_class():
    task = Classification().fit(["no", "yes"])
    task.temperature = 2.0
    (answer,) = task.decode(torch.tensor([[0.0, 2 * math.log(3.0)]]))
    assert answer.prediction == "yes"
    assert answer.probability == pytest.approx(0.75)
    assert answer.probabilities == pytest.approx({"no": 0.25, "yes": 0.75})


def test_state_survives_a_round_trip():
    task = Classification(balanced=True).fit(LABELS)
    task.temperature = 1.7
    assert Classification(balanced=True).restore(task.state()).state() == task.state()
