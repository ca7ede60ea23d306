"""The model card has every part, and no text of the data becomes Markdown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from salience.reports import card
from salience.reports.content import Command
from tests.reports import sample


def test_the_card_holds_use_trust_scores_data_and_commands():
    text = card.card(sample.english())
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Intended use",
        "Limits",
        "How far the importance can be trusted",
        "Scores",
        "Data",
        "Training",
        "Configuration",
        "Environment",
        "Make it again",
    ]
    for line in (
        "| accuracy | test | this model | 0.912 (0.893–0.930) |  |",
        "| AUROC | test | this model | — | only one class occurs |",
        "| negative | 0.921 (0.894–0.946) | 0.898 (0.869–0.926) | 0.910 (0.890–0.930) | 441 |",
        f"| reviews.csv | 6,012 | 1,482,190 | {'9f86d081884c7d65' * 4} |",
        "| validation | 900 |",
        "10 epochs; kept epoch 8, validation accuracy 0.911. Stopped after ten epochs; the eighth was kept.",
        "salience fit runs/2025-11-21-reviews/config.yaml",
    ):
        assert line in text.splitlines()


def test_a_bare_card_says_what_is_missing():
    text = card.card(sample.bare())
    assert "**Not measured.** Nobody has checked" in text
    assert text.count("Not stated.") == 3
    assert "## Scores\n\nNot measured." in text


@pytest.mark.parametrize(
    "attack",
    ["<script>x</script>", "| a | b |", "# heading", "[a](javascript:x)", "`code`", "line\n\n## break", "*b* _i_"],
)
def test_no_text_becomes_markdown(attack):
    text = card.card(sample.hostile(attack))
    outside = re.sub(r"^(```+)\w+\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert len(re.findall(r"^#+ ", outside, re.MULTILINE)) == len(
        re.findall(r"^#+ ", card.card(sample.hostile("x")), re.MULTILINE)
    )
    for sign in ("<script", r"(?<!\\)\]\(", " `", "\n## break", r" \*b", " _i_"):
        assert not re.search(sign, outside)
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in outside.splitlines() if line.startswith("| ")}
    assert widths <= {3, 5, 6, 7}


def test_a_fence_is_longer_than_any_inside():
    content = replace(sample.bare(), commands=(Command("echo ````", "say"),))
    assert "`````sh\necho ````\n`````" in card.card(content)


def test_writing_makes_the_folder(tmp_path):
    path = card.write(sample.chinese(), tmp_path / "run" / "card.md")
    assert path.read_text(encoding="utf-8") == card.card(sample.chinese())
