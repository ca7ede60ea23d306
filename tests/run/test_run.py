import inspect

import pytest

import salience
from salience.core.errors import ConfigError, DataError, ModelFolderError
from salience.data.synthetic import planted_sentiment
from salience.run.evaluate import evaluate
from salience.run.folder import RunFolder
from salience.run.settings import Settings


def test_a_run_is_measured_on_other_rows(sentiment):
    frame = planted_sentiment(rows=53, seed=9)
    scores = sentiment.run.evaluate(frame)
    answers = sentiment.run.predict(frame[["text"]]).prediction
    right = sum(a == b for a, b in zip(answers, frame["label"], strict=True))
    assert scores["accuracy"].value == pytest.approx(right / 53)
    assert scores["accuracy"].low <= scores["accuracy"].value <= scores["accuracy"].high


def test_faithfulness_is_measured_on_other_rows_where_it_is_wanted(sentiment):
    folder, pipeline = RunFolder(sentiment.run.folder), sentiment.run.pipeline
    rows = planted_sentiment(rows=13, seed=9)[["text", "label"]]
    told = []
    found = evaluate(folder, pipeline, rows, count=5, progress=lambda *each: told.append(each)).to_dict()
    assert found["rows"] == 13
    assert found["faithfulness"]["num_rows"] == 5
    assert told[-1] == (5, 5)
    assert evaluate(folder, pipeline, rows, count=0).to_dict()["faithfulness"] is None


def test_a_single_row_can_be_measured(sentiment):
    scores = sentiment.run.evaluate([{"text": "superb and lovely and witty", "label": "positive"}])
    assert scores["accuracy"].value == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"text": "fine"}, "there is no column 'label'"),
        ({"label": "positive"}, "there is no column 'text'"),
        ({"text": "fine", "label": "superb"}, "the class 'superb' does not occur"),
        ({"text": 3, "label": "positive"}, "expected a text, got 3"),
    ],
)
def test_rows_that_cannot_be_measured_are_refused(sentiment, row, problem):
    with pytest.raises(DataError) as caught:
        sentiment.run.evaluate([row, row])
    assert problem in str(caught.value)


def test_the_page_is_written_to_another_place(sentiment, tmp_path):
    path = sentiment.run.report(tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == (sentiment.run.folder / "report.html").read_text(encoding="utf-8")


def test_a_run_names_its_folder(sentiment):
    assert repr(sentiment.run) == f"Run({str(sentiment.run.folder)!r})"


def test_a_run_explains_with_another_method(sentiment):
    result = sentiment.run.explain(["superb film"], method="leave_one_out")
    assert result.method == "leave_one_out"
    assert len(result.importance[0]) == 2


def test_a_file_that_was_altered_is_not_loaded(sentiment, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(sentiment.run.folder, copy)
    weights = copy / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelFolderError, match="is not the file that was saved"):
        salience.load(copy).predict(["fine"])


def test_fit_offers_every_setting():
    offered = set(inspect.signature(salience.fit).parameters) - {"source", "out"}
    assert offered == set(Settings.__dataclass_fields__) - {"data"}


def test_wrong_settings_and_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        salience.fit(tmp_path / "reviews.csv", target="label", out=tmp_path / "runs")
    with pytest.raises(ConfigError, match="unknown key 'epoch'"):
        salience.fit(planted_sentiment(rows=20), target="label", train={"epoch": 1}, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
