"""A forecast from a table to a report, and what can be done with the run afterwards."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import salience
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.run.produce import prepare
from salience.run.settings import Settings
from tests.data.series import HOURS

LOOK_BACK, HORIZON = 12, 4


def sales(count: int = 130) -> pd.DataFrame:
    """Two shops with a daily wave; a price that is known ahead moves what is sold."""
    rng = np.random.default_rng(7)
    parts = []
    for shop, level in (("north", 20.0), ("south", 50.0)):
        price = rng.integers(1, 4, count).astype(float)
        sold = level + 5 * np.sin(np.arange(count) * np.pi / 4) - 3 * price + rng.normal(0, 0.3, count)
        parts.append(pd.DataFrame({"shop": shop, "time": HOURS[:count].astype(str), "price": price, "sold": sold}))
    return pd.concat(parts, ignore_index=True)


SERIES = {
    "time": "time",
    "series": "shop",
    "known": ["price"],
    "look_back": LOOK_BACK,
    "patch": 4,
    "calendar": ["hour"],
}
TRAIN = {"epochs": 2, "batch_size": 32, "learning_rate": 0.01}


def settings(**options: Any) -> Settings:
    given = {"inputs": {"history": {"Series": SERIES}}, "task": {"Forecast": {"horizon": HORIZON}}}
    return Settings(**{**given, **options})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> salience.Run:
    folder = tmp_path_factory.mktemp("series")
    sales().to_csv(folder / "sales.csv", index=False)
    return salience.fit(
        folder / "sales.csv",
        target="sold",
        inputs={"history": {"Series": SERIES}},
        task={"Forecast": {"horizon": HORIZON, "season": 8, "quantiles": [0.1, 0.5, 0.9]}},
        model={"network": "RecurrentAttention"},
        train=TRAIN,
        explain=8,
        out=folder / "runs",
    )


def test_the_run_says_how_good_it_is_beside_the_simple_models(finished: salience.Run) -> None:
    found = finished.metrics
    names = {"pinball", "mse", "mae", "mae_units", "mase", "mase_pooled", "smape", "direction", "coverage"}
    assert set(found["test"]) == names
    assert set(found["baselines"]) == {"naive", "seasonal naive", "drift", "linear"}
    assert all(score["low"] <= score["value"] <= score["high"] for score in found["test"].values())


def test_each_series_and_each_step_has_scores_of_its_own(finished: salience.Run) -> None:
    by_series = pd.read_csv(finished.folder / "scores_by_series.csv")
    assert by_series["series"].tolist() == ["north", "south"]
    assert by_series["windows"].tolist() == [10, 10]
    assert by_series["mase"].mean() == pytest.approx(finished.metrics["test"]["mase"]["value"])
    by_step = pd.read_csv(finished.folder / "scores_by_step.csv")
    assert by_step["step"].tolist() == [1, 2, 3, 4]
    assert by_step["mae"].mean() == pytest.approx(finished.metrics["test"]["mae"]["value"])


def test_predictions_say_which_time_stamp_of_which_series(finished: salience.Run) -> None:
    lines = pd.read_csv(finished.folder / "predictions.csv")
    names = ["row", "series", "time", "step", "target", "prediction"]
    assert list(lines.columns) == [*names, "quantile 0.1", "quantile 0.5", "quantile 0.9", "truth"]
    assert set(lines["series"]) == {"north", "south"}
    assert not lines.duplicated(["series", "time"]).any()
    truth = sales().set_index(["shop", "time"])["sold"]
    for line in lines.itertuples():
        assert line.truth == pytest.approx(truth[line.series, line.time])
    assert (lines["quantile 0.1"] <= lines["quantile 0.9"]).all()


def test_importances_are_a_tidy_table_of_stretches(finished: salience.Run) -> None:
    lines = pd.read_parquet(finished.folder / "importance.parquet")
    assert {"row", "horizon", "horizon_stop", "start", "stop", "variable", "series", "score"} <= set(lines.columns)
    assert sorted(set(zip(lines["horizon"], lines["horizon_stop"], strict=True))) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    np.testing.assert_allclose(lines.groupby(["row", "horizon"])["score"].sum(), 1, atol=1e-5)


def test_importance_of_the_steps_averages_to_that_of_the_forecast(finished: salience.Run) -> None:
    whole = finished.explain(sales())
    steps = [finished.explain(sales(), horizon=step) for step in range(1, HORIZON + 1)]
    assert [each.horizon for each in (whole, *steps)] == [(1, 4), (1, 1), (2, 2), (3, 3), (4, 4)]
    np.testing.assert_allclose(np.mean([each.importance for each in steps], axis=0), whole.importance, atol=1e-6)
    assert not np.allclose(steps[0].importance, steps[-1].importance, atol=1e-6)
    frame = steps[2][1].to_frame()
    assert set(frame["horizon"]) == set(frame["horizon_stop"]) == {3}
    assert set(frame["series"]) == {"south"}


def test_other_methods_explain_a_step_too(finished: salience.Run) -> None:
    first, last = (finished.explain(sales(), method="gradient_x_input", horizon=step) for step in (1, HORIZON))
    assert not np.allclose(first.importance, last.importance)


@pytest.mark.parametrize("step", [0, HORIZON + 1])
def test_a_step_that_is_not_forecast_cannot_be_explained(finished: salience.Run, step: int) -> None:
    with pytest.raises(ConfigError, match=f"there is no step {step} in a horizon of 4"):
        finished.explain(sales(), horizon=step)


def test_the_report_draws_time(finished: salience.Run) -> None:
    page = (finished.folder / "report.html").read_text(encoding="utf-8")
    assert 'class="chart time"' in page
    assert "past, forecast (blue), truth (dashed), 0.1 to 0.9 quantile (band)" in page
    assert re.search(r"attention by step of the forecast: \d+% lies elsewhere for step 4 than for step 1", page)
    assert all(f">step {step}<" in page for step in (1, 2, 4))


def test_the_config_makes_the_same_run_again(finished: salience.Run, tmp_path: Path) -> None:
    from salience.core import config

    made = config.make(Settings, config.read(finished.folder / "config.yaml"), where="")
    again = prepare(made.data, made)
    assert again.inference.task == "Forecast"
    assert made.task["Forecast"]["targets"] == ["sold"]  # type: ignore[index]
    assert [len(again.rows(side)) for side in ("train", "validation", "test")] == [178, 20, 20]


def test_a_saved_run_forecasts_what_lies_beyond_a_table(finished: salience.Run) -> None:
    run = salience.load(finished.folder)
    found = run.predict(sales())
    assert found.ids == ["north 2024-01-06 09:00:00", "south 2024-01-06 09:00:00"]
    first = found.prediction[0]
    assert first.values.shape == (HORIZON, 1)
    assert found.rows[0]["history"].stamps_ahead()[0] == "2024-01-06 10:00:00"
    assert set(found.to_frame()["series"]) == {"north", "south"}
    assert "<svg" in found._repr_html_()


def test_rows_that_hold_only_what_is_known_ahead_are_the_horizon(finished: salience.Run) -> None:
    past, cheap = sales(), sales(130 + HORIZON + 2)
    cheap.loc[cheap["time"] > past["time"].max(), "sold"] = np.nan
    cheap.loc[cheap["sold"].isna(), "price"] = 1.0
    expensive = cheap.assign(price=cheap["price"].where(cheap["sold"].notna(), 9.0))
    found, dear = finished.predict(cheap), finished.predict(expensive)
    assert found.ids == finished.predict(past).ids
    assert found.rows[0]["history"].stamps_ahead() == HOURS[130 : 130 + HORIZON].astype(str).tolist()
    assert found.rows[0]["history"].future[:, 1].tolist() == [1.0] * HORIZON
    assert not np.allclose(found.prediction[0].values, dear.prediction[0].values)


def test_a_series_without_any_number_is_not_cut(finished: salience.Run) -> None:
    found = finished.predict(sales().assign(sold=np.nan))
    assert found.ids == finished.predict(sales()).ids


def test_a_saved_run_is_judged_on_another_table(finished: salience.Run) -> None:
    scores = finished.evaluate(sales(40))
    assert scores["mse"].value is not None
    assert scores["mse"].low is not None


def test_attention_of_a_forecast_is_put_to_the_tests(finished: salience.Run) -> None:
    found = finished.trust(count=6)
    assert {each.name for each in found.outcomes} >= {"needed", "right_parts", "enough", "learned", "stable"}
    assert found.sentence
    assert finished.trust(sales(40), count=6).num_rows == 6
    with pytest.raises(NotAvailable, match="windows of series are drawn in blocks of time"):
        finished.trust(count=6, group="shop")


def test_a_series_shorter_than_a_window_is_an_error_where_it_has_to_be_forecast(finished: salience.Run) -> None:
    with pytest.raises(DataError, match="no series has the 12 rows that are needed"):
        finished.predict(sales(11))


def test_a_forecast_without_any_choice_is_made_by_patches_or_where_drivers_are_named_by_what_reads_them() -> None:
    chosen = settings()
    assert chosen.resolved(prepare(sales(), chosen).inference).model == {"network": "TemporalFusion"}
    alone = {name: each for name, each in SERIES.items() if name not in ("known", "calendar")}
    chosen = settings(target="sold", inputs={"history": {"Series": alone}})
    assert chosen.resolved(prepare(sales(), chosen).inference).model == {"network": "PatchTST"}
    chosen = settings(model={"width": 7})
    assert chosen.resolved(prepare(sales(), chosen).inference).model["encoder"] == "Convolution"


def test_short_series_are_left_out_and_told() -> None:
    short = sales().query("shop == 'north' or time < '2024-01-01 08'")
    prepared = prepare(short, settings())
    (found,) = [each for each in prepared.findings if each.name == "short series"]
    assert found.sentence == "1 of 2 series have fewer than 16 rows, and give no window: 'south'"
    with pytest.raises(DataError, match=r"the train side has no window of 12 rows with 4 after it"):
        prepare(sales(14), settings())


def test_a_column_known_ahead_that_gives_the_target_away_is_told() -> None:
    leaking = sales().assign(copy=lambda frame: 2 * frame["sold"] + 1)
    options = {**SERIES, "known": ["price", "copy"]}
    prepared = prepare(leaking, settings(inputs={"history": {"Series": options}}))
    found = prepared.findings[0]
    assert (found.severity, found.name, found.columns) == ("serious", "future given away", ("copy", "sold"))


def test_missing_and_constant_numbers_are_told() -> None:
    frame = sales().assign(rain=1.0)
    frame.loc[frame.index[::3], "sold"] = None
    names = {each.name: each.sentence for each in prepare(frame, settings()).findings}
    assert names["constant in train"].startswith("'rain' is 1 in all training rows")
    assert names["missing numbers"].startswith("'sold' is missing in 87 of 260 rows")


def test_given_borders_divide_as_they_say() -> None:
    borders = {"ByBorders": {"column": "time", "borders": ["2024-01-04", "2024-01-05", "2024-01-06"]}}
    prepared = prepare(sales(), settings(split=borders))
    assert prepared.targets_of("test")[-1].stamps_ahead()[-1] == "2024-01-05 23:00:00"
    assert prepared.targets_of("test")[0].stamps_ahead()[0] == "2024-01-05 00:00:00"
    assert prepared.targets_of("train")[-1].stamps_ahead()[-1] in ("2024-01-03 23:00:00",)
    # A day of hours less the horizon, in two shops: no window is dropped.
    assert len(prepared.rows("test")) == 2 * (24 - HORIZON + 1)


@pytest.mark.parametrize(("options", "told"), [
    ({"split": {"Stratified": {}}}, "series are divided by time, and not Stratified"),
    ({"split": {"ByTime": {"column": "price"}}}, "the series go by 'time', and not by 'price'"),
    ({"split": {"ByBorders": {"column": "time", "borders": ["2024-01-05", "2024-01-04"]}}}, "do not ascend"),
    ({"inputs": {"history": {"Series": SERIES}, "text": "Text"}}, "series are read alone"),
    ({"task": "MultiLabel"}, "a series is forecast, and the task is MultiLabel"),
    ({"task": None}, "(?s)and no task is named.*--horizon 24 on the command line"),
])  # fmt: skip
def test_settings_that_do_not_fit_are_errors(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        prepare(sales(), settings(**options))


def test_a_network_reads_one_series_and_nothing_else() -> None:
    with pytest.raises(ConfigError, match="a whole network reads one series and forecasts it"):
        salience.Pipeline({"text": "Text"}, "Classification", model={"network": "DLinear"})
    with pytest.raises(ConfigError, match="unknown options of model: 'width'"):
        salience.Pipeline(
            {"history": {"Series": {"time": "time"}}},
            {"Forecast": {"horizon": 1}},
            model={"network": "DLinear", "width": 3},
        )


def test_the_page_can_be_drawn_again_from_what_was_kept(finished: salience.Run, tmp_path: Path) -> None:
    finished.report(tmp_path / "again.html")
    assert 'class="chart time"' in (tmp_path / "again.html").read_text(encoding="utf-8")
    kept = json.loads((finished.folder / "report.json").read_text(encoding="utf-8"))
    assert {"start", "stop", "variable", "series"} == set(
        kept["examples"][0]["heats"]["received attention"][0]["unit"]["place"]
    )
