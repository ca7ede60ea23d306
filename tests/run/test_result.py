import numpy as np
import pandas as pd
import pytest

from salience.core.errors import NotAvailable
from salience.core.place import Edge, Heat, Node, Span, Unit
from salience.run import Result
from salience.tasks import Answer

NAMES = ["row", "column", "start", "stop", "text", "score", "prediction", "probability", "method"]


def heats(column, text, scores):
    found, start = [], 0
    for word, score in zip(text.split(), scores, strict=True):
        place = Span(text.index(word, start), text.index(word, start) + len(word))
        found.append(Heat(Unit(column, word, place), score))
        start = place.stop
    return found


@pytest.fixture
def result():
    rows = [{"text": "a fine film"}, {"text": "so so"}, {"text": None}]
    answers = [Answer("good", 0.9, {"good": 0.9, "bad": 0.1}), Answer("bad", 0.75, {}), Answer("bad", 0.5, {})]
    return Result(
        rows,
        ["1", "2", "x"],
        answers,
        [heats("text", "a fine film", [0.1, 0.7, 0.2]), heats("text", "so so", [1, 0]), []],
    )


def test_a_result_is_a_sequence_of_results(result):
    assert len(result) == 3
    assert [one.prediction for one in result] == [["good"], ["bad"], ["bad"]]
    assert result[-1].ids == ["x"]
    assert result[np.int64(1)].probability == [0.75]
    assert result[1:].ids == ["2", "x"]
    assert result[::2].ids == ["1", "x"]
    assert len(result[3:]) == 0


@pytest.mark.parametrize("index", [3, -4])
def test_there_is_no_row_beyond_the_last(result, index):
    with pytest.raises(IndexError):
        result[index]


def test_answers_and_importances_stand_row_by_row(result):
    assert result.prediction == ["good", "bad", "bad"]
    assert result.probability == [0.9, 0.75, 0.5]
    assert result.importance == [[0.1, 0.7, 0.2], [1, 0], []]
    assert [unit.text for unit in result.units[0]] == ["a", "fine", "film"]


def test_a_frame_has_one_line_for_each_unit(result):
    frame = result.to_frame()
    assert frame.columns.tolist() == NAMES
    assert frame.iloc[1].tolist() == ["1", "text", 2, 6, "fine", 0.7, "good", 0.9, "received"]
    assert frame["row"].tolist() == ["1"] * 3 + ["2"] * 2
    assert result[2].to_frame().columns.tolist() == NAMES


@pytest.mark.parametrize("prediction", ["good", 3.25, ("a", "b"), ()])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_saved_comes_back(tmp_path, prediction, ending):
    one = Result(
        [{"text": 'a, "b"\n=c'}], ["1"], [Answer(prediction)], [heats("text", 'a, "b"\n=c', [0.5, 0.25, 0.25])]
    )
    path = one.save(tmp_path / f"result.{ending}")
    back = pd.read_parquet(path) if ending == "parquet" else pd.read_csv(path, keep_default_na=False)
    assert back["text"].tolist() == ["a,", '"b"', "=c"]
    assert back["score"].tolist() == [0.5, 0.25, 0.25]
    expected = "|".join(prediction) if isinstance(prediction, tuple) else prediction
    assert back["prediction"].tolist() == [expected] * 3


def test_another_kind_of_file_is_refused(result, tmp_path):
    with pytest.raises(NotAvailable, match=r"saved as \.parquet or \.csv, not '\.xlsx'") as caught:
        result.save(tmp_path / "result.xlsx")
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_shows_one_row(result, tmp_path):
    with pytest.raises(NotAvailable, match="a figure shows one row, and there are 3"):
        result.plot(tmp_path / "all.png")
    with pytest.raises(NotAvailable, match="no unit has any importance"):
        result[2].plot(tmp_path / "none.png")
    assert result[0].plot(tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_a_notebook_shows_texts_and_never_runs_them():
    text = "<script>alert(1)</script> <img src=x onerror=alert(2)>"
    label = "<b>bold</b>"
    words = heats("text", text, [0.5, 0.25, 0.125, 0.125])
    shown = Result([{"text": text}], ["1"], [Answer(label, 0.5)], [words])._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;b&gt;bold" in shown
    assert "(50%)" in shown


def test_a_notebook_shows_a_missing_text_as_nothing(result):
    assert "None" not in result._repr_html_()


def test_a_notebook_shows_twenty_rows_and_counts_the_rest():
    many = Result([{"text": "so"}] * 23, ["1"] * 23, [Answer(1.5)] * 23, [heats("text", "so", [1])] * 23)
    assert many._repr_html_().count("<b>1.5</b>") == 20
    assert "and 3 more rows" in many._repr_html_()


def test_a_result_names_its_first_answers(result):
    assert repr(result) == "Result of 3 rows: good (90%), bad (75%), bad (50%)"
    several = Result(
        [{}] * 4, ["1"] * 4, [Answer(("a", "b"), 0.5), Answer((), 1.0), Answer(2.5), Answer(0.1)], [[]] * 4
    )
    assert repr(several) == "Result of 4 rows: a, b (50%), none (100%), 2.5, ..."


def test_ids_of_nodes_stay_whole_numbers_beside_edges(tmp_path) -> None:
    found = [Heat(Unit("node", "7", Node(7)), 0.5), Heat(Unit("node", "7 -> 7", Edge(7, 7, 0)), 0.5)]
    result = Result([{"node": "7"}], ["7"], [Answer("a", 0.9)], [found])
    frame = result.to_frame()
    assert frame["id"].tolist()[0] == 7
    assert frame["source"].tolist()[1] == 7
    read = pd.read_parquet(result.save(tmp_path / "importance.parquet"))
    assert read["id"].dtype == read["number"].dtype == "Int64"
