"""A run of several seeds is a run like any other, with an interval on each importance."""

import json

import numpy as np
import pandas as pd
import pytest

import salience
from salience.core.errors import ConfigError
from salience.data.synthetic import planted_sentiment
from salience.evaluation import measure_faithfulness
from salience.evaluation.importance import Received
from salience.reports.stored import from_json
from salience.run.compare import compare
from salience.run.folder import RunFolder
from salience.run.produce import again, run
from salience.run.settings import Settings
from salience.run.watch import Silent

MODEL = {"width": 8, "encoder": "Identity", "dropout": 0.2}
TRAIN = {"epochs": 3, "learning_rate": 0.03, "batch_size": 16, "patience": 0, "seed": 4}


@pytest.fixture(scope="module")
def rows():
    return planted_sentiment(rows=131, seed=5)[["text", "label"]]


@pytest.fixture(scope="module")
def table(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    rows.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def several(table, tmp_path_factory, without_figures):
    out = tmp_path_factory.mktemp("out")
    return salience.fit(table, target="label", model=MODEL, train=TRAIN, explain=9, seeds=2, out=out)


def test_members_lie_in_folders_of_their_own(several):
    found = {each.relative_to(several.folder).as_posix() for each in several.folder.rglob("*.ckpt")}
    assert found == {f"members/{number}/checkpoints/{name}.ckpt" for number in (1, 2) for name in ("best", "last")}


def test_metrics_hold_each_member_and_their_agreement(several):
    metrics = several.metrics
    assert [each["seed"] for each in metrics["members"]] == [4, 5]
    assert all(each["epochs"] == 3 for each in metrics["members"])
    assert "best_epoch" not in metrics
    agreement = metrics["seed_agreement"]
    assert agreement["num_members"] == 2
    assert -1 <= agreement["kendall"]["low"] <= agreement["kendall"]["value"] <= agreement["kendall"]["high"] <= 1
    assert 0 < agreement["faint"]["value"] < 1
    history = pd.read_csv(several.folder / "history.csv")
    assert history["member"].tolist() == [1, 1, 1, 2, 2, 2]


def test_the_files_of_a_single_model_are_as_ever(table, tmp_path, without_figures):
    one = salience.fit(table, target="label", model=MODEL, train=TRAIN, explain=0, out=tmp_path)
    assert {"best_epoch", "epochs", "stopped"} <= one.metrics.keys()
    assert not {"members", "seed_agreement"} & one.metrics.keys()
    assert not (one.folder / "members").exists()
    assert "member" not in pd.read_csv(one.folder / "history.csv").columns
    assert "low" not in pd.read_parquet(one.folder / "importance.parquet").columns


def test_the_answers_are_the_averaged_and_calibrated_ones(several, rows):
    pipeline = several.pipeline
    texts = rows[["text"]].head(5)
    alone = [each.raw(each.encode(texts)).double().softmax(-1).numpy() for each in pipeline.members]
    powers = np.mean(alone, axis=0) ** (1 / pipeline.task.temperature)
    expected = powers / powers.sum(1, keepdims=True)
    answers = several.predict(texts).answers
    np.testing.assert_allclose([list(each.probabilities.values()) for each in answers], expected, rtol=1e-4)


def test_importances_have_intervals_in_every_file(several):
    frame = pd.read_parquet(several.folder / "importance.parquet")
    assert ((frame["low"] <= frame["score"]) & (frame["score"] <= frame["high"])).all()
    np.testing.assert_allclose(frame.groupby("row")["score"].sum(), 1, atol=1e-6)
    assert frame["faint"].dtype == bool
    report = from_json(json.loads((several.folder / "report.json").read_text(encoding="utf-8")))
    assert len(report.seeds.members) == 2
    assert {name for each in report.examples for name in each.heats} >= {"received attention", "integrated gradients"}
    assert all(heat.low is not None for each in report.examples for heats in each.heats.values() for heat in heats)
    assert "Would another seed say the same?" in (several.folder / "report.html").read_text(encoding="utf-8")
    assert any("other seed" in each or "another seed" in each for each in report.limits)


def test_a_loaded_run_is_the_same(several, rows):
    loaded = salience.load(several.folder)
    texts = rows[["text"]].head(4)
    for method in ("received", "leave_one_out"):
        assert loaded.explain(texts, method=method).heats == several.explain(texts, method=method).heats


@pytest.mark.slow
def test_the_trust_report_asks_the_members_whether_they_agree(several):
    trust = several.trust(count=8)
    assert trust.of("needed").statistics["change_equal"].value is not None
    assert trust.of("learned").verdict != "not available"
    assert -1 <= trust.of("stable").statistics["rank_correlation_of_seeds"].value <= 1


def test_faithfulness_and_comparison_take_it_for_a_pipeline(several, table, rows, tmp_path, without_figures):
    texts, targets = rows[["text"]].to_dict("records")[:32], rows["label"].tolist()[:32]
    found = measure_faithfulness(several.pipeline, texts, Received(), targets=targets, count=8, draws=50)
    assert found.num_rows == 8
    alone = salience.fit(table, target="label", model=MODEL, train=TRAIN, explain=0, out=tmp_path)
    assert 0 <= compare(several, alone, count=16).importance.drift.value < 1
    assert several.evaluate(rows)["accuracy"].value > 0.5


class Stops(Silent):
    """Presses Ctrl-C in the first epoch of the second member."""

    def __init__(self):
        self.member = 0

    def began(self, title, facts):
        self.member += title.startswith("member")

    def epoch(self, epoch, total, metric):
        if self.member == 2:
            raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_with_the_member_it_was_at(several, table, tmp_path):
    settings = Settings(data=str(table), target="label", model=MODEL, train=TRAIN, explain=9, seeds=2)
    with pytest.raises(KeyboardInterrupt):
        run(settings.data, settings, out=tmp_path, watcher=Stops())
    (path,) = tmp_path.iterdir()
    folder = RunFolder.open(path, finished=False)
    assert folder.state == "failed"
    before = (path / "members/1/checkpoints/best.ckpt").stat().st_mtime_ns
    run(*again(folder), resume=folder)
    assert folder.state == "complete"
    assert (path / "members/1/checkpoints/best.ckpt").stat().st_mtime_ns == before
    assert salience.load(path).metrics == several.metrics
    assert (path / "predictions.csv").read_text() == (several.folder / "predictions.csv").read_text()
    log = (path / "log.txt").read_text(encoding="utf-8")
    assert "member 2 of 2  seed 5" in log


def test_settings_of_several_seeds_come_back(several):
    _, settings = again(RunFolder.open(several.folder))
    assert settings.seeds == 2


@pytest.mark.parametrize(
    ("seeds", "train", "problem"),
    [(0, {}, "trained with at least one seed, got 0"), (3, {"seed": 2**32 - 2}, "seed must be at least 0 and below")],
)
def test_impossible_seeds_write_nothing(table, tmp_path, seeds, train, problem):
    with pytest.raises(ConfigError, match=problem):
        salience.fit(table, target="label", model=MODEL, train=train, seeds=seeds, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
