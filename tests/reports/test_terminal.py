"""The console says the same with colour and without, and no text commands the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from salience.core.errors import NotAvailable
from salience.core.place import Column, Heat, Unit
from salience.reports import terminal
from salience.reports.content import Epoch, Fact
from tests.reports import sample

FIRST = sample.english().examples[0]


def _console(**options) -> Console:
    return Console(file=io.StringIO(), width=100, **options)


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not terminal.coloured(_console())
    assert terminal.coloured(_console(force_terminal=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.coloured(_console(force_terminal=True))


def test_the_header_is_one_line():
    line = terminal.header_line("reviews.csv", [Fact("rows", "6,000"), Fact("device", "cpu\n")])
    assert line.plain == "reviews.csv  rows 6,000  device cpu↵"


def test_rows_of_epochs_are_aligned_and_mark_the_best():
    epochs = [Epoch(3, 0.5, 0.861, 1e-3, 12.4), Epoch(10, 0.25, None, 9e-5, 75.0, best=True)]
    lines = [terminal.epoch_line(epoch, total=10, metric="accuracy").plain for epoch in epochs]
    assert lines[0] == " 3/10  accuracy    0.861  loss    0.500  lr    0.001       12 s"
    assert lines[1] == "10/10  accuracy        —  loss    0.250  lr  9.0e−05   1 min 15 s  * best"


def test_the_closing_block_has_scores_trust_and_paths():
    lines = terminal.closing_block(sample.english(), [Fact("report", "runs/one/report.html")]).plain.splitlines()
    assert lines[0] == "accuracy    0.912 (0.893–0.930) on test; word counts 0.861; most frequent class 0.510"
    assert lines[2] == "AUROC       undefined: only one class occurs"
    assert lines[3].startswith("importance  pass: Removing the words")
    assert lines[4] == "report      runs/one/report.html"
    assert len(lines) == 5


def test_the_closing_block_says_what_was_not_measured():
    assert terminal.closing_block(sample.bare(), []).plain.startswith("importance  not measured: Nobody has checked")


def test_without_colour_brackets_and_numbers_say_it():
    text = terminal.example(FIRST, sample.INTEGRATED, sample.proof(), colour=False)
    assert "The plot is [thin −1.10], but the two leads are [superb +2.60], and" in text.plain
    assert "superb     +2.60  ########################" in text.plain
    assert text.plain.startswith("row 1042  predicted positive 99%  truth positive  correct\n")
    assert text.plain.endswith("Pass, skill 0.97 (0.90–1.04). Its order can be trusted.")


def test_with_colour_the_text_stays_as_it_is():
    text = terminal.example(FIRST, sample.INTEGRATED, None, colour=True)
    assert FIRST.cells["review"] in text.plain
    marked = {text.plain[each.start : each.end] for each in text.spans if "black on" in str(each.style)}
    assert marked == {"thin", "superb", "quietly", "moving", "love", "never"}
    assert text.plain.endswith("Not measured. Nobody has checked whether the highlighted parts matter to the model.")


def test_words_of_double_width_stay_aligned():
    lines = terminal.example(sample.chinese().examples[0], sample.RECEIVED, None, colour=False).plain.splitlines()
    assert "好吃      22%  ########################" in lines
    assert "牛       2.1%  ##" in lines


def test_no_text_commands_the_terminal_or_becomes_markup():
    cell = "\x1b[2J\x1b]0;owned\x07[red]word[/red]\x00"
    shown = replace(
        FIRST, cells={"review": cell}, heats={sample.RECEIVED.name: sample.heats("review", cell, {"word": 1.0})}
    )
    console = _console(force_terminal=True, color_system=None)
    console.print(terminal.example(shown, sample.RECEIVED, None, colour=False))
    printed = console.file.getvalue()
    assert "␛[2J␛]0;owned␇[red][word 100%][/red]␀" in printed
    assert "\x1b[2J" not in printed
    assert "\x07" not in printed


def test_a_long_text_is_shown_around_what_mattered():
    shown = sample.many(1, words=3000).examples[0]
    text = terminal.example(shown, sample.RECEIVED, None, colour=False).plain
    assert len(text) < 2500
    assert "[superb 0.4%]" in text
    assert "characters ..." in text


@pytest.mark.parametrize(("count", "told"), [(4, None), (9, "3 others: 33%")])
def test_what_is_not_listed_is_told_together_where_there_is_some(count, told):
    columns = tuple(Heat(Unit(f"c{n}", "1", Column(f"c{n}")), 1 / count) for n in range(count))
    shown = replace(FIRST, cells={}, heats={sample.RECEIVED.name: columns})
    text = terminal.example(shown, sample.RECEIVED, None, colour=False).plain
    assert ("others" in text) == (told is not None)
    assert told is None or told in text


def test_several_columns_are_named():
    text = terminal.example(sample.tickets().examples[0], sample.RECEIVED, None, colour=False).plain
    assert "subject: [Invoice 40%] 4711" in text
    assert "priority: 3" in text


def test_a_method_that_was_not_measured_is_not_available():
    with pytest.raises(NotAvailable, match="there is no importance by 'received attention'"):
        terminal.example(sample.tickets().examples[1], sample.RECEIVED, None, colour=False)
