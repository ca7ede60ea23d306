"""What a card says that a forecast does not tell."""

from __future__ import annotations

from typing import Any

from salience.pipeline import Pipeline
from salience.run.limits import limits
from tests.data.series import every_window, long, rows


def told(model: dict[str, Any], *, given: list[dict[str, Any]] | None = None, **task: Any) -> str:
    cells = every_window(long(rows((13, 13)) if given is None else given), look_back=6, horizon=2)
    series = {"Series": {"time": "time", "series": "shop", "look_back": 6}}
    pipeline = Pipeline({"past": series}, {"Forecast": {"horizon": 2, **task}}, model=model)
    return " ".join(limits(pipeline.learn([{"past": each} for each in cells], cells), cells))


def test_a_model_that_looks_once_for_all_steps_says_so() -> None:
    sentence = "The model looks once for all steps of its forecast"
    assert sentence in told({"network": {"ITransformer": {"width": 4}}})
    assert sentence in told({"width": 4, "encoder": "Identity"})
    assert sentence not in told({"network": "NLinear"})
    assert sentence not in told({"width": 4, "encoder": "Identity"}, horizon=1)


def test_a_network_that_leaves_variables_aside_names_them() -> None:
    assert "NLinear forecasts each variable from its own past and does not read 'b'" in told(
        {"network": "NLinear"}, targets=["a"]
    )
    assert "does not read" not in told({"network": "NLinear"})
    assert "does not read" not in told({"network": {"ITransformer": {"width": 4}}}, targets=["a"])


def test_series_that_never_change_are_named() -> None:
    given = rows((13, 13))
    for row in given[13:]:
        row["a"] = 1.0
    assert "MASE leaves out 1 of 2 series" in told({"network": "NLinear"}, given=given)
    assert "'s1'" in told({"network": "NLinear"}, given=given)
    assert "MASE" not in told({"network": "NLinear"})


def test_an_importance_that_was_not_proven_says_why() -> None:
    pipeline = Pipeline({"text": "Text"}, "Classification", model={"width": 4}).learn([{"text": "a"}] * 2, ["x", "y"])
    assert limits(pipeline, ["x"], unproven="too few rows")[-1] == (
        "The importance was not put to the proof: too few rows."
    )
