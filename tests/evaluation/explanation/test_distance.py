import math

import pytest
import torch

from salience.evaluation.explanation import (
    FURTHEST,
    answer_distance,
    jensen_shannon,
    mean_difference,
    total_variation,
)
from salience.evaluation.explanation.distance import change_from
from salience.tasks import Classification, MultiLabel, Regression

ONE, OTHER = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])


def test_the_divergence_of_two_distributions_by_hand():
    # The middle is (3/8, 3/8, 1/4).
    first = math.log(0.5 / 0.375)
    second = 0.5 * math.log(0.25 / 0.375) + 0.5 * math.log(0.5 / 0.25)
    assert jensen_shannon(ONE, OTHER).item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_the_divergence_is_symmetric_nothing_for_equals_and_largest_where_nothing_is_shared():
    assert torch.equal(jensen_shannon(ONE, OTHER), jensen_shannon(OTHER, ONE))
    assert jensen_shannon(ONE, ONE).item() == 0
    apart = jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    assert apart.item() == pytest.approx(FURTHEST) == pytest.approx(0.6931, abs=1e-4)


def test_the_divergence_has_a_finite_gradient_where_a_weight_is_zero():
    one = ONE.clone().requires_grad_()
    jensen_shannon(one, torch.tensor([0.0, 1.0, 0.0])).backward()
    assert torch.isfinite(one.grad).all()


def test_the_total_variation_by_hand():
    assert total_variation(ONE, OTHER).item() == pytest.approx(0.5)
    assert mean_difference(ONE, OTHER).item() == pytest.approx(1 / 3)


def test_two_classes_are_as_far_apart_as_one_of_their_probabilities():
    task = Classification().fit(["no", "yes"])
    before = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    raw = torch.tensor([[0.0, math.log(3)], [1.0, 1.0]])
    assert change_from(task, before)(raw).tolist() == pytest.approx([0.25, 0.0])


def test_labels_that_stand_alone_are_averaged_and_a_value_keeps_its_unit():
    labels = MultiLabel().fit([["a"], ["b"], ["a", "b"]])
    moved = change_from(labels, torch.zeros(1, 2))(torch.tensor([[math.log(3), 0.0]]))
    assert moved.item() == pytest.approx(0.125)
    value = Regression().fit([0.0, 10.0])
    before, after = value.encode([2.0])[:, None], value.encode([5.0])[:, None]
    assert answer_distance(value, before) is mean_difference
    assert change_from(value, before)(after).item() == pytest.approx(3.0)
