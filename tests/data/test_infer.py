"""Inference says what each column is for, and what is asked."""

from __future__ import annotations

import pytest

from salience.core.errors import ConfigError, DataError
from salience.data.infer import infer, labelled, parse_targets
from salience.data.table import read


def table(labels: list[object], **columns: list[object]):
    texts = [f"the film with number {number} was fine" for number in range(len(labels))]
    columns = {"text": texts, "label": labels} | columns
    return read([dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)])


def test_a_small_table_by_hand():
    frame = table(
        ["yes", "no", None, "yes", "no"],
        age=["31", "7", "12", "13", "20"],
        评论=[f"第{n}次入住，很好" for n in range(5)],
    )
    frame.attrs["notes"] = ["the table is separated by semicolons, not by commas"]
    inference = infer(frame, target="label")
    assert inference.inputs == ("text", "age", "评论")
    assert inference.tabular == ("age",)
    assert (inference.task, inference.separator) == ("Classification", None)
    assert inference["评论"].kind.chinese
    assert not inference["text"].kind.chinese
    assert inference.statement().splitlines() == [
        "column  kind     role    why",
        "text    text     input   5 different texts of 31 characters on average",
        "label   boolean  target  only 'no' and 'yes'",
        "age     numeric  input   5 different numbers from 7 to 31",
        "评论    text     input   5 different texts of 8 characters on average, Chinese (86% of the letters)",
        "",
        "task: Classification, because the target has 2 different values that are not numbers",
        "rows: 4, leaving out 1 without a target",
        "note: the table is separated by semicolons, not by commas",
    ]


@pytest.mark.parametrize(
    ("labels", "task", "reason"),
    [
        (["pos", "neg"] * 5, "Classification", "the target has 2 different values that are not numbers"),
        (["0", "1"] * 5, "Classification", "the target has 2 different whole numbers"),
        ([1, 2, 3, 4, 5] * 3, "Classification", "the target has 5 different whole numbers"),
        ([True, False] * 5, "Classification", "the target has 2 different values that are not numbers"),
        ([0.5, 1.5, 2.5] * 5, "Regression", "the target has 3 different numbers"),
        (list(range(30)), "Regression", "the target has 30 different numbers"),
        ([str(number * 7 % 100) for number in range(100)], "Regression", "the target has 100 different numbers"),
        ([10, 20, 30, 40, 50], "Regression", "the target has 5 different numbers"),
        (["a|b", "b", "a", "a|b"], "MultiLabel", "cells hold labels separated by '|'"),
        ([["a", "b"], [], ["a"], ["b"]], "MultiLabel", "cells are lists of labels"),
    ],
)
def test_values_of_the_target_tell_the_task(labels, task, reason):
    inference = infer(table(labels), target="label")
    assert (inference.task, inference.reason) == (task, reason)


def test_the_task_can_be_chosen():
    frame = table([1, 2, 3, 4, 5] * 3)
    assert infer(frame, target="label", task="Regression").task == "Regression"
    assert infer(frame, target="label", task="multi_label").task == "MultiLabel"
    assert infer(frame, target="label", task="Regression").reason == "it was chosen"
    with pytest.raises(ConfigError, match=r"there is no task 'Regresion' for a table\n.*did you mean 'Regression'"):
        infer(frame, target="label", task="Regresion")


def test_the_inputs_can_be_chosen():
    frame = table(["a", "b"] * 4, title=["x", "y"] * 4, other=[f"another text {n} here too" for n in range(8)])
    inference = infer(frame, target="label", inputs=["title"])
    assert inference.inputs == ("title",)
    assert inference["other"].role == "left out"
    assert inference["other"].reason == "not among the named inputs; 8 different texts of 23 characters on average"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["a ", "b", "a", "b"], ["a", "b", "a", "b"]),
        ([1, 2, 1, 2], ["1", "2", "1", "2"]),
        ([1.0, 2.0, 1.0, 2.0], ["1", "2", "1", "2"]),
        ([True, False, True, False], ["True", "False", "True", "False"]),
        (["1.5", "2", " 3e2 ", "-1"], [1.5, 2.0, 300.0, -1.0]),
        ([0.5, 1, 2, 3], [0.5, 1.0, 2.0, 3.0]),
        (["1.250,5", "3,5", "7"], [1250.5, 3.5, 7.0]),
        (["$1,250.50", "$3.50", "$7"], [1250.5, 3.5, 7.0]),
        (["a|b", "b", " a|a |", "b|a"], [("a", "b"), ("b",), ("a",), ("b", "a")]),
        ([["a", "b"], [], ["a", "a"], [" b"]], [("a", "b"), (), ("a",), ("b",)]),
        ([[1, 2], [2], [1], []], [("1", "2"), ("2",), ("1",), ()]),
    ],
)
def test_targets_are_given_as_the_task_wants_them(labels, expected):
    frame = table(labels)
    parsed = parse_targets(frame, infer(frame, target="label"))
    assert parsed == expected
    assert [type(each) for each in parsed] == [type(each) for each in expected]


@pytest.mark.parametrize(("labels", "separator"), [(["a|b;c", "d"], "|"), (["a;b", "c"], ";"), (["a", "b"], ";")])
def test_a_chosen_multi_label_task_finds_its_separator(labels, separator):
    inference = infer(table(labels), target="label", task="MultiLabel")
    assert inference.separator == separator


@pytest.mark.parametrize("labels", [["a"], ["a", "a", "a"], ["a", "b", "c"]])
def test_a_chosen_task_is_taken_for_a_few_new_rows(labels):
    frame = table(labels)
    inference = infer(frame, target="label", inputs=["text"], task="Classification")
    assert parse_targets(frame, inference) == labels


def test_rows_without_target_are_counted_and_left_out():
    frame = table(["a", None, "b", "", "a", " ", "b"])
    inference = infer(frame, target="label")
    assert (inference.num_rows, inference.num_missing) == (7, 3)
    kept = labelled(frame, inference)
    assert list(kept.index) == ["1", "3", "5", "7"]
    assert kept.attrs == frame.attrs
    assert parse_targets(kept, inference) == ["a", "b", "a", "b"]


def test_a_missing_target_is_located():
    frame = table(["a", None, "b", "a", "b"])
    with pytest.raises(DataError) as caught:
        parse_targets(frame, infer(frame, target="label"))
    assert str(caught.value) == (
        "expected one label as target, got nothing\n"
        "  where: the rows, row 2, column 'label'\n"
        "  to do: leave out rows without a target: labelled(frame, inference)"
    )


def test_a_target_that_is_no_number_is_located_and_its_like_are_counted():
    frame = table([str(number / 7) for number in range(97)] + ["3,5", "n/a", "inf"])
    with pytest.raises(DataError) as caught:
        parse_targets(frame, infer(frame, target="label"))
    assert str(caught.value) == (
        "expected a finite number as target, got '3,5', and in 2 more rows nothing better\n"
        "  where: the rows, row 98, column 'label'\n"
        "  to do: write all numbers in one way"
    )


def test_a_list_is_no_single_label():
    frame = table([["a"], ["b"], ["a"]])
    with pytest.raises(
        DataError, match=r"expected one label as target, got \['a'\], and in 2 more .*\n.*row 1.*\n.*task="
    ):
        parse_targets(frame, infer(frame, target="label", task="Classification"))


def test_without_a_target_the_candidates_are_listed():
    frame = table(["a", "b"] * 4, age=["31", "7"] * 4)
    with pytest.raises(ConfigError) as caught:
        infer(frame, target=None)
    assert str(caught.value) == (
        "no target was named\n"
        "  where: the rows\n"
        "  to do: choose target='label' (2 different values in 8 cells) or 'age' (2 different numbers from 7 to 31)"
    )


def test_without_a_possible_target_that_is_said():
    with pytest.raises(ConfigError, match=r"no target was named\n.*\n.*add a column .* can be predicted: text"):
        infer(table([1] * 4).drop(columns="label"), target=None)


def test_a_target_that_is_no_column_brings_the_nearest_name():
    with pytest.raises(DataError, match=r"there is no column 'lable'\n.*the rows\n.*did you mean 'label'"):
        infer(table(["a", "b"] * 3), target="lable")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([None, "", None], "no row has a target"),
        (["a"] * 5, "the target is always 'a'"),
        (["a", "b", "c"], "each of the 3 rows has a label of its own"),
        ([{"a": 1}, {"a": 2}], "the target cannot be read: cells are values of type dict"),
    ],
)
def test_a_target_that_teaches_nothing_is_an_error(labels, message):
    with pytest.raises(DataError, match=rf"{message}\n.*the rows, column 'label'\n.*choose target='other'"):
        infer(table(labels, other=[3, 1, 4, 1, 5][: len(labels)]), target="label")


def test_what_is_no_text_is_read_as_a_table():
    frame = table(
        ["a", "b"] * 4,
        age=["31", "7"] * 4,
        job=["cook", "vet"] * 4,
        member=["yes", "no"] * 4,
        since=["2024-01-31", "2023-05-01"] * 4,
        id=[f"c{n}" for n in range(8)],
        same=["x"] * 8,
        fold=["train", "test"] * 4,
        parts=[{"a": 1}] * 8,
    ).drop(columns="text")
    inference = infer(frame, target="label")
    assert inference.inputs == inference.tabular == ("age", "job", "member", "since")
    left_out = {each.name: each.reason.split(";")[0] for each in inference.columns if each.role == "left out"}
    assert left_out == {
        "id": "ids are not read",
        "same": "there is nothing to learn from it",
        "fold": "it divides the rows",
        "parts": "values with parts are not read",
    }
    assert infer(frame, target="label", aside=["job"])["job"].role == "left out"


def test_a_table_without_anything_to_read_is_an_error_that_names_its_columns():
    frame = table(["a", "b"] * 4, same=["7"] * 8).drop(columns="text")
    with pytest.raises(DataError, match=r"there is no column to predict from \('same' is constant\)\n.*\n.*inputs="):
        infer(frame, target="label")
    with pytest.raises(DataError, match=r"the target is the only column"):
        infer(frame[["label"]], target="label")


def test_the_target_is_no_input():
    with pytest.raises(ConfigError, match=r"the target cannot be an input as well\n.*column 'label'\n.*take it out"):
        infer(table(["a", "b"] * 4), target="label", inputs=["text", "label"])


def test_numbers_are_no_text_but_a_table():
    frame = table(["a", "b"] * 4, age=["31", "7"] * 4)
    with pytest.raises(
        DataError, match=r"the column is numeric \(2 different numbers .*only text can be read\n.*'age'"
    ):
        infer(frame, target="label", inputs={"age": "Text"})
    assert infer(frame, target="label", inputs=["age", "text"]).tabular == ("age",)
    with pytest.raises(DataError, match=r"there is no column 'txt'"):
        infer(frame, target="label", inputs=["txt"])
    with pytest.raises(ConfigError, match=r"the list of inputs is empty\n.*at least one column"):
        infer(frame, target="label", inputs=[])


def test_named_categories_are_read_as_texts_unless_there_are_numbers_beside_them():
    frame = table(["a", "b"] * 4, age=["31", "7"] * 4, job=["cook", "vet"] * 4)
    assert infer(frame, target="label", inputs=["job"]).tabular == ()
    assert infer(frame, target="label", inputs=["job", "age"]).tabular == ("job", "age")
    assert infer(frame, target="label", inputs={"job": "Table", "text": "Text"}).tabular == ("job",)


def test_a_cell_that_is_no_number_is_located():
    frame = table(["a", "b"] * 20, age=["31", "7", *map(str, range(2, 38)), "old", "older"])
    with pytest.raises(
        DataError, match=r"expected a finite number, got 'old', and in 1 more .*\n.*row 39, column 'age'"
    ):
        infer(frame, target="label")


def test_an_input_cell_that_is_no_text_is_located():
    frame = table(["a", "b"] * 4)
    frame.iloc[2, 0] = 3
    with pytest.raises(
        DataError, match=r"expected a text, got 3\n.*the rows, row 3, column 'text'\n.*write it as a text"
    ):
        infer(frame, target="label")


def test_a_column_of_any_texts_can_be_named():
    for cells in (["x", None], [None, None], ["yes", "no"], ["2024-01-31", "2024-02-01"], ["a|b", "a"], ["u1", "u2"]):
        frame = table(["a", "b"] * 4, other=cells * 4)
        assert infer(frame, target="label", inputs=["other"]).inputs == ("other",)


def test_a_frame_that_was_not_read_is_refused():
    frame = table(["a", "b"] * 4)
    frame["side"] = "train"
    with pytest.raises(DataError, match=r"the columns side do not have the form .*\n.*\n.*call read\(frame\) first"):
        infer(frame, target="label")
    assert infer(read(frame), target="label")["side"].kind.name == "constant"


def test_real_chinese_reviews_are_understood(real_data):
    inference = infer(read(real_data("waimai-10k/datasets/waimai_10k/waimai_10k.csv")), target="label")
    assert (inference.inputs, inference.task) == (("review",), "Classification")
    assert inference["review"].kind.chinese


def test_a_ranking_reads_a_number_and_the_list_of_each_row():
    frame = read([{"text": f"offer number {n} of many", "query": f"q{n // 2}", "sold": n} for n in range(6)])
    inference = infer(frame, target="sold", task="ranking", lists="query")
    assert (inference.task, inference.lists, inference.inputs) == ("Ranking", "query", ("text",))
    assert parse_targets(frame, inference)[3] == (3.0, "q1")
    with pytest.raises(ConfigError, match="no column says which rows form a list"):
        infer(frame, target="sold", task="Ranking")
    with pytest.raises(DataError, match="quer"):
        infer(frame, target="sold", task="Ranking", lists="quer")
