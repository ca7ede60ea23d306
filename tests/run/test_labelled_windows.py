"""Classes and numbers of series: which windows have a label, what they may see, and on which side they lie."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import salience
from salience.cli import main
from salience.core.errors import ConfigError, DataError
from salience.run.produce import prepare
from salience.run.settings import Settings
from tests.data.series import HOURS

LOOK_BACK = 6


def settings(**options: Any) -> Settings:
    given = {
        "target": "label",
        "task": "Classification",
        "inputs": {"history": {"Series": {"time": "time", "series": "shop", "look_back": LOOK_BACK}}},
    }
    return Settings(**{**given, **options})


def whole(count: int = 60) -> pd.DataFrame:
    """Series that rise or fall, each with one label."""
    parts = []
    for number in range(count):
        kind = ("up", "down")[number % 2]
        x = np.arange(9.0) * (1 if kind == "up" else -1) + number % 3
        parts.append(pd.DataFrame({"shop": f"s{number}", "time": HOURS[:9].astype(str), "x": x, "label": kind}))
    return pd.concat(parts, ignore_index=True)


def moments(count: int = 100) -> pd.DataFrame:
    """One series whose label changes, and is missing in every third row."""
    labels = [None if t % 3 == 0 else ("even", "odd")[t % 2] for t in range(count)]
    return pd.DataFrame({"shop": "s", "time": HOURS[:count].astype(str), "x": np.arange(count) % 7.0, "label": labels})


def test_a_label_of_a_whole_series_belongs_to_its_last_window() -> None:
    prepared = prepare(whole(), settings())
    every = [window for side in ("train", "validation", "test") for window in prepared.targets_of(side)]
    assert sorted(every) == ["down"] * 30 + ["up"] * 30
    windows = [row["history"] for row in prepared.rows("train")]
    assert all(window.stamps()[-1] == str(HOURS[8]) for window in windows)
    assert prepared.groups_of("test") is None
    assert prepared.split.how == "80 % train, 10 % validation, 10 % test of the series, by hash"


def test_a_label_that_changes_belongs_to_the_window_that_ends_with_it() -> None:
    prepared = prepare(moments(), settings())
    for side in ("train", "validation", "test"):
        for row, label in zip(prepared.rows(side), prepared.targets_of(side), strict=True):
            last = row["history"].stop - 1
            assert label == ("even", "odd")[last % 2]
            assert last % 3
    ends = [[row["history"].stop for row in prepared.rows(side)] for side in ("train", "validation", "test")]
    assert max(ends[0]) < min(ends[1]) <= max(ends[1]) < min(ends[2])
    groups = prepared.groups_of("train")
    assert groups is not None
    assert 1 < len(set(groups)) < len(groups)


def test_a_label_is_never_read() -> None:
    numbers = moments().assign(label=lambda frame: np.arange(len(frame)) % 2)
    prepared = prepare(numbers, settings())
    assert prepared.rows("train")[0]["history"].table.variables == ("x",)
    options = {"time": "time", "series": "shop", "look_back": LOOK_BACK, "variables": ["x", "label"]}
    with pytest.raises(ConfigError, match="'label' is the target, and cannot be read as well"):
        prepare(numbers, settings(inputs={"history": {"Series": options}}))


def test_labels_that_cannot_be_are_errors() -> None:
    with pytest.raises(ConfigError, match="no target was named"):
        prepare(whole(), settings(target=None))
    with pytest.raises(DataError, match=r"(?s)expected a finite number, got 'up'.*column 'label'"):
        prepare(whole(), settings(task="Regression"))
    with pytest.raises(DataError, match="no row with a label has 6 rows of its series up to it"):
        prepare(moments(5), settings())


def test_series_are_classified_from_a_table_to_a_report(tmp_path: Path) -> None:
    run = salience.fit(
        whole(),
        target="label",
        task="Classification",
        inputs={"history": {"Series": {"time": "time", "series": "shop", "look_back": LOOK_BACK}}},
        model={"width": 16, "encoder": "Recurrent", "dropout": 0.0},
        train={"epochs": 12, "batch_size": 8, "learning_rate": 0.02},
        explain=4,
        out=tmp_path,
    )
    assert run.metrics["test"]["accuracy"]["value"] > 0.8
    assert 'class="chart time"' in (run.folder / "report.html").read_text(encoding="utf-8")
    lines = pd.read_parquet(run.folder / "importance.parquet")
    assert lines["variable"].isna().all()
    assert set(lines["series"]) <= {f"s{number}" for number in range(60)}
    told = run.predict(whole())
    assert len(told) == 60
    assert told.ids[0].startswith("s0 ")
    assert run.evaluate(whole())["accuracy"].value == np.mean(
        [
            answer == label
            for answer, label in zip(told.prediction, whole().groupby("shop", sort=False)["label"].first(), strict=True)
        ]
    )


def test_a_number_is_predicted_from_a_series(tmp_path: Path) -> None:
    frame = moments(160).assign(label=lambda frame: frame["x"].rolling(3).mean())
    run = salience.fit(
        frame,
        target="label",
        task="Regression",
        inputs={"history": {"Series": {"time": "time", "series": "shop", "look_back": LOOK_BACK}}},
        model={"width": 16, "encoder": "Recurrent", "dropout": 0.0},
        train={"epochs": 10, "batch_size": 16, "learning_rate": 0.02, "drop_units": 0.0},
        explain=0,
        out=tmp_path,
    )
    assert run.metrics["test"]["r2"]["value"] > 0.5
    # The latest answer lies beyond the table, with or without its labels.
    (later,) = run.predict(frame.drop(columns="label")).prediction
    assert run.predict(frame).prediction == [later]
    assert later == pytest.approx(frame["label"].iloc[-1], abs=2 * frame["label"].std())
    assert run.evaluate(frame)["r2"].value > 0.5
    frame.to_csv(tmp_path / "later.csv", index=False)
    main(["predict", str(run.folder), str(tmp_path / "later.csv"), "--out", str(tmp_path / "answers.csv"), "--quiet"])
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert answers["prediction"].tolist() == pytest.approx([later], rel=1e-5)
    assert answers["row"][0].startswith("s 2")


def ranked(count: int = 40) -> pd.DataFrame:
    """Five series, of which the one that rose least is worth most on each day."""
    parts = []
    for number in range(5):
        x = np.random.default_rng(number).normal(size=count)
        days = pd.date_range("2024-01-01", periods=count).date.astype(str)
        parts.append(pd.DataFrame({"shop": f"s{number}", "time": days, "x": x, "worth": -x}))
    return pd.concat(parts, ignore_index=True)


def test_windows_of_one_moment_are_ranked(tmp_path: Path) -> None:
    options = {"time": "time", "series": "shop", "look_back": 3, "variables": ["x"]}
    run = salience.fit(
        ranked(),
        target="worth",
        task={"Ranking": {"list": "time", "top": 2}},
        inputs={"history": {"Series": options}},
        model={"width": 8, "encoder": "Identity", "pool": "Last", "dropout": 0.0},
        train={"epochs": 10, "batch_size": 16, "learning_rate": 0.05, "drop_units": 0.0, "patience": 0},
        explain=0,
        out=tmp_path,
    )
    assert run.metrics["test"]["spearman"]["value"] > 0.9
    answers = pd.read_csv(run.folder / "predictions.csv")
    assert (answers.groupby("list")["rank"].apply(sorted).map(tuple) == (1, 2, 3, 4, 5)).all()
    assert sorted(run.predict(ranked()).rank) == [1, 2, 3, 4, 5]
    assert run.evaluate(ranked())["mrr"].value > 0.8


def test_a_list_of_windows_must_not_lie_on_two_sides(tmp_path: Path) -> None:
    frame = ranked().assign(month=lambda frame: frame["time"].str[:4])
    options = {"time": "time", "series": "shop", "look_back": 3, "variables": ["x"]}
    with pytest.raises(DataError, match="the list '2024' has rows on the train side and on the"):
        salience.fit(
            frame,
            target="worth",
            task={"Ranking": {"list": "month"}},
            inputs={"history": {"Series": options}},
            out=tmp_path,
        )
