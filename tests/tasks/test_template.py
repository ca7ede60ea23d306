"""The template of a task: a filled-in copy works like any other (and the contract runs over it, too)."""

import math

import pytest

from salience import tasks
from salience.core import build
from salience.pipeline import Pipeline
from tests.tasks import template


def test_nothing_is_left_to_fill_in():
    assert "fill" not in template.text().split('"""', 2)[2].lower()


def test_amounts_are_learned_on_the_scale_of_their_logarithm():
    task = template.load().Amount().fit([0.0, math.e**2 - 1])
    assert (task.mean, task.deviation) == pytest.approx((1.0, 1.0))
    assert task.encode([math.e - 1]).tolist() == pytest.approx([0.0], abs=1e-6)


def test_one_export_line_makes_it_known_by_its_name(monkeypatch: pytest.MonkeyPatch):
    made = template.load().Amount
    monkeypatch.setattr(tasks, "Amount", made, raising=False)
    monkeypatch.setattr(tasks, "__all__", [*tasks.__all__, "Amount"])
    assert isinstance(build.build("amount", tasks), made)
    pipeline = Pipeline({"text": {"Text": {"min_count": 1}}}, "Amount", model={"width": 7})
    rows = [{"text": "one small parcel"}, {"text": "two large parcels"}]
    (answer,) = pipeline.learn(rows, [1.0, 40.0]).predict(["three parcels"])
    assert answer.probability is None
