import math

import pytest
import torch

from salience.core.errors import DataError
from salience.tasks import MultiLabel

TARGETS = [("news", "sport"), (), ("sport",)]


def test_each_label_has_its_own_column():
    task = MultiLabel().fit(TARGETS)
    assert task.labels == ["news", "sport"]
    assert task.encode(TARGETS).tolist() == [[1, 1], [0, 0], [0, 1]]


def test_no_label_at_all_is_an_error():
    with pytest.raises(DataError, match="at least one label"):
        MultiLabel().fit([(), ()])


def test_an_unknown_label_is_named():
    with pytest.raises(DataError, match="'spoort'"):
        MultiLabel().fit(TARGETS).encode([("spoort",)])


def test_decode_lists_the_labels_above_one_half_and_the_chance_of_just_that_set():
    task = MultiLabel().fit(TARGETS)
    (answer,) = task.decode(torch.tensor([[math.log(4.0), -math.log(4.0)]]))
    assert answer.prediction == ("news",)
    assert answer.probability == pytest.approx(0.8 * 0.8)


def test_focus_is_the_mean_log_odds_of_the_decisions():
    task = MultiLabel().fit(TARGETS)
    raw = torch.tensor([[2.0, -4.0]])
    assert task.focus(raw).item() == pytest.approx(3.0)
    assert task.focus(raw, torch.tensor([[0, 0]])).item() == pytest.approx(1.0)


def test_balanced_weights_are_absent_over_present():
    assert MultiLabel(balanced=True).fit(TARGETS).weights == pytest.approx([2.0, 0.5])


def test_calibration_finds_the_temperature_that_was_hidden():
    generator = torch.Generator().manual_seed(5)
    honest = torch.randn(4001, 2, generator=generator)
    target = torch.bernoulli(honest.sigmoid(), generator=generator)
    task = MultiLabel().fit(TARGETS)
    task.calibrate(honest * 0.5, target)
    assert task.temperature == pytest.approx(0.5, rel=0.1)


def test_state_survives_a_round_trip():
    task = MultiLabel().fit(TARGETS)
    assert MultiLabel().restore(task.state()).state() == task.state()
