import numpy as np
import pytest

from salience.core.errors import DataError, NotAvailable
from salience.data import table
from salience.data.modalities import Series
from salience.data.windows import runs_between, windows
from salience.evaluation.anomaly import UsualResiduals, residuals
from salience.pipeline import Pipeline


def test_a_score_is_the_distance_from_the_median_in_usual_deviations():
    # Residuals 1, 2, 3, 4, 100: median 3, deviations 2, 1, 0, 1, 97 with median 1.
    usual = UsualResiduals.of(np.array([[1.0], [2.0], [3.0], [4.0], [100.0]]), ["a"] * 5)
    assert usual.centre["a"].tolist() == [3.0]
    found = usual.scores(np.array([[3.0], [3 + 1.4826 * 5], [3 - 1.4826 * 5]]), ["a"] * 3)
    assert found == pytest.approx([0.0, 5.0, 5.0])


def test_every_series_has_a_scale_of_its_own():
    made = np.array([[0.0], [1.0], [2.0], [0.0], [10.0], [20.0]])
    usual = UsualResiduals.of(made, ["a"] * 3 + ["b"] * 3)
    small, large = usual.scores(np.array([[11.0], [20.0]]), ["a", "b"])
    assert small == pytest.approx(10 * large)


def test_the_most_unusual_target_counts_and_missing_ones_do_not():
    usual = UsualResiduals.of(np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]), ["a"] * 3)
    found = usual.scores(np.array([[1.4826, 2.9652], [np.nan, 1.4826], [np.nan, np.nan]]), ["a"] * 3)
    assert found[:2] == pytest.approx([2.0, 1.0])
    assert np.isnan(found[2])


def test_residuals_that_are_mostly_the_same_go_by_their_standard_deviation():
    usual = UsualResiduals.of(np.array([[0.0], [0.0], [0.0], [4.0]]), ["a"] * 4)
    assert usual.scores(np.array([[np.sqrt(3.0)]]), ["a"]) == pytest.approx([1.0])
    flat = UsualResiduals.of(np.zeros((3, 1)), ["a"] * 3)
    assert flat.scores(np.array([[0.0], [0.1]]), ["a"] * 2).tolist() == [0.0, 1e11]


def forecaster(values):
    series = Series(time="t", look_back=3)
    long = series.table(table.read([{"t": i, "v": value} for i, value in enumerate(values)]))
    cells = windows(
        long, runs_between(long, -np.inf, np.inf, look_back=3, horizon=2, reach_back=False), look_back=3, horizon=2
    )
    pipeline = Pipeline(
        {"history": {"Series": {"time": "t", "look_back": 3}}},
        {"Forecast": {"horizon": 2}},
        model={"network": "NLinear"},
    )
    return pipeline.learn([{"history": each} for each in cells], cells, seed=0), cells


def test_a_residual_is_what_came_less_what_was_forecast():
    pipeline, cells = forecaster([1.0, 5.0, 2.0, 7.0, 3.0, 8.0, 4.0, 9.0])
    said = pipeline.predict([{"history": each} for each in cells])
    for step in (0, 1):
        expected = [
            [each.future[step, 0] - answer.prediction.values[step, 0]] for each, answer in zip(cells, said, strict=True)
        ]
        assert residuals(pipeline, cells, step=step) == pytest.approx(np.array(expected))
    assert residuals(pipeline, cells[:0]).shape == (0, 1)


def test_what_cannot_be_is_told():
    with pytest.raises(DataError, match="no residual of the series 'b' is known"):
        UsualResiduals.of(np.array([[1.0], [np.nan]]), ["a", "b"])
    with pytest.raises(DataError, match="usual residuals of the series 'c'"):
        UsualResiduals.of(np.array([[1.0]]), ["a"]).scores(np.array([[1.0]]), ["c"])
    pipeline = Pipeline({"text": "Text"}, "Classification", model={"width": 4})
    with pytest.raises(NotAvailable, match="those of a forecast"):
        residuals(pipeline, [])
