import json
import math
import signal

import numpy as np
import pandas as pd
import pytest

import salience
from salience.core.errors import ConfigError, DataError, ModelFolderError
from salience.data.synthetic import planted_sentiment
from salience.reports.stored import from_json
from salience.run import produce
from salience.run.folder import RunFolder
from salience.run.produce import again, run
from salience.run.settings import Settings
from salience.run.watch import Silent

FILES = {
    "run.json", "config.yaml", "env.json", "log.txt", "history.csv", "metrics.json", "predictions.csv",
    "importance.parquet", "report.json", "report.html",
    "checkpoints/best.ckpt", "checkpoints/last.ckpt", "checkpoints/ended.txt",
    "model/pipeline.json", "model/model.safetensors", "model/hashes.json",
}  # fmt: skip
OF_A_CLASSIFIER = {
    "card.md", "faithfulness.json", "figures/history.png", "figures/faithfulness.png", "figures/reliability.png",
    "figures/confusion.png", *(f"figures/importance-{number}.png" for number in (1, 2, 3)),
}  # fmt: skip

# Answers are written from numbers of this precision, and scores are measured on double ones.
FLOAT32 = float(np.finfo(np.float32).eps)


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def predictions_of(made):
    return pd.read_csv(made.run.folder / "predictions.csv", dtype={"row": str})


def rows_of(made, ids):
    """The rows of the table behind some row ids: rows of a file count from 1, those of a frame carry its index."""
    frame = made.frame.copy()
    frame.index = [str(i + (made.run.folder.name.endswith("reviews"))) for i in range(len(frame))]
    return frame.loc[list(ids)]


def test_a_run_leaves_every_file(made):
    found = files_of(made.run.folder)
    assert found >= FILES
    if (made.run.folder / "faithfulness.json").exists():
        assert found == FILES | OF_A_CLASSIFIER


def test_every_file_can_be_read(made):
    folder = made.run.folder
    assert json.loads((folder / "run.json").read_text())["state"] == "complete"
    assert set(json.loads((folder / "env.json").read_text())) == {"environment", "data"}
    assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")
    assert from_json(json.loads((folder / "report.json").read_text(encoding="utf-8"))).headline
    history = pd.read_csv(folder / "history.csv")
    assert history["epoch"].tolist() == list(range(1, len(history) + 1))
    assert history["best"].any()
    assert "epoch 1/" in (folder / "log.txt").read_text(encoding="utf-8")
    for path in folder.glob("figures/*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_settings_of_a_run_make_the_same_run_again(made):
    folder = RunFolder.open(made.run.folder)
    again_source, settings = again(folder, made.frame)
    assert again_source is made.frame
    assert tuple(settings.modalities) == made.inputs
    assert Settings(**{**vars(settings)}) == settings
    assert (folder.path / "config.yaml").read_text(encoding="utf-8") == settings.to_yaml()


def test_there_is_one_prediction_for_each_test_row(made):
    predictions = predictions_of(made)
    assert predictions["row"].is_unique
    report = from_json(json.loads((made.run.folder / "report.json").read_text(encoding="utf-8")))
    sides = {side.name: side.rows for side in report.split.sides}
    assert len(predictions) == sides["test"]
    assert sum(sides.values()) == len(made.frame)


def test_targets_in_predictions_are_those_of_the_table(made):
    predictions = predictions_of(made)
    targets = rows_of(made, predictions["row"])[made.target]
    if isinstance(targets.iloc[0], list):
        assert predictions["target"].fillna("").tolist() == ["|".join(each) for each in targets]
    elif isinstance(targets.iloc[0], str):
        assert predictions["target"].tolist() == targets.tolist()
    else:
        np.testing.assert_allclose(predictions["target"], targets)


def test_importance_stands_at_its_characters_and_sums_to_one_in_each_row(made):
    importance = pd.read_parquet(made.run.folder / "importance.parquet")
    predictions = predictions_of(made)
    assert set(importance["row"]) == set(predictions["row"])
    rows = rows_of(made, predictions["row"])
    for row, column, start, stop, text in importance[["row", "column", "start", "stop", "text"]].itertuples(
        index=False
    ):
        assert rows.loc[row, column][start:stop] == text
    sums = importance.groupby("row")["score"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-6)
    assert (importance["score"] >= 0).all()
    assert not importance.duplicated(["row", "column", "start"]).any()


def test_metrics_follow_from_the_predictions(made):
    predictions, metrics = predictions_of(made), made.run.metrics["test"]
    target, prediction = predictions["target"].fillna(""), predictions["prediction"].fillna("")
    if made.target == "score":
        error = (target - prediction).to_numpy()
        assert metrics["mae"]["value"] == pytest.approx(np.abs(error).mean())
        assert metrics["rmse"]["value"] == pytest.approx(math.sqrt((error**2).mean()))
    elif made.target == "label":
        assert metrics["accuracy"]["value"] == pytest.approx((target == prediction).mean())
        given = [row[f"probability of {row['target']}"] for _, row in predictions.iterrows()]
        assert metrics["log_loss"]["value"] == pytest.approx(-np.log(given).mean(), abs=FLOAT32)
    else:
        both = [(set(a.split("|")) - {""}, set(b.split("|")) - {""}) for a, b in zip(target, prediction, strict=True)]
        assert metrics["subset_accuracy"]["value"] == pytest.approx(np.mean([a == b for a, b in both]))
        labels = sum(name.startswith("probability of ") for name in predictions.columns)
        assert metrics["hamming"]["value"] == pytest.approx(np.mean([len(a ^ b) / labels for a, b in both]))


def test_a_loaded_run_answers_as_the_one_that_was_trained(made):
    rows = made.frame[list(made.inputs)].head(7)
    loaded = salience.load(made.run.folder)
    ours, theirs = made.run.predict(rows), loaded.predict(rows)
    assert ours.answers == theirs.answers
    assert ours.importance == theirs.importance
    assert [answer.prediction for answer in loaded.stream(rows)] == ours.prediction
    assert loaded.metrics == made.run.metrics


def test_the_answers_to_the_test_rows_are_those_in_the_file(made):
    predictions = predictions_of(made)
    rows = rows_of(made, predictions["row"])[list(made.inputs)]
    answers = made.run.predict(rows).prediction
    if made.target == "score":
        np.testing.assert_allclose(answers, predictions["prediction"], rtol=1e-5)
    else:
        said = ["|".join(each) if isinstance(each, tuple) else each for each in answers]
        assert said == predictions["prediction"].fillna("").tolist()


def test_without_explain_faithfulness_is_not_measured_and_the_report_says_so(made):
    if made.target == "label" and made.inputs == ("text",):
        assert json.loads((made.run.folder / "faithfulness.json").read_text())["num_rows"] == 19
        return
    assert not (made.run.folder / "faithfulness.json").exists()
    report = made.run.folder / "report.html"
    assert "not put to the proof: the settings leave it out" in report.read_text(encoding="utf-8")


def test_importance_points_at_the_planted_words(sentiment):
    """Chance is the share of the characters of the words that are evidence: what an order by chance would get."""
    importance = pd.read_parquet(sentiment.run.folder / "importance.parquet")
    rows = rows_of(sentiment, importance["row"].unique())
    paid, chance = [], []
    for row, units in importance.groupby("row"):
        places = {(span.start, span.stop) for span in rows.loc[row, "evidence"]}
        planted = [(start, stop) in places for start, stop in zip(units["start"], units["stop"], strict=True)]
        paid.append(units["score"][planted].sum())
        chance.append(np.mean(planted))
    assert sentiment.run.metrics["test"]["accuracy"]["value"] > 0.85
    assert np.mean(paid) > 2 * np.mean(chance)


def test_nothing_is_written_beside_the_data(sentiment):
    _, settings = again(RunFolder.open(sentiment.run.folder))
    data = produce.Path(settings.data)
    assert [path.name for path in data.parent.iterdir()] == ["reviews.csv"]
    assert pd.read_csv(data)["text"].tolist() == sentiment.frame["text"].tolist()


class Interrupts(Silent):
    """Whoever watches presses Ctrl-C after the first epoch."""

    def epoch(self, epoch, total, metric):
        raise KeyboardInterrupt


@pytest.fixture
def rows(without_figures):
    return planted_sentiment(rows=61, seed=5)[["text", "label"]]


def settings_for(**changes):
    model, train = {"width": 4, "encoder": "Identity"}, {"epochs": 2, "patience": 0}
    return Settings(target="label", model={**model, **changes}, train=train, explain=0, name="small")


def test_equal_seeds_give_equal_runs_and_an_interrupted_one_ends_the_same(rows, tmp_path):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(rows, settings_for(), out=tmp_path / "b", watcher=Interrupts())
    assert signal.getsignal(signal.SIGINT) is handler
    (path,) = (tmp_path / "b").iterdir()
    folder = RunFolder.open(path, finished=False)
    assert folder.state == "failed"
    assert folder.description()["reason"] == "interrupted"
    with pytest.raises(ModelFolderError, match=r"it is failed \(interrupted\)") as caught:
        salience.load(path)
    assert "salience fit --resume" in str(caught.value)

    changed = rows.assign(text=[*rows["text"][1:], "another text"])
    before = folder.description()
    with pytest.raises(ConfigError, match="the data has changed since the run began"):
        run(changed, again(folder, changed)[1], resume=folder)
    assert folder.description() == before

    with pytest.raises(ConfigError, match="made from rows in Python"):
        again(folder)
    run(*again(folder, rows), resume=folder)
    assert folder.state == "complete"
    assert "reason" not in folder.description()
    whole, _ = run(rows, settings_for(), out=tmp_path / "a")
    assert salience.load(path).metrics == salience.load(whole.path).metrics
    answers = [(each.path / "predictions.csv").read_text() for each in (folder, whole)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (MemoryError("no room"), "MemoryError: no room"),
        (DataError("a bad cell", where="row 3"), "a bad cell"),
    ],
)
def test_a_run_that_ends_in_an_error_says_so(rows, tmp_path, monkeypatch, error, reason):
    def fail(*_, resume):
        raise error

    monkeypatch.setattr(produce, "_trained", fail)
    with pytest.raises(type(error)):
        run(rows, settings_for(), out=tmp_path)
    (path,) = tmp_path.iterdir()
    assert RunFolder(path).description()["state"] == "failed"
    assert RunFolder(path).description()["reason"] == reason


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"widht": 3}, "did you mean 'width'"), ({"encoder": "Convolutio"}, "did you mean 'Convolution'")],
)
def test_a_mistake_in_the_settings_writes_nothing(rows, tmp_path, options, problem):
    with pytest.raises(ConfigError) as caught:
        run(rows, settings_for(**options), out=tmp_path / "runs")
    assert problem in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_texts_that_nobody_meant_well_pass_through(rows, tmp_path):
    hostile = "<script>alert(1)</script> \x00 \x1b[31m \u202e \ud83d =1+1 {{ 7*7 }} good"
    given = rows.to_dict("records")
    for row in given[2::2]:
        row["text"] = f"{hostile} {row['text']}"
    given[0]["text"], given[1]["text"] = None, ""
    folder, pipeline = run(given, settings_for(), out=tmp_path)
    page = folder.report.read_text(encoding="utf-8")
    assert "<script>alert" not in page
    result = salience.load(folder.path).predict([{"text": hostile}])
    assert "<script>" not in result._repr_html_()
    result._repr_html_().encode()
    for ending in ("csv", "parquet"):
        assert result.save(tmp_path / f"hostile.{ending}").stat().st_size > 0
    assert pipeline.predict([None, ""])[0] == pipeline.predict([""])[0]


def test_a_frame_keeps_its_own_row_ids(rows, tmp_path):
    rows.index = [f"id-{number}" for number in range(len(rows))]
    folder, _ = run(rows, settings_for(), out=tmp_path)
    found = pd.read_csv(folder.path / "predictions.csv")["row"]
    assert set(found) < set(rows.index)
