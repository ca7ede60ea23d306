import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.evaluation import importance
from salience.pipeline import Pipeline
from salience.run.content import METHODS
from salience.run.explain import explain

TEXTS = ["a fine film, truly fine", "dull", "this plot is so dull and so long"]
METHOD_NAMES = [
    "received",
    "rollout",
    "gradient_x_input",
    "integrated_gradients",
    "leave_one_out",
    "shapley",
    "random_order",
]


@pytest.fixture(scope="module")
def pipeline():
    inputs = {"text": {"Text": {"min_count": 1}}, "title": {"Text": {"min_count": 1}}}
    rows = [{"text": text, "title": f"title of {len(text)}"} for text in TEXTS]
    return Pipeline(inputs, "Classification", model={"width": 5}).learn(rows, ["+", "-", "-"])


def rows():
    return [{"text": text, "title": "the title", "other": 3} for text in TEXTS]


def test_rows_are_numbered_from_one_or_named(pipeline):
    assert explain(pipeline, rows()).ids == ["1", "2", "3"]
    assert explain(pipeline, rows(), ids=("a", "b", "a")).ids == ["a", "b", "a"]


def test_each_row_needs_a_name(pipeline):
    with pytest.raises(DataError, match="expected one id per row, 3, got 2"):
        explain(pipeline, rows(), ids=["a", "b"])


def test_only_the_input_columns_are_kept(pipeline):
    assert set(explain(pipeline, rows()).rows[0]) == {"text", "title"}


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_every_method_gives_one_number_for_each_unit(pipeline, method):
    result = explain(pipeline, rows(), method=method)
    assert result.method == method
    assert [len(scores) for scores in result.importance] == [6 + 2, 1 + 2, 8 + 2]
    assert np.isfinite(np.concatenate(result.importance)).all()
    assert result.prediction == [answer.prediction for answer in pipeline.predict(rows())]


@pytest.mark.parametrize("method", ["received", "rollout"])
def test_attention_sums_to_one_in_each_row(pipeline, method):
    for scores in explain(pipeline, rows(), method=method).importance:
        assert sum(scores) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_no_rows_give_no_answers(pipeline, method):
    assert len(explain(pipeline, [], method=method)) == 0


def test_rows_may_come_one_at_a_time(pipeline):
    given = explain(pipeline, (row for row in rows()))
    assert given.importance == explain(pipeline, rows()).importance


def test_a_cell_without_words_has_no_units(pipeline):
    result = explain(pipeline, [{"text": None, "title": ""}, {"text": " \n", "title": "title"}])
    assert result.importance[0] == []
    assert [unit.column for unit in result.units[1]] == ["title"]
    assert result.importance[1] == [pytest.approx(1)]


@pytest.mark.parametrize("cell", [3, 2.5, ["a"], b"bytes", {"a": 1}])
def test_a_cell_that_is_no_text_is_refused(pipeline, cell):
    with pytest.raises(DataError, match="expected text, got"):
        explain(pipeline, [{"text": cell, "title": "x"}])


def test_strange_texts_are_explained_at_their_own_characters(pipeline):
    texts = ["\x00", "\ud800 fine", "🙂👩‍👩‍👧 fine", "e\u0301 fine", "\u202efine", "fine" * 5000, "好电影 fine"]
    result = explain(pipeline, [{"text": text, "title": ""} for text in texts])
    for text, units in zip(texts, result.units, strict=True):
        for unit in units:
            assert unit.text == text[unit.place.start : unit.place.stop].replace("\ud800", "\ufffd")


def test_a_method_that_does_not_exist_is_named(pipeline):
    with pytest.raises(ConfigError) as caught:
        explain(pipeline, rows(), method="recieved")
    assert "did you mean 'Received'" in str(caught.value)
    with pytest.raises(ConfigError):
        explain(pipeline, rows(), method="completeness_gap")


def test_every_exported_method_is_covered_here_and_has_words():
    exported = [getattr(importance, name) for name in importance.__all__]
    names = {kind().name for kind in exported if isinstance(kind, type)}
    assert names == set(METHOD_NAMES)
    assert names <= METHODS.keys()
