import json

import pandas as pd
import pytest

import salience
from salience.core.errors import ConfigError, DataError
from salience.data import planted_sentiment
from salience.run import produce
from salience.run.evaluate import evaluate
from salience.run.folder import RunFolder
from salience.run.settings import Settings
from salience.run.watch import Silent

MODEL = {"width": 16}
TRAIN = {"epochs": 3, "learning_rate": 0.01, "patience": 0}


def table(rows=271, *, title=False):
    """Rationales as JSON texts, every third missing; with a second text that is marked as well."""
    frame = planted_sentiment(rows=rows, seed=3)
    marks = [json.dumps([[each.start, each.stop] for each in spans]) for spans in frame["evidence"]]
    marks = ["" if row % 3 == 2 else each for row, each in enumerate(marks)]
    made = frame[["text", "label"]].assign(evidence=marks)
    return made.assign(title=made["text"].str.upper(), why=marks) if title else made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    table().to_csv(folder / "reviews.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(produce, "publish", _only_metrics)
        settings = Settings(target="label", rationale="evidence", model=MODEL, train=TRAIN)
        watcher = Listener()
        made = salience.Run(*produce.run(folder / "reviews.csv", settings, out=folder / "runs", watcher=watcher))
        made.heard = watcher.heard
        return made


class Listener(Silent):
    def understood(self, statement):
        self.heard = statement


def _only_metrics(trained, folder, watcher):
    folder.write_json("metrics.json", {"test": {}})


def test_the_rationale_is_no_input_and_teaches_with_kl(run):
    config = salience.core.config.read(run.folder / "config.yaml")
    assert list(config["inputs"]) == ["text"]
    assert config["rationale"] == {"text": "evidence"}
    assert config["train"]["attention_loss"] == "KL"
    assert run.pipeline.columns == ["text"]


def test_the_metrics_tell_how_far_attention_agrees_with_people(run):
    for side in ("validation", "test"):
        found = run.metrics["plausibility"][side]["text"]
        assert found["average_precision"]["value"] > 0.9
        assert found["token_f1"]["value"] > 0.8
        assert found["random_token_f1"]["value"] < 0.5
    whole = json.loads((run.folder / "plausibility.json").read_text(encoding="utf-8"))
    annotated = whole["test"]["text"]["num_rows"]
    assert 0 < annotated < annotated + whole["test"]["text"]["num_unannotated"]


def test_other_rows_with_their_rationale_are_measured_as_well(run):
    folder = RunFolder(run.folder)
    found = evaluate(folder, run.pipeline, table(37), count=0)
    assert found.plausibility["text"].num_rows == 25
    assert found.plausibility["text"].importance.average_precision.value > 0.9
    assert found.to_dict()["plausibility"]["text"]["num_unannotated"] == 12
    assert evaluate(folder, run.pipeline, table(37).drop(columns="evidence"), count=0).plausibility == {}


def test_what_was_annotated_is_told(run):
    assert "rationale of 'text': 181 of 271 rows" in run.heard


def test_two_columns_each_with_its_own_rationale():
    rationale = {"text": "evidence", "title": {"column": "why", "tokens": None}}
    prepared = produce.prepare(table(37, title=True), Settings(target="label", rationale=rationale))
    assert prepared.inference.inputs == ("text", "title")
    assert prepared.rationales["text"] == prepared.rationales["title"]
    assert set(prepared.rows("train")[0]) == {"text", "title"}
    assert len(prepared.rationales_of("test")["title"]) == len(prepared.rows("test"))


def test_attention_is_measured_but_not_taught_if_the_settings_say_so():
    settings = Settings(target="label", rationale="evidence", train={"attention_loss": None})
    prepared = produce.prepare(table(37), settings)
    resolved = settings.resolved(prepared.inference)
    assert resolved.train["attention_loss"] is None
    assert resolved.resolved(prepared.inference) == resolved


@pytest.mark.parametrize(
    ("settings", "kind", "problem"),
    [
        (Settings(target="label", rationale="label"), ConfigError, "the column 'label' holds a rationale"),
        (
            Settings(target="label", rationale="evidence", inputs=("text", "evidence")),
            ConfigError,
            "the column 'evidence' holds a rationale, and cannot be the target or an input as well",
        ),
        (Settings(target="label", rationale="evidense"), DataError, "there is no column 'evidense'"),
        (Settings(target="label", rationale={"txt": "evidence"}), ConfigError, "'txt' is not an input column"),
    ],
)
def test_a_rationale_that_cannot_be_one_is_refused(settings, kind, problem):
    with pytest.raises(kind) as caught:
        produce.prepare(table(37), settings)
    assert problem in str(caught.value)


def test_a_broken_cell_is_named_with_file_row_and_column(tmp_path):
    frame = pd.DataFrame(table(37))
    frame.loc[11, "evidence"] = "[[3, 9999]]"
    frame.to_csv(tmp_path / "reviews.csv", index=False)
    with pytest.raises(DataError, match="row 12, column 'evidence'") as caught:
        produce.prepare(tmp_path / "reviews.csv", Settings(target="label", rationale="evidence"))
    assert "reviews.csv" in str(caught.value)
