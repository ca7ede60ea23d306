import pandas as pd

from salience.data.infer import infer
from salience.data.table import read
from salience.evaluation import Score
from salience.run import content
from salience.run.content import METHODS
from salience.tasks import Answer


def test_different_methods_have_different_titles():
    titles = {name: each[0] for name, each in METHODS.items() if name != "random"}
    assert len(set(titles.values())) == len(titles)
    assert METHODS["random"] == METHODS["random_order"]


def test_predictions_are_said_in_words():
    said = [content.said(Answer(each)) for each in ("good", 1 / 3, 12345678.0, ("a", "b"), ())]
    assert said == ["good", "0.333333", "1.23457e+07", "a, b", "none"]
    assert content.written(("a",)) == "a"


def test_an_example_shows_text_alone():
    shown = content.example("7", {"text": None, "title": "x"}, Answer("good", 0.5), {"received": []})
    assert shown.cells == {"text": "", "title": "x"}
    assert list(shown.heats) == ["received attention"]


def test_sentences_name_methods_by_their_titles():
    sentence = content.in_words("'received' is worse than 'leave one out' and 'leave_one_out', but not than 'random'.")
    assert sentence == "Received attention is worse than leave one out and leave one out, but not than random order."


def test_scores_are_called_by_their_usual_names():
    rows = content.score_rows("test", {"macro_f1": Score(0.5, 0.4, 0.6), "accuracy": Score(1, 1, 1)}, baseline="TF-IDF")
    assert [row.name for row in rows] == ["macro F1", "accuracy"]
    assert {row.baseline for row in rows} == {"TF-IDF"}


def test_what_was_inferred_is_said_in_sentences():
    table = pd.DataFrame(
        {"text": [f"film number {n} was fine" for n in range(8)], "label": ["a", "b"] * 3 + ["a", None]}
    )
    sentences = content.inferred(infer(read(table), target="label"))
    assert sentences[0].startswith("The task is Classification, because the target has 2 different values")
    assert sentences[1] == "7 rows have a target; 1 without one were left out."
    assert any(sentence.startswith("'text' is text, input: ") for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_headline_says_how_good_and_how_good_a_baseline_is(sentiment):
    lines = salient_lines(sentiment)
    assert lines[0].startswith("Predicts 'label' from 'text' with accuracy ")
    assert lines[1].startswith("The best baseline, TF-IDF")


def salient_lines(sentiment):
    from salience.run.folder import RunFolder
    from salience.run.publish import read_content

    return read_content(RunFolder(sentiment.run.folder)).headline
