import re

import pytest

from salience.data.rationale import read_rationale
from salience.evaluation.trust import measure_trust
from salience.evaluation.trust.human import human
from tests.evaluation.linear import linear
from tests.evaluation.trust.trials import WORDS, pointer, texts, trial

# Attention goes to words that begin with b.
POINTED = {word: (4.0 if word[0] == "b" else 0.0, 1.0) for word in WORDS}


def marks(rows, letter):
    return [[word[0] == letter for word in row["a"].split()] for row in rows]


@pytest.mark.parametrize(("letter", "word"), [("b", "pass"), ("c", "fail")])
def test_marks_of_people_are_met_or_missed(letter, word):
    rows = [{"a": f"{row['a']} bu {row['a'][:2]} ca"} for row in texts(60)]
    found = human(trial(pointer(POINTED), rows), marks(rows, letter))
    assert found.verdict == word, found.sentence
    assert {"average_precision", "random", "token_f1", "position"} == set(found.statistics)


def test_several_people_tell_how_much_of_their_agreement_is_explained():
    rows = [{"a": f"{row['a']} bu {row['a'][:2]} ca"} for row in texts(30)]
    twice = [[each, each] for each in marks(rows, "b")]
    assert human(trial(pointer(POINTED), rows), twice).statistics["explained"].value == pytest.approx(1, abs=0.05)


def test_marks_of_columns_are_compared_column_by_column():
    rows = [{"a": f"{row['a']} bu {row['a'][:2]} ca"} for row in texts(60)]
    # Characters of the words that begin with b.
    spans = [[found.span() for found in re.finditer(r"\bb\w", row["a"])] for row in rows]
    given = [{"a": read_rationale(each, row["a"])} for each, row in zip(spans, rows, strict=True)]
    found = human(trial(pointer(POINTED), rows), given)
    assert found.statistics == human(trial(pointer(POINTED), rows), marks(rows, "b")).statistics
    given[0] = {"a": None}
    assert human(trial(pointer(POINTED), rows), given).verdict == "pass"


def test_several_marked_columns_are_pooled_and_drawn_together():
    pipeline = linear({"good": 2.0, "the": 0.1}, {"bad": -2.0, "a": 0.1})
    rows = [{"a": "the good the", "b": "a a bad"}] * 40
    reason = {"a": read_rationale([[4, 8]], "the good the"), "b": read_rationale([[4, 7]], "a a bad")}
    found = human(trial(pipeline, rows), [reason] * 40)
    # In the first column the word that counts is found, in the second it speaks for the other answer.
    only = [human(trial(pipeline, rows), [{name: each}] * 40) for name, each in reason.items()]
    values = [each.statistics["average_precision"].value for each in (found, *only)]
    assert values[0] == pytest.approx((values[1] + values[2]) / 2)


def test_without_marks_it_is_not_available():
    assert human(trial(pointer(POINTED), texts(3)), None).sentence == "Not available: no marks of people were given."
    assert "expected at least one annotated row" in human(trial(pointer(POINTED), texts(3)), [None] * 3).sentence


def test_the_report_takes_the_marks_of_the_sampled_rows():
    rows = [{"a": f"{row['a']} bu ca"} for row in texts(40)]
    found = measure_trust(pointer(POINTED), rows, rationales=marks(rows, "b"), count=24, draws=50)
    assert found.of("human").statistics["average_precision"].value > 0.9
