"""Two compared runs on one page that needs nothing else."""

from __future__ import annotations

import pytest

from salience.evaluation.comparison import Comparison, ScoreChange
from salience.evaluation.comparison.drift import Drift
from salience.evaluation.score import Score
from salience.reports import compared
from tests.reports.page_reader import read

ATTACK = "</title><script>parent.pwned=1</script>"


def comparison(**changes) -> Comparison:
    share = Score(0.25, 0.2, 0.3)
    drift = Drift(
        drift=share,
        spearman=Score(0.6, 0.5, 0.7),
        kendall=Score(0.4, 0.3, 0.5),
        overlap={"top_1": share, "top_3": Score(None, reason="no row has four units"), "top_20_percent": share},
        pieces="units",
        num_rows=57,
        num_constant=0,
        num_empty=0,
    )
    told = {
        "sentence": "A quarter of the importance lies elsewhere.",
        "method": "leave_one_out",
        "scores": {"accuracy": ScoreChange(Score(0.8, 0.7, 0.9), Score(0.9, 0.8, 1.0), Score(0.1, 0.05, 0.15), False)},
        "changed": Score(0.1, 0.05, 0.15),
        "is_value": False,
        "importance": drift,
        "num_rows": 61,
        "num_short": 4,
        "seed": 0,
        "draws": 100,
        "notes": ("Few rows.",),
        "verdicts": {"trust": ("trustworthy", "not proven")},
    }
    return Comparison(**{**told, **changes})


def page(found=None, runs=("before", "after")):
    return read(compared.html(found or comparison(), runs, "today"))


def test_the_page_has_the_sentence_every_number_and_the_notes():
    root = page()
    assert root.all("p", "lead")[0].text == "A quarter of the importance lies elsewhere."
    assert root.all("h1")[0].text == "From before to after"
    scores, numbers, verdicts = root.all("tbody")
    cells = [each.text.strip() for each in scores.all("td")]
    assert cells[:3] == ["0.800 (0.700–0.900)", "0.90 (0.80–1.00)", "0.100 (0.050–0.150)"]
    assert cells[-1] == "better"
    assert [row.all("th")[0].text for row in numbers.all("tr")][:3] == ["answers changed", "drift", "rank agreement"]
    assert "no row has four units" in numbers.text
    assert [each.text for each in verdicts.all("td")] == ["trustworthy", "not proven"]
    assert "Importance by leave one out, compared on 57 rows." in root.text
    assert "Few rows." in root.text


def test_differences_are_drawn_about_zero_and_agreement_from_minus_one():
    scores, numbers, _ = page().all("tbody")
    # 0.1 of 0.15 to the right of the middle, within margins of 5 %.
    assert scores.all("circle")[0].attributes["cx"] == "80.0%"
    spearman = numbers.all("tr")[2].all("circle")[0]
    assert spearman.attributes["cx"] == "77.0%"


def test_rows_without_targets_and_runs_without_verdicts_have_no_tables_of_them():
    assert len(page(comparison(scores={}, verdicts={}, is_value=True)).all("tbody")) == 1


def test_no_name_becomes_an_element_and_nothing_is_loaded():
    html = compared.html(comparison(notes=(ATTACK,), sentence=ATTACK), (ATTACK, "after"), "today")
    assert "<script>" not in html
    root = read(html)
    assert root.all("title")[0].text.endswith("and after")
    assert not root.all("img") + root.all("link") + root.all("script")
    (policy,) = [each for each in root.all("meta") if each.attributes.get("http-equiv")]
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_writing_makes_the_folder_and_says_where_the_page_is(tmp_path):
    path = compared.write(comparison(), ("a", "b"), "today", tmp_path / "new" / "page.html")
    assert path.read_text(encoding="utf-8") == compared.html(comparison(), ("a", "b"), "today")


@pytest.mark.parametrize("score", [Score(None, reason="none"), Score(0.0)])
def test_a_difference_of_nothing_has_a_scale(score):
    change = ScoreChange(Score(0.8), Score(0.8), score, False)
    assert "accuracy" in page(comparison(scores={"accuracy": change})).text
