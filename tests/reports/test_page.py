"""The page as a document: complete, accessible, alone, and deaf to what its texts try."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import salience.reports
from salience.core.place import Column, Heat, Unit
from salience.evaluation.score import Score
from salience.reports import page
from salience.reports.content import ColumnImportance
from tests.reports import sample
from tests.reports.page_reader import Element, read

ATTACKS = {
    "script": "<script>parent.pwned=1;document.title='pwned'</script>",
    "attribute": '"\'><img src=x onerror="parent.pwned=1"><svg/onload=parent.pwned=1>',
    "ends": "</title></style></textarea></script></bdi></main><script>parent.pwned=1</script>",
    "template": "{{ 7 * 7 }}{% include 'page.html' %}{{ content.title.__class__ }}",
    "entities": "&lt;script&gt;parent.pwned=1&lt;/script&gt;&#60;b&#62;<!-- ]]> --!>",
    "controls": "a\x00b\x1b[31mc\x7fd\x85e\ud800f\u202eg\u2066h",
    "address": "javascript:parent.pwned=1",
}
STYLE = (Path(salience.reports.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")


def _page(content) -> Element:
    return read(page.html(content))


@pytest.fixture(scope="module")
def english() -> Element:
    return _page(sample.english())


def test_writing_makes_the_folder_and_says_where_the_page_is(tmp_path):
    path = page.write(sample.bare(), tmp_path / "runs" / "one" / "report.html")
    assert path == tmp_path / "runs" / "one" / "report.html"
    assert path.read_text(encoding="utf-8") == page.html(sample.bare())
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_the_sections_stand_in_reading_order(english):
    titles = [heading.text for heading in english.all("h2")]
    assert titles == [
        "Where the model looked",
        "Are the highlights true?",
        "How well it predicts",
        "Words that gave each class away",
        "What it learned from",
        "How training went",
        "Model card",
    ]
    assert [link.attributes["href"] for link in english.all("nav")[0].all("a")] == [
        "#" + section.attributes["id"] for section in english.all("section")
    ]


def test_every_part_of_the_content_is_on_the_page(english):
    text = " ".join(english.text.split())
    content = sample.english()
    wanted = [
        content.title,
        *content.headline,
        content.proof.sentence,
        content.proof.operator,
        *content.inferred,
    ]
    wanted += [finding.sentence for finding in (*content.findings, *content.proof.guards)]
    wanted += [
        *content.limits,
        content.intended_use,
        content.split.how,
        content.data_files[0].sha256,
        content.history.note,
    ]
    wanted += [command.line for command in content.commands] + [content.calibration.note]
    wanted += ["0.912 (0.893–0.930)", "0.510 (0.478–0.543)", "only one class occurs", "56 rows", "kept"]
    assert [each for each in wanted if " ".join(each.split()) not in text] == []
    for shown in content.examples:
        assert shown.cells["review"] in [cell.text for cell in english.all("div", "text")]


def test_a_bare_report_draws_no_empty_section_and_says_what_was_not_measured():
    bare = _page(sample.bare())
    assert [section.attributes["id"] for section in bare.all("section")] == ["proof", "card"]
    assert "Can the highlights be trusted? Not measured." in bare.text
    assert bare.all("svg") == []


def test_the_picture_of_each_method_stands_beside_its_own_proof():
    about = _page(sample.english()).all("div", "about")
    verdicts = [" ".join(each.all("b")[1].text.split()) for each in about]
    assert verdicts[:2] == ["Pass, skill 0.810 (0.740–0.880).", "Weak, skill 0.550 (0.480–0.620)."]
    unproven = _page(replace(sample.english(), proof=None)).all("div", "about")
    assert all("Not measured." in each.text for each in unproven)


def test_a_misleading_importance_is_named_so_at_the_top():
    header = _page(sample.chinese()).all("header", "top")[0]
    assert "Can the highlights be trusted? Misleading." in header.text
    assert "bad" in header.all("div", "verdict")[0].attributes["class"]


def test_a_judged_method_that_is_itself_the_best_keeps_its_colour():
    proof = sample.proof()
    best = _page(replace(sample.english(), proof=replace(proof, best=proof.shown))).all("section")[1]
    kinds = [line.attributes["class"] for line in best.all("figure")[1].all("polyline")]
    assert kinds == ["curve reference", "curve shown"]


def test_one_score_has_one_scale_on_all_sides():
    content = sample.english()
    elsewhere = replace(content.scores[0], side="validation", score=Score(0.2))
    table = _page(replace(content, scores=(content.scores[0], elsewhere))).all("table", "scores")[0]
    assert [circle.attributes["cx"] for circle in table.all("circle")] == ["92.8%", "5.0%"]


def test_only_the_last_of_the_best_epochs_was_kept(english):
    rows = [row for row in english.all("section")[5].all("tr") if "kept" in row.text]
    assert [row.all("th")[0].text for row in rows] == ["8 kept"]


def test_right_and_wrong_examples_are_told_in_words():
    outcomes = [" ".join(each.text.split()) for each in _page(sample.tickets()).all("p", "outcome")]
    assert outcomes[0] == "predicted department 1 30% truth department 13 × wrong"
    assert outcomes[1] == "predicted department 1 30% truth unknown"


def test_more_than_ten_examples_are_folded_but_present():
    folded = _page(sample.many(13, words=20)).all("details", "more")[0]
    assert folded.all("summary")[0].text == "3 more examples"
    assert len(folded.all("article")) == 3


def test_a_matrix_too_large_to_read_becomes_its_most_frequent_confusions():
    text = _page(sample.tickets()).text
    assert "Most frequent confusions of 14 classes" in text


def test_headings_descend_one_step_at_a_time(english):
    levels = [int(each.tag[1]) for each in english.all() if re.fullmatch(r"h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_landmarks_are_there_once_and_named(english):
    assert [len(english.all(tag)) for tag in ("main", "nav", "footer")] == [1, 1, 1]
    identifiers = [each.attributes["id"] for each in english.all() if "id" in each.attributes]
    assert len(identifiers) == len(set(identifiers))
    for section in english.all("section"):
        assert section.attributes["aria-labelledby"] in identifiers
    assert english.all("html")[0].attributes["lang"] == "en"


@pytest.mark.parametrize("make", [sample.english, sample.chinese, sample.tickets])
def test_every_table_names_its_rows_and_columns(make):
    for table in _page(make()).all("table"):
        assert all(cell.attributes.get("scope") in ("col", "row", "rowgroup") for cell in table.all("th"))
        assert len(table.all("thead")) == 1
        assert all(cell.attributes["scope"] == "col" for cell in table.all("thead")[0].all("th"))


def test_every_picture_is_described_or_stands_beside_its_numbers(english):
    for drawing in english.all("svg"):
        described = drawing.attributes.get("role") == "img" and drawing.attributes.get("aria-label")
        assert described or drawing.attributes.get("aria-hidden") == "true"
    assert all(figure.all("figcaption") or figure.all("svg") for figure in english.all("figure"))


def test_every_choice_has_its_label(english):
    labels = {label.attributes["for"] for label in english.all("label")}
    assert {each.attributes["id"] for each in english.all("input")} == labels
    assert all(group.all("legend") for group in english.all("fieldset"))


def test_boxes_that_scroll_can_be_reached_by_keyboard(english):
    boxes = [
        each for each in english.all("div", "scroll") if "telling" not in str(each.all("table")[0].attributes["class"])
    ]
    assert boxes
    assert all(each.attributes.get("tabindex") == "0" and each.attributes.get("aria-label") for each in boxes)


def test_the_page_refers_to_nothing_outside(english):
    html = page.html(sample.english())
    for element in english.all():
        for name in ("src", "srcset", "href", "action", "data", "poster"):
            assert (element.attributes.get(name) or "#").startswith("#")
    assert "url(" not in html
    assert "@import" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_only_the_own_script_and_style_are_allowed(english):
    policy = next(each for each in english.all("meta") if "http-equiv" in each.attributes).attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert all("style" not in element.attributes for element in english.all())


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_text_becomes_an_element_an_attribute_or_a_template(attack):
    hostile, harmless = _page(sample.hostile(attack)), _page(sample.hostile("harmless"))
    assert _shape(hostile) == _shape(harmless)
    html = page.html(sample.hostile(attack))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", html)
    assert ">49<" not in html


def _shape(element: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Tags with the names of their attributes: what a text must not be able to change."""
    shape = [(each.tag, tuple(each.attributes)) for each in element.all()]
    # Names on two lines and gaps in windows depend on the length of a text, not on what it says.
    return [each for each in shape if each[0] not in ("tspan", "text")]


def test_fifty_long_examples_stay_below_five_megabytes():
    html = page.html(sample.many(50, words=10_000))
    assert len(html.encode()) < 5_000_000
    assert html.count('<details class="whole">') == 50


def test_one_endless_line_is_no_problem():
    content = sample.english()
    endless = replace(content.examples[0], cells={"review": "好" * 100_000}, heats={})
    root = _page(replace(content, title="t" * 100_000, examples=(endless,)))
    assert len(root.all("title")[0].text) == 80
    assert root.all("div", "text")[0].all("span", "gap")[0].text == "⋯ 99,910 characters ⋯"


def _themes() -> dict[str, dict[str, str]]:
    blocks = dict(zip(("light", "dark", "print"), re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL), strict=True))
    return {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for name, block in blocks.items()}


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, two: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_is_readable_on_every_heat_in_every_theme(theme):
    colours = _themes()[theme]
    for side in ("for", "against"):
        for shade in range(1, 6):
            assert _contrast(colours["ink"], colours[f"{side}-{shade}"]) >= 4.5
    for text in ("ink", "soft", "accent", "counter"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5
    assert _contrast(colours["ink"], colours["faint"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_heats_become_steadily_stronger(theme):
    colours = _themes()[theme]
    for side in ("for", "against"):
        steps = [_contrast(colours[f"{side}-{shade}"], colours["paper"]) for shade in range(1, 6)]
        assert all(stronger > weaker for weaker, stronger in pairwise(steps))


@pytest.mark.parametrize(("count", "rest"), [(3, None), (50, None), (60, "10 columns more: 10%")])
def test_columns_beyond_fifty_are_told_together(count, rest):
    columns = tuple(ColumnImportance(f"列 {n}", Score(0.01, 0.005, 0.02), 30) for n in range(count))
    told = page.html(replace(sample.english(), columns=columns))
    assert told.count("<bdi>列 ") == min(count, 50)
    assert ("columns more" in told) == (rest is not None)
    assert rest is None or rest in told


def test_columns_of_a_table_are_told_as_bars_and_not_as_tints():
    (shown, *_) = sample.english().examples
    bars = tuple(Heat(Unit(name, "3", Column(name)), 0.5) for name in ("age", "pay"))
    told = page.html(replace(sample.english(), examples=(replace(shown, heats={sample.RECEIVED.name: bars}),)))
    assert "The longer the bar of a column, the more it mattered" in told
    assert "tinted and underlined" not in told
    assert "tinted and underlined" in page.html(sample.english())
