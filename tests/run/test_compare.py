"""Two finished runs on the same rows."""

import json
import shutil

import pytest

import salience
from salience.core.errors import ConfigError, DataError, ModelFolderError
from salience.data.synthetic import planted_sentiment
from salience.run import publish
from salience.run.compare import SEEN, compare
from tests.run.conftest import MODEL, TRAIN


@pytest.fixture(scope="module")
def undrawn():
    """Drawing figures takes most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "draw", lambda made, folder: None)
        yield


@pytest.fixture(scope="module")
def reseeded(sentiment, undrawn, tmp_path_factory):
    """The same run from another seed, without a measurement of its importance."""
    data = sentiment.run.folder.parent.parent / "reseeded.csv"
    sentiment.frame[["text", "label"]].to_csv(data, index=False)
    return salience.fit(
        data,
        target="label",
        model=MODEL,
        train={**TRAIN, "seed": 5},
        explain=0,
        out=tmp_path_factory.mktemp("reseeded"),
    )


@pytest.fixture
def copy(sentiment, tmp_path):
    """The run, to be altered."""
    return shutil.copytree(sentiment.run.folder, tmp_path / "run")


def test_a_run_is_the_same_as_itself_on_its_test_rows(sentiment):
    found = compare(sentiment.run, str(sentiment.run.folder))
    assert found.sentence == "Both runs give the same answers, and find the same parts equally important."
    assert found.num_rows == 27
    assert found.scores["accuracy"].first.value == sentiment.run.metrics["test"]["accuracy"]["value"]
    importance = found.importance
    assert importance.drift.value == 0
    assert importance.spearman.value == pytest.approx(1)
    assert [each.value for each in importance.overlap.values()] == [1, 1, 1]
    verdict = json.loads((sentiment.run.folder / "faithfulness.json").read_text(encoding="utf-8"))["verdict"]
    assert found.verdicts == {"faithfulness": (verdict, verdict)}
    assert SEEN not in found.notes


def test_another_seed_looks_elsewhere_and_still_at_the_same_words(sentiment, reseeded):
    rows = planted_sentiment(rows=60, seed=9)[["text", "label"]]
    found = compare(sentiment.run, reseeded, rows)
    assert 0 < found.importance.drift.low < found.importance.drift.high < 0.5
    assert found.importance.overlap["top_3"].low > 0.5
    assert found.importance.overlap["top_3"].value > found.importance.spearman.value
    assert found.scores["accuracy"].verdict == "open"
    # The second run was told to measure nothing of itself.
    assert found.verdicts == {}


def test_rows_without_targets_have_no_scores(sentiment, reseeded):
    found = compare(sentiment.run, reseeded, [{"text": "a superb and lovely film"}, {"text": "so dull"}])
    assert found.scores == {}
    assert found.notes[0] == "The rows have no targets, so there are no scores."


def test_equal_data_in_another_file_are_the_same(sentiment, reseeded):
    assert SEEN not in compare(sentiment.run, reseeded).notes


def test_test_rows_that_the_other_run_may_have_learned_from_are_told(sentiment, copy):
    facts = json.loads((copy / "env.json").read_text(encoding="utf-8"))
    facts["data"]["sha256"] = "0" * 64
    (copy / "env.json").write_text(json.dumps(facts), encoding="utf-8")
    assert compare(sentiment.run, copy).notes[0] == SEEN


def test_runs_with_other_words_are_compared_on_characters(sentiment, undrawn, tmp_path):
    model = {"width": 8, "encoder": "Identity"}
    characters = salience.fit(
        planted_sentiment(rows=97, seed=3),
        target="label",
        inputs={"text": {"Text": {"tokens": "Character"}}},
        model=model,
        train={**TRAIN, "epochs": 1},
        explain=0,
        out=tmp_path,
    )
    found = compare(sentiment.run, characters, planted_sentiment(rows=31, seed=9), count=11)
    assert found.importance.pieces == "characters"
    assert found.importance.num_rows == 11
    assert any("compared on characters" in each for each in found.notes)
    assert 0 < found.importance.drift.value < 1


def test_rows_belong_together_where_it_is_said(sentiment, reseeded):
    rows = planted_sentiment(rows=40, seed=9)[["text", "label"]].assign(day=[i // 10 for i in range(40)])
    assert "4 groups are few" in compare(sentiment.run, reseeded, rows, group="day").notes[0]
    with pytest.raises(DataError, match="there is no column 'week'"):
        compare(sentiment.run, reseeded, rows, group="week")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"title": "fine"}] * 2, "there is no column 'text'"),
        ([{"title": "fine", "label": "positive"}] * 2, "there is no column 'text'"),
        ([{"text": "fine film", "label": "superb"}] * 2, "the class 'superb' does not occur"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(sentiment, rows, message):
    with pytest.raises(DataError, match=message):
        compare(sentiment.run, sentiment.run, rows)


def test_another_target_is_refused(sentiment, copy):
    config = copy / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("target: label", "target: stars"), encoding="utf-8")
    with pytest.raises(ConfigError, match="one predicts 'label', the other 'stars'"):
        compare(sentiment.run, copy)


def test_rows_that_were_given_in_python_have_to_be_given_again(sentiment, copy):
    config = copy / "config.yaml"
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    config.write_text("".join(each for each in lines if not each.startswith("data:")), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        compare(copy, sentiment.run)
    assert "the run was made from rows in Python" in str(caught.value)
    assert "give rows that it has not learned from" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("faithfulness.json", "[]", "faithfulness.json holds no verdict"),
        ("faithfulness.json", '{"verdict": 3}', "faithfulness.json holds no verdict"),
        ("env.json", "{}", "env.json does not say what data the run was made from"),
    ],
)
def test_a_damaged_run_is_told(sentiment, copy, name, content, message):
    (copy / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelFolderError, match=message):
        compare(sentiment.run, copy)


def test_an_unknown_method_is_refused_before_anything_is_read(sentiment):
    with pytest.raises(ConfigError, match="there is no 'recieved'"):
        compare(sentiment.run, sentiment.run, method="recieved")
