"""Rows that a run did not learn from: cells, targets, groups and what people marked in them."""

import json

import pytest

import salience
from salience.core import config
from salience.core.errors import ConfigError, DataError
from salience.data import planted_sentiment
from salience.data.rationale import Rationale
from salience.run import produce
from salience.run.folder import RunFolder
from salience.run.settings import Settings
from salience.run.trust import trust
from salience.run.unseen import given, own

MODEL = {"width": 12, "encoder": "Identity", "dropout": 0.2}
TRAIN = {"epochs": 4, "learning_rate": 0.03, "patience": 0}


def table(rows=331, *, seed=3):
    """Rows of which every third has no marks, with a column of days."""
    frame = planted_sentiment(rows=rows, seed=seed)
    marks = [json.dumps([[each.start, each.stop] for each in spans]) for spans in frame["evidence"]]
    marks = ["" if row % 3 == 2 else each for row, each in enumerate(marks)]
    return frame[["text", "label"]].assign(evidence=marks, day=[row // 10 for row in range(rows)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose attention was taught by what people marked."""
    folder = tmp_path_factory.mktemp("run")
    table().to_csv(folder / "reviews.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(produce, "publish", lambda trained, folder, watcher: folder.write_json("metrics.json", {}))
        data = folder / "reviews.csv"
        settings = Settings(
            data=str(data), target="label", inputs=("text",), rationale="evidence", model=MODEL, train=TRAIN
        )
        return salience.Run(*produce.run(data, settings, out=folder / "runs"))


def settings_of(run):
    return config.make(Settings, config.read(run.folder / "config.yaml"), where="here")


def test_the_test_rows_come_with_targets_groups_and_marks(run):
    rows = own(RunFolder(run.folder), settings_of(run), group="day")
    assert len(rows.cells) == len(rows.targets) == len(rows.groups) == len(rows.rationales)
    known = {row["text"]: row for row in table().to_dict("records")}
    for cells, target, group, marks in zip(rows.cells, rows.targets, rows.groups, rows.rationales, strict=True):
        row = known[cells["text"]]
        assert set(cells) == {"text"}
        assert (target, group) == (row["label"], str(row["day"]))
        expected = None if not row["evidence"] else Rationale((tuple(map(tuple, json.loads(row["evidence"]))),))
        assert marks == {"text": expected}


def test_given_rows_have_marks_and_targets_where_they_have_the_columns(run):
    frame = table(9, seed=8)
    settings = settings_of(run)
    whole = given(frame, settings, run.pipeline)
    assert [each["text"] is None for each in whole.rationales] == [row % 3 == 2 for row in range(9)]
    assert whole.targets == list(frame["label"])
    assert whole.groups is None
    bare = given(frame[["text"]], settings, run.pipeline)
    assert (bare.targets, bare.rationales) == (None, None)
    assert [each["text"] for each in bare.cells] == list(frame["text"])


def test_marks_that_do_not_fit_are_named(run):
    frame = table(9, seed=8).assign(evidence="[[0, 9999]]")
    with pytest.raises(DataError, match="does not lie in the text"):
        given(frame, settings_of(run), run.pipeline)


def test_missing_columns_are_named(run):
    frame = table(9, seed=8)
    with pytest.raises(DataError, match="there is no column 'text'"):
        given(frame[["label"]].assign(other="a word"), settings_of(run), run.pipeline)
    with pytest.raises(DataError, match="there is no column 'month'"):
        given(frame, settings_of(run), run.pipeline, group="month")


def test_rows_given_in_python_are_not_kept(run):
    with pytest.raises(ConfigError, match="the run was made from rows in Python"):
        own(RunFolder(run.folder), Settings(target="label"))


def test_a_run_that_knows_marks_is_asked_whether_people_agree(run):
    found = trust(RunFolder(run.folder), run.pipeline, others=[run.pipeline], count=20)
    human = found.of("human").statistics
    assert human["average_precision"].value > human["random"].value
    assert found.of("stable").statistics["rank_correlation_of_seeds"].value == pytest.approx(1)


def test_rows_without_marks_leave_the_human_test_out(run):
    found = run.trust(table(9, seed=8).drop(columns="evidence"), count=5).of("human")
    assert found.sentence == "Not available: no marks of people were given."
