"""Categories from a table to a report: read by networks, one unit each, and told in the findings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import salience
from examples.sales import sales
from salience.core.errors import DataError
from salience.data.modalities import Series
from salience.pipeline import Pipeline
from salience.run.produce import prepare
from salience.run.settings import Settings
from tests.data.series import every_window

SERIES = {
    "time": "day",
    "series": "shop",
    "look_back": 14,
    "patch": 7,
    "known": ["price", "promotion"],
    "static": ["region"],
}
NETWORKS = ("RecurrentAttention", "TemporalFusion", "ITransformer")


def frame(days: int = 120) -> pd.DataFrame:
    return pd.DataFrame(sales(days=days)).assign(promotion=lambda table: table["promotion"].replace("", None))


def settings(**options: Any) -> Settings:
    return Settings(
        **{"inputs": {"past": {"Series": SERIES}}, "target": "sold", "task": {"Forecast": {"horizon": 3}}, **options}
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> salience.Run:
    return salience.fit(
        frame(),
        target="sold",
        inputs={"past": {"Series": SERIES}},
        task={"Forecast": {"horizon": 3}},
        model={"network": {"TemporalFusion": {"width": 8}}},
        train={"epochs": 2, "learning_rate": 0.01},
        explain=0,
        out=tmp_path_factory.mktemp("categories"),
    )


def test_importance_names_the_columns_of_the_user_and_no_part_of_them(run: salience.Run) -> None:
    lines = pd.read_parquet(run.folder / "importance.parquet")
    assert set(lines["variable"]) == {"sold", "price", "promotion", "region"}
    assert lines.query("variable == 'promotion'")["score"].sum() > 0
    np.testing.assert_allclose(lines.groupby(["row", "horizon"])["score"].sum(), 1, atol=1e-5)


def test_the_picture_says_which_category_it_was(run: salience.Run) -> None:
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "promotion is two for one, 2023-" in page
    assert "promotion is missing, 2023-" in page
    assert "region is coast, 2023-" in page


def test_another_table_may_have_other_categories(run: salience.Run) -> None:
    later = salience.load(run.folder)
    new = frame(130).replace({"promotion": {"leaflet": "a lottery"}})
    assert np.isfinite(later.predict(new).prediction[0].values).all()
    with pytest.raises(DataError, match="there is no column 'region'"):
        later.predict(new.drop(columns="region"))


@pytest.mark.parametrize("network", NETWORKS)
def test_what_never_changes_within_a_series_reaches_a_network(network: str) -> None:
    """Its level within a window is all there is of it, so that taking levels away must not take it away."""
    given = frame(60)
    series = Series(**{**SERIES, "known": []}).table(_read(given))
    cells = every_window(series, look_back=14, horizon=3)
    options = {"past": {"Series": {**SERIES, "known": []}}}
    pipeline = Pipeline(options, {"Forecast": {"horizon": 3, "targets": ["sold"]}}, model={"network": network})
    pipeline.learn([{"past": each} for each in cells], cells)
    moved = pipeline.modalities["past"].table(_read(given.assign(region="hills")))
    other = every_window(moved, look_back=14, horizon=3)
    assert cells[-1].name == other[-1].name == "west"
    raw = [pipeline.raw(pipeline.encode([{"past": each[-1]}])) for each in (cells, other)]
    assert not torch.equal(*raw)


def test_a_network_that_leaves_columns_aside_says_so_before_and_after_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = salience.fit(
        frame(60),
        target="sold",
        inputs={"past": {"Series": SERIES}},
        task={"Forecast": {"horizon": 3}},
        model={"network": "NLinear"},
        train={"epochs": 1},
        explain=0,
        out=tmp_path,
    )
    told = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    said = "NLinear forecasts each variable from its own past and does not read 'price', 'promotion', 'region'"
    assert any(said in each for each in told["limits"])
    assert said in caplog.text
    assert told["headline"][0].startswith("Forecasts 'sold', 3 steps ahead, with mean squared error ")


def test_findings_tell_new_missing_and_constant_categories() -> None:
    given = frame()
    given.loc[given["day"] > "2023-04-20", "promotion"] = "a lottery"
    given["open"] = "yes"
    options = {**SERIES, "known": ["price", "promotion", "open"]}
    names = {each.name: each for each in prepare(given, settings(inputs={"past": {"Series": options}})).findings}
    assert names["unseen categories"].sentence.startswith(
        "'promotion' holds 1 categories that training rows do not have"
    )
    assert "'a lottery'" in names["unseen categories"].sentence
    assert names["constant in train"].sentence.startswith("'open' is 'yes' in all training rows")
    assert names["missing categories"].sentence.endswith("that is a category of its own")


def test_a_category_known_ahead_that_gives_the_target_away_is_told() -> None:
    level = frame()["sold"].astype(float).round(-1).astype(int)
    given = frame().assign(level=[f"about {each}" for each in level], odd=[f"day {i % 7}" for i in range(360)])
    options = {**SERIES, "known": ["price", "promotion", "level", "odd"]}
    found = prepare(given, settings(inputs={"past": {"Series": options}})).findings
    (leak,) = [each for each in found if each.name == "future given away"]
    assert (leak.severity, leak.columns) == ("serious", ("level", "sold"))
    # A name for each row tells everything, and nothing of the next one.
    given["level"] = [f"row {i // 4}" for i in range(360)]
    found = prepare(given, settings(inputs={"past": {"Series": options}})).findings
    assert "future given away" not in {each.name for each in found}


def test_columns_say_what_they_are_read_as() -> None:
    given = frame().assign(note="good")
    found = {each.name: each for each in prepare(given, settings()).inference.columns}
    assert (found["promotion"].kind.name, found["promotion"].reason) == ("categorical", "known ahead")
    assert (found["region"].kind.name, found["region"].reason) == ("categorical", "static")
    assert found["note"].role == "left out"
    assert found["note"].reason.startswith("it is no number, and was not named among variables, known or static")


def test_a_category_cannot_be_forecast_and_a_static_one_must_not_change() -> None:
    options = {**SERIES, "known": ["price"], "variables": ["sold", "promotion"]}
    prepared = prepare(frame(), settings(inputs={"past": {"Series": options}}, target="promotion"))
    pipeline = Pipeline({"past": {"Series": options}}, {"Forecast": {"horizon": 3, "targets": ["promotion"]}})
    with pytest.raises(DataError, match="the target 'promotion' holds categories, and only numbers can be forecast"):
        pipeline.learn(prepared.rows("train"), prepared.targets_of("train"))
    given = frame()
    given.loc[5, "region"] = "city"
    with pytest.raises(DataError, match="the column 'region' is static, and changes within the series 'north'"):
        prepare(given, settings())


def _read(given: pd.DataFrame) -> pd.DataFrame:
    from salience.data import table

    return table.read(given)
