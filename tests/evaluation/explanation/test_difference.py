import math

import pytest

from salience.core.errors import DataError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation import FURTHEST, measure_difference
from salience.pipeline import Pipeline
from tests.evaluation.trust.trials import WORDS, pointer, texts

FEW = Bootstrap(50)


def test_a_model_does_not_differ_from_itself():
    pipeline = pointer({word: (0.3 * i, 1.0) for i, word in enumerate(WORDS)})
    found = measure_difference(pipeline, pipeline, texts(5), bootstrap=FEW)
    assert found.divergence.mean.value == found.change.mean.value == 0


def test_where_they_look_and_what_they_answer_by_hand():
    # The first looks at "a" alone, the second at "b" alone; log-odds 1 and 1 + ln 3 - that is sigmoid(1), sigmoid(2.1).
    first = pointer({"a": (60.0, 1.0), "b": (0.0, -9.0)})
    second = pointer({"a": (0.0, -9.0), "b": (60.0, 1.0 + math.log(3))})
    found = measure_difference(first, second, [{"a": "a b"}] * 3, bootstrap=FEW)
    assert found.divergence.mean.value == pytest.approx(FURTHEST)
    odds = math.e, 3 * math.e
    assert found.change.mean.value == pytest.approx(odds[1] / (1 + odds[1]) - odds[0] / (1 + odds[0]), rel=1e-5)
    assert found.by_class["yes"].num_rows == 3
    assert set(found.to_dict()) == {"divergence", "change", "by_class"}


def test_models_must_cut_rows_alike():
    words = pointer({"a": (0.0, 1.0)})
    letters = Pipeline(
        {"a": {"Text": {"tokens": "Character", "min_count": 1}}},
        "Classification",
        model={"width": 2, "encoder": "Identity"},
    )
    letters.learn([{"a": "abc"}, {"a": "cab"}], ["no", "yes"])
    with pytest.raises(DataError, match="cut a row into 2 and 6 units"):
        measure_difference(words, letters, [{"a": "abc cab"}])
