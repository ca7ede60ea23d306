from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.data.prose import paragraphs


def said(docstring: str) -> list[str]:
    """The sentences that are left, whatever their paragraph."""
    return [sentence for paragraph in paragraphs(docstring) for sentence in paragraph if sentence]


PLAIN = "The rows are sorted before they are compared."


def test_a_plain_docstring_is_kept_whole() -> None:
    text = """Sort the rows of a table.

    The rows are compared from left to right. Rows that are equal
    keep their order, e.g. in a long table.
    """
    assert paragraphs(text) == [
        ["Sort the rows of a table."],
        ["The rows are compared from left to right.", "Rows that are equal keep their order, e.g. in a long table."],
    ]


def test_a_variable_ends_a_sentence_and_an_abbreviation_does_not() -> None:
    text = (
        "The rows have the same shape as x. The second axis, cf. the other table, is that of Mr. B. Good, who wrote it."
    )
    assert paragraphs(text) == [
        [
            "The rows have the same shape as x.",
            "The second axis, cf. the other table, is that of Mr. B. Good, who wrote it.",
        ]
    ]


def test_a_sentence_left_out_leaves_a_gap() -> None:
    assert paragraphs(f"{PLAIN} See a[0] == b[0] for what is meant here. {PLAIN}") == [[PLAIN, "", PLAIN]]


def test_a_numpy_style_list_of_parameters_leaves_the_descriptions() -> None:
    text = f"""Sort.

    Parameters
    ----------
    rows, columns : array_like, shape (n, m)
        The rows that will be sorted in place here. {PLAIN}
    kind : {{'quick', 'merge'}}, optional
        How the rows are to be sorted.

    Returns
    -------
    int
        The number of rows that changed their place.
    """
    assert said(text) == [
        "The rows that will be sorted in place here.",
        PLAIN,
        "How the rows are to be sorted.",
        "The number of rows that changed their place.",
    ]


def test_a_google_style_list_of_parameters_leaves_the_descriptions() -> None:
    text = """Sort.

    Args:
        rows (Tensor): The rows that will be sorted
            in place by this function.
        kind (str or Callable[[int], int], optional): How the rows are to be sorted.
    """
    assert said(text) == ["The rows that will be sorted in place by this function.", "How the rows are to be sorted."]


@pytest.mark.parametrize(
    "left_out",
    [
        ">>> The rows are sorted before they are compared.\n    The rows are printed by this example here.",
        "Example::\n\n        The rows are sorted before they are compared here.",
        "Code follows here::\n\n        The rows are sorted before they are compared.\n\n        And so it goes on.",
        ".. code-block:: python\n\n        The rows are sorted before they are compared here.",
        ".. math::\n        The rows are sorted before they are compared here.",
        ".. versionadded:: 1.2\n        The rows are sorted before they are compared here.",
        ".. [1] The rows are sorted before they are compared here.",
        "See Also\n    --------\n    sort : The rows are sorted before they are compared here.",
        "References\n    ----------\n    The rows are sorted before they are compared here.",
        "=====  =====\n    The rows are sorted before they are compared.\n    =====  =====",
        "+-----+\n    | The rows are sorted before they are compared. |\n    +-----+",
        "The rows are compared by :math:`x < y` before they are sorted.",
        "The rows are compared by $x$ before they are sorted here.",
        "The rows are described at https://example.org as everyone can see.",
        "The rows are given as {rows} and are sorted before that.",
        "The rows are few.",
        "the rows are sorted before they are compared.",
        "The rows are sorted before they are compared",
        "Call a.sort(b) before the rows of them are compared.",
        "The rows " + "and rows " * 45 + "are sorted.",
        "Licensed under the terms of the Apache license as it is.",
    ],
)
def test_what_is_no_prose_is_left_out(left_out: str) -> None:
    text = f"Sort.\n\n    {left_out}\n\n    Notes\n    -----\n    {PLAIN}\n"
    assert said(text) == [PLAIN]


@pytest.mark.parametrize("kind", ["note", "warning", "tip", "important"])
def test_what_a_note_says_is_kept(kind: str) -> None:
    assert said(f"Sort.\n\n.. {kind}::\n    {PLAIN}\n") == [PLAIN]
    assert said(f"Sort.\n\n.. {kind}:: {PLAIN[:19]}\n    {PLAIN[20:]}\n") == [PLAIN]


def test_items_of_a_list_are_paragraphs() -> None:
    text = "Sort.\n\n- The first thing that must be known is this.\n- The second thing that must be\n  known is that.\n"
    assert paragraphs(text)[1:] == [
        ["The first thing that must be known is this."],
        ["The second thing that must be known is that."],
    ]


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("The ``rows`` are sorted by `kind` here.", "The rows are sorted by kind here."),
        ("The **rows** are *always* sorted by kind here.", "The rows are always sorted by kind here."),
        ("The :class:`~a.b.Table` is sorted by :func:`sort` here.", "The a.b.Table is sorted by sort here."),
        ("The :ref:`great table <table>` is sorted by kind here.", "The great table is sorted by kind here."),
        ("The `great table <table.html>`_ is sorted by kind here.", "The great table is sorted by kind here."),
        ("The rows are sorted by kind here [1]_, as always [Foo99]_.", "The rows are sorted by kind here, as always."),
        (
            "The rows are sorted in a non-\nnegative way by all of them.",
            "The rows are sorted in a non-negative way by all of them.",
        ),
    ],
)
def test_markup_is_taken_off(marked: str, plain: str) -> None:
    assert said(marked) == [plain]


@given(st.text(st.sampled_from("ab A.\n :`*-=>|_\t"), max_size=300))
def test_any_text_is_read_without_an_error_and_gives_plain_sentences(docstring: str) -> None:
    for sentence in said(docstring):
        assert sentence[0].isupper()
        assert sentence[-1] in ".!?"
        assert 6 <= len(sentence.split(" ")) <= 45
