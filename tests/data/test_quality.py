"""What is planted in a table is found, and nothing is found in a clean one."""

from __future__ import annotations

import time

import numpy as np
import pytest

from salience.core.errors import DataError
from salience.data.infer import infer
from salience.data.quality import check
from salience.data.split import Split
from salience.data.table import read

WORDS = [
    "the",
    "a",
    "film",
    "actor",
    "story",
    "music",
    "light",
    "camera",
    "scene",
    "end",
    "was",
    "felt",
    "quite",
    "dull",
]


def clean(num_rows: int = 200, labels=("pos", "neg")) -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    texts = [f"{' '.join(rng.choice(WORDS, 8))} {number}" for number in range(num_rows)]
    return {"text": texts, "label": [labels[rng.integers(len(labels))] for _ in range(num_rows)]}


def found(columns: dict[str, list[object]], name: str | None = None, *, split=None, inputs=None, task=None):
    """The findings of a table, or those of one name."""
    frame = read([dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)])
    findings = check(frame, infer(frame, target="label", inputs=inputs, task=task), split)
    return [finding for finding in findings if name in (None, finding.name)]


@pytest.mark.parametrize("labels", [("pos", "neg"), ("a|b", "b", "a"), tuple(n / 7 for n in range(40))])
def test_a_clean_table_has_no_findings(labels):
    split = Split(np.arange(160), np.arange(160, 180), np.arange(180, 200), "by hand")
    assert found(clean(labels=labels), split=split) == []


def test_missing_cells_are_counted_by_column():
    columns = clean()
    columns["title"] = [f"a fine title of number {n} here" for n in range(200)]
    columns["age"] = [str(n * 7 % 50) for n in range(200)]
    columns["title"][3] = columns["age"][5] = columns["age"][7] = columns["label"][9] = None
    findings = found(columns, "missing cells", inputs=["text", "title"])
    assert [(each.severity, each.sentence, each.rows, each.columns, each.count) for each in findings] == [
        ("warning", "no value in column 'label' in 1 of 200 rows", ("10",), ("label",), 1),
        ("warning", "no value in column 'title' in 1 of 200 rows", ("4",), ("title",), 1),
        ("info", "no value in column 'age' in 2 of 200 rows", ("6", "8"), ("age",), 2),
    ]


def test_a_row_without_its_only_input_is_said_once():
    columns = clean()
    columns["text"][3] = None
    columns["text"][5] = " \t "
    (finding,) = found(columns)
    assert (finding.severity, finding.name) == ("warning", "empty texts")
    assert finding.sentence == "nothing to read in 2 of 200 rows"
    assert finding.rows == ("4", "6")


def test_duplicates_are_found():
    columns = clean()
    columns["text"][10:14] = [columns["text"][0]] * 4
    columns["label"][10:14] = [columns["label"][0]] * 4
    (finding,) = found(columns)
    assert (finding.severity, finding.name) == ("warning", "duplicates")
    assert finding.sentence == "the text of an earlier row again in 4 of 200 rows"
    assert finding.rows == ("11", "12", "13", "14")


def test_rows_of_a_table_are_not_called_texts():
    columns = {"age": [str(n * 7 % 50) for n in range(100)], "label": ["a", "b"] * 50}
    sentences = [each.sentence for each in found(columns)]
    assert "the input of an earlier row again in 50 of 100 rows" in sentences
    assert not any("text" in each for each in sentences)


def test_few_duplicates_are_only_mentioned():
    columns = clean()
    columns["text"][10], columns["label"][10] = columns["text"][0], columns["label"][0]
    assert [each.severity for each in found(columns, "duplicates")] == ["info"]


def test_conflicting_targets_are_found():
    columns = clean()
    columns["text"][7], columns["text"][9] = columns["text"][3], columns["text"][4]
    columns["label"][3:10] = ["pos", "neg", "pos", "pos", "neg", "pos", "neg"]
    (finding,) = found(columns, "conflicting targets")
    assert finding.severity == "warning"
    assert finding.sentence == "different targets for the same text in 2 of 200 rows"
    assert finding.rows == ("4", "8")
    assert finding.columns == ("text", "label")


def test_many_conflicting_targets_are_serious():
    columns = clean()
    columns["text"][100:] = columns["text"][:100]
    assert found(columns)[0].name == "conflicting targets"
    assert found(columns)[0].severity == "serious"


def test_rows_without_target_conflict_with_nothing():
    columns = clean()
    columns["text"][0] = columns["text"][1] = columns["text"][2]
    columns["label"][:3] = ["pos", None, "pos"]
    assert found(columns, "conflicting targets") == []


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("equal", lambda label, n: label),
        ("renamed", lambda label, n: {"pos": "5 stars", "neg": "1 star"}[label]),
        ("number", lambda label, n: {"pos": 1, "neg": 0}[label]),
        ("finer", lambda label, n: {"pos": "AB", "neg": "CD"}[label][n % 2]),
    ],
)
def test_a_column_that_tells_the_target_is_found(name, make):
    columns = clean()
    columns[name] = [make(label, n) for n, label in enumerate(columns["label"])]
    (finding,) = found(columns, "target leak", inputs=["text"])
    assert finding.severity == "warning"
    assert (
        finding.sentence
        == f"column '{name}' tells the target in 100.0% of the rows; it is no input, and should stay out"
    )
    assert finding.columns == (name,)


def test_an_input_that_tells_the_target_is_serious():
    columns = clean()
    columns["stars"] = [{"pos": "five", "neg": "one"}[label] for label in columns["label"]]
    first = found(columns, inputs=["text", "stars"])[0]
    assert (first.severity, first.name) == ("serious", "target leak")
    assert first.sentence == "column 'stars' tells the target in 100.0% of the rows; it is an input"


def test_a_column_that_nearly_tells_the_target_is_found():
    columns = clean(1000)
    columns["stars"] = [{"pos": 5, "neg": 1}[label] for label in columns["label"]]
    columns["stars"][5] = 6 - columns["stars"][5]
    assert "in 99.9% of the rows" in found(columns, "target leak")[0].sentence


def test_columns_that_say_little_are_no_leak():
    columns = clean()
    columns["coin"] = ["heads" if n % 3 else "tails" for n in range(200)]
    columns["number"] = [n * 37 % 200 for n in range(200)]
    columns["helps"] = [label if n % 5 else "unknown" for n, label in enumerate(columns["label"])]
    assert found(columns, "target leak") == []


def test_a_number_that_tells_a_number_is_found():
    columns = clean(labels=tuple(n * n / 7 for n in range(90)))
    columns["celsius"] = columns["label"]
    columns["fahrenheit"] = [32 + 1.8 * each for each in columns["label"]]
    columns["noise"] = [each + n % 13 * 50 for n, each in enumerate(columns["label"])]
    assert [each.columns for each in found(columns, "target leak")] == [("celsius",), ("fahrenheit",)]


@pytest.mark.parametrize(("labels", "severity"), [(("positive", "negative"), "serious"), (("好评", "差评"), "serious")])
def test_texts_that_name_their_label_are_found(labels, severity):
    columns = clean(labels=labels)
    columns["text"] = [
        f"{text} [{label.upper()}]" for text, label in zip(columns["text"], columns["label"], strict=True)
    ]
    (finding,) = found(columns, "label in text")
    assert finding.severity == severity
    assert finding.sentence.startswith("100% of the texts contain the name of their own label, and 0% that of another")
    assert finding.count == 200


def test_most_texts_that_name_their_label_are_a_warning():
    columns = clean(labels=("positive", "negative"))
    columns["text"] = [
        f"{text} {label}" if n % 5 < 3 else text
        for n, (text, label) in enumerate(zip(columns["text"], columns["label"], strict=True))
    ]
    assert [each.severity for each in found(columns, "label in text")] == ["warning"]


@pytest.mark.parametrize("labels", [("0", "1"), ("a", "b"), ("film", "actor"), ("pos", "neg")])
def test_labels_that_stand_in_texts_by_chance_are_no_finding(labels):
    assert found(clean(labels=labels), "label in text") == []


def test_a_label_within_another_word_does_not_count():
    columns = clean(labels=("art", "tech"))
    columns["text"] = [
        f"{text} {'party' if label == 'art' else 'technical'}"
        for text, label in zip(columns["text"], columns["label"], strict=True)
    ]
    assert found(columns, "label in text") == []


def test_uneven_classes_are_told_with_what_they_make_easy():
    columns = clean()
    columns["label"] = ["neg" if n % 10 else "pos" for n in range(200)]
    (finding,) = found(columns)
    assert (finding.severity, finding.name, finding.count) == ("warning", "uneven classes", 180)
    assert finding.sentence == "90.0% of the rows have the label 'neg': always saying it is right as often"


@pytest.mark.parametrize("separator", [None, "|"])
def test_rare_classes_are_named(separator):
    columns = clean()
    columns["label"][:6] = ["x", "x", "x", "x", "y", "pos"]
    if separator:
        columns["label"][6:40] = ["pos|neg"] * 34
    (finding,) = found(columns, "rare classes")
    assert finding.sentence == "fewer than 5 rows for 2 of 4 labels: 'x', 'y'"
    assert finding.count == 2


def test_very_long_texts_are_mentioned():
    columns = clean()
    columns["text"][5] = "long " * 300
    columns["text"][9] = "longer " * 300
    (finding,) = found(columns)
    assert (finding.severity, finding.name, finding.rows) == ("info", "very long texts", ("10", "6"))
    assert finding.sentence.endswith("characters in 2 of 200 rows; the longest text has 2,100")


@pytest.mark.parametrize(
    "text",
    [
        "caf\ufffd au lait",
        "café au lait".encode().decode("latin-1"),
        "it’s fine".encode().decode("cp1252"),
        "很好吃的菜".encode().decode("cp1252", "replace"),
        "这家很好".encode().decode("latin-1"),
        "ï»¿text",
        "锟斤拷锟斤拷",
    ],
)
def test_damaged_characters_are_found(text):
    columns = clean()
    columns["text"][4] = text
    (finding,) = found(columns)
    assert (finding.severity, finding.name, finding.rows) == ("warning", "damaged characters", ("5",))
    assert finding.sentence.endswith("as if read in a wrong encoding, in 1 of 200 rows")


@pytest.mark.parametrize(
    "text",
    [
        "café, naïve, Ångström, São Paulo, À bientôt",
        "« très allé\u00a0» dit-il",
        "很好，“真的”…",
        "Ã is a letter",
        "£5–€7 ½",
    ],
)
def test_good_characters_are_no_finding(text):
    columns = clean()
    columns["text"][4] = text
    assert found(columns) == []


def test_useless_columns_are_mentioned():
    columns = clean()
    columns |= {"id": list(range(200)), "source": ["web"] * 200, "empty": [None] * 200}
    assert [(each.severity, each.sentence) for each in found(columns) if each.name.endswith("column")] == [
        ("info", "column 'id' only names rows (numbers that name something, from 0 to 199)"),
        ("info", "column 'source' has the same value everywhere (always 'web')"),
        ("info", "column 'empty' is empty (no cell holds a value)"),
    ]


def test_a_useless_input_is_a_warning():
    columns = clean()
    columns["source"] = ["web"] * 200
    assert [each.severity for each in found(columns, "constant column", inputs=["text", "source"])] == ["warning"]


def test_texts_on_two_sides_are_found():
    columns = clean()
    columns["text"][165] = columns["text"][3]
    columns["text"][185] = columns["text"][3]
    columns["text"][186] = columns["text"][4].upper().replace(" ", "  ")
    split = Split(np.arange(160), np.arange(160, 180), np.arange(180, 200), "by hand")
    findings = [each for each in found(columns, split=split) if "overlap" in each.name]
    assert [(each.severity, each.name, each.sentence, each.rows) for each in findings] == [
        ("serious", "overlap", "in train as well, word for word: 1 of the 20 validation texts", ("166",)),
        ("serious", "overlap", "in train as well, word for word: 1 of the 20 test texts", ("186",)),
        (
            "serious",
            "near overlap",
            "in train as well, up to capitals and white space: 1 of the 20 test texts",
            ("187",),
        ),
    ]


def test_a_little_overlap_is_a_warning():
    columns = clean(1000)
    columns["text"][600] = columns["text"][3]
    split = Split(np.arange(400), np.arange(400, 500), np.arange(500, 1000), "by hand")
    assert [each.severity for each in found(columns, "overlap", split=split)] == ["warning"]


def test_the_serious_comes_first():
    columns = clean()
    columns["id"] = list(range(200))
    columns["text"][5] = None
    columns["text"] = [f"{text} {label}" for text, label in zip(columns["text"], columns["label"], strict=True)]
    columns["text"][5] = None
    assert [each.severity for each in found(columns)] == ["serious", "warning", "info"]


def test_a_target_that_cannot_be_read_is_located():
    columns = clean(labels=tuple(n / 7 for n in range(40)))
    columns["label"][5] = "x"
    with pytest.raises(DataError, match="row 6, column 'label'"):
        found(columns)


def test_fifty_thousand_rows_take_a_few_seconds():
    columns = clean(50_000)
    frame = read([{"text": text, "label": label} for text, label in zip(*columns.values(), strict=True)])
    inference = infer(frame, target="label")
    split = Split(np.arange(40_000), np.arange(40_000, 45_000), np.arange(45_000, 50_000), "by hand")
    start = time.process_time()
    check(frame, inference, split)
    assert time.process_time() - start < 3
