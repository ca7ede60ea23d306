"""What another seed may well see otherwise is drawn faintly everywhere, with its interval."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from salience.core.place import Heat, Span, Unit
from salience.evaluation.score import Score
from salience.reports import card, figure, layout, page, stored, terminal
from salience.reports.content import Member, Seeds
from salience.reports.render import span
from tests.reports import sample
from tests.reports.page_reader import read

TEXT = "a superb mess of words"
SURE = Heat(Unit("review", "superb", Span(2, 8)), 0.5, 0.4, 0.6)
FAINT = Heat(Unit("review", "mess", Span(9, 13)), 0.3, 0.05, 0.55, faint=True)
AGAINST = Heat(Unit("review", "of", Span(14, 16)), -0.25, -0.75, 0.25, faint=True)
SEEDS = Seeds(
    "accuracy",
    (Member(7, 3, 5, Score(0.9, 0.85, 0.95)), Member(8, 5, 5, Score(None, reason="one class only"))),
    Score(0.92, 0.88, 0.96),
    spearman=Score(0.61, 0.58, 0.64),
    kendall=Score(0.47, 0.44, 0.5),
    faint=Score(0.234, 0.2, 0.26),
    count=256,
)


def content():
    base = sample.english()
    shown = replace(
        base.examples[0],
        cells={"review": TEXT},
        heats={sample.RECEIVED.name: (SURE, FAINT), sample.INTEGRATED.name: (SURE, AGAINST)},
    )
    return replace(base, examples=(shown,), seeds=SEEDS)


def test_a_faint_mark_by_hand():
    assert span.render(TEXT, [SURE, FAINT]) == (
        'a <mark class="for l5" title="0.500 (0.400–0.600)">superb</mark> '
        '<mark class="for l3 faint" title="0.300 (0.050–0.550)">mess</mark> of words'
    )


def test_the_listed_units_have_their_intervals_and_lines_in_their_bars():
    received, integrated = layout.lay_out(content())[0].views
    assert [(unit.score, unit.between, unit.faint) for unit in received.units] == [
        ("50%", "40% to 60%", False),
        ("30%", "5.0% to 55%", True),
    ]
    # The longest end of an interval is the scale of all bars: 0.6 is 100 %.
    assert 'width="83.3%"' in received.units[0].bar
    assert 'x1="66.7%" x2="100.0%"' in received.units[0].bar
    assert 'class="for faint"' in received.units[1].bar
    assert integrated.units[1].between == "−0.75 to +0.25"
    # A bar against the prediction points the same way: from nothing to 0.75 of 0.75.
    assert 'x1="0.0%" x2="100.0%"' in integrated.units[1].bar


def test_units_without_intervals_are_drawn_as_ever():
    unit = layout.lay_out(sample.english())[0].views[0].units[0]
    assert (unit.between, unit.faint) == ("", False)
    assert "<line" not in unit.bar


def test_the_terminal_says_it_without_colour():
    text = terminal.example(content().examples[0], sample.RECEIVED, None, colour=False).plain
    assert "a [superb 50%] [mess 30%?] of words" in text
    assert "superb      50%  40% to 60%   ########################" in text
    assert "mess        30%  5.0% to 55%  .............." in text
    assert "with a question mark, or dotted: models with other seeds may well say otherwise" in text


def test_the_terminal_says_it_with_colour():
    text = terminal.example(content().examples[0], sample.RECEIVED, None, colour=True)
    styles = {
        text.plain[each.start : each.end]: str(each.style) for each in text.spans if "black on" in str(each.style)
    }
    assert styles["mess"] == "dim black on #ecf2fe"
    assert not styles["superb"].startswith("dim")
    assert "pale and dotted: models with other seeds" in text.plain


def test_the_terminal_says_nothing_of_it_where_there_is_one_model():
    text = terminal.example(sample.english().examples[0], sample.RECEIVED, None, colour=False).plain
    assert "other seeds" not in text
    assert "?]" not in text


def test_the_closing_block_has_the_agreement_of_seeds():
    lines = terminal.closing_block(content(), []).plain.splitlines()
    assert lines[3] == (
        "seeds       2; rank agreement 0.610 (0.580–0.640) (Spearman), 0.470 (0.440–0.500) (Kendall); "
        "23% of the parts are faint"
    )
    short = replace(content(), seeds=Seeds("accuracy", SEEDS.members, SEEDS.together))
    assert "2; no row has two parts, whose order could be compared" in terminal.closing_block(short, []).plain


def test_the_page_has_a_section_with_every_model():
    root = read(page.html(content()))
    (section,) = [each for each in root.all("section") if each.attributes["id"] == "seeds"]
    assert section.all("h2")[0].text == "Would another seed say the same?"
    assert "2 models were trained alike" in section.text
    assert [each.text for each in section.all("dd")][2].strip().startswith("23%")
    table = section.all("tbody")[0]
    assert [row.all("th")[0].text for row in table.all("tr")] == ["seed 7", "seed 8", "together"]
    assert "one class only" in table.all("tr")[1].text
    assert "3 of 5" in table.all("tr")[0].text
    assert "#seeds" in [link.attributes["href"] for link in root.all("nav")[0].all("a")]


def test_the_page_explains_faint_marks_where_there_are_some():
    root = read(page.html(content()))
    told = [each.text for each in root.all("p", "legend")]
    assert any("no more than its equal share (its interval covers that)" in each for each in told)
    assert any("neither for nor against (its interval covers 0)" in each for each in told)
    plain = read(page.html(sample.english()))
    assert not any("dotted" in each.text for each in plain.all("p", "legend"))
    assert "seeds" not in [each.attributes["id"] for each in plain.all("section")]


def test_seeds_whose_agreement_is_not_known_are_shown_all_the_same():
    short = replace(content(), seeds=Seeds("accuracy", SEEDS.members, SEEDS.together))
    assert "No input has two parts" in page.html(short)
    assert "Rank agreement" not in card.card(short)


def test_the_card_has_the_models_and_their_agreement():
    text = card.card(content())
    assert "## Models and seeds" in text
    assert "| seed 7 | 3 of 5 | 0.900 (0.850–0.950) |" in text
    assert "| together |  | 0.920 (0.880–0.960) |" in text
    assert "Spearman 0.610 (0.580–0.640), Kendall 0.470 (0.440–0.500). 23% of the parts of an input are faint" in text
    assert "## Models and seeds" not in card.card(sample.english())


@pytest.mark.parametrize("method", [sample.RECEIVED, sample.INTEGRATED])
def test_a_figure_draws_intervals(tmp_path, method):
    made = content()
    path = figure.importance(made.examples[0], method, None, tmp_path / "one.png")
    without = replace(
        made.examples[0],
        heats={name: [Heat(each.unit, each.score) for each in heats] for name, heats in made.examples[0].heats.items()},
    )
    assert path.read_bytes() != figure.importance(without, method, None, tmp_path / "two.png").read_bytes()


def test_everything_comes_back_from_json():
    assert stored.from_json(json.loads(json.dumps(stored.to_json(content())))) == content()


def test_a_heat_of_before_has_no_interval():
    older = json.loads(json.dumps(stored.to_json(sample.english())))
    older.pop("seeds")
    for example in older["examples"]:
        for heats in example["heats"].values():
            for heat in heats:
                for name in ("low", "high", "faint"):
                    heat.pop(name)
    assert stored.from_json(older) == sample.english()
