"""What the first page says is true: its twelve lines run, its commands exist, its figures were measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import figures
from examples import reviews
from salience.cli.parser import parser
from tests import documents
from tests.test_docs import hook

READMES = [documents.ROOT / name for name in figures.PAGES]
EACH = pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)


def test_twelve_lines_lead_from_a_csv_file_to_a_prediction_and_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(block for block in documents.blocks(READMES[0]) if block.language == "python")
    assert len(first.text.splitlines()) <= 12
    documents.make_small(monkeypatch)
    monkeypatch.chdir(tmp_path)
    reviews.write("reviews.csv", reviews.reviews(rows=160))
    exec(compile(first.text, "README.md", "exec"), {})
    answer, *words = capsys.readouterr().out.splitlines()
    assert re.match(r"\['(negative|positive)'\] \[(0\.\d+|1\.0)", answer)
    shares = {line.split()[1]: float(line.split("%")[0]) for line in words}
    assert {"lovely", "mess"} <= set(shares)
    assert sum(float(line.split("%")[0]) for line in words) == pytest.approx(100, abs=1.5)
    assert Path("report.html").stat().st_size > 10_000


@EACH
def test_every_command_that_is_told_exists(page: Path) -> None:
    told = re.findall(r"^\| `(\w+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == list(hook("tables").verbs_of(parser()))


@EACH
def test_what_is_made_can_be_made(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (documents.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"make (\w+)(?: +#|`)", page.read_text(encoding="utf-8"))) <= set(targets)


@EACH
def test_pictures_are_small(page: Path) -> None:
    shown = re.findall(r"!\[.+?\]\((.+?)\)", page.read_text(encoding="utf-8"))
    assert len(shown) == 1
    assert (page.parent / shown[0]).stat().st_size < 300_000


@EACH
def test_the_figures_are_those_that_were_measured(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert figures.MARKED.search(text)
    expected = figures.filled(text, figures.results(figures.RESULTS), figures.PAGES[page.name])
    assert text == expected, "bring the figures up to date: python -m benchmarks.figures"


def test_without_a_result_nothing_stands_between_the_markers() -> None:
    page = "before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n"
    assert figures.filled(page, [], "en") == "before\n<!-- figures -->\n<!-- /figures -->\nafter\n"


def test_a_result_becomes_a_row_with_its_interval_and_its_bar() -> None:
    row = {"what": "import salience adds, cpu time", "value": 0.1234, "low": 0.1, "high": 0.2, "unit": "s"}
    rows = [{**row, "bar": "<= 0.5"}, {**row, "bar": None, "value": 7.0}, {**row, "bar": "< 1", "what": "another"}]
    machine = {"cpu": "a processor", "threads": 1, "torch": "2"}
    page = figures.filled(
        "<!-- figures -->\n<!-- /figures -->\n", [{"benchmark": "startup", "machine": machine, "rows": rows}], "en"
    )
    assert page.count("| `import salience` | 0.123 (0.1–0.2) s | ≤ 0.5 s |") == page.count("import salience") == 1
    assert "another" not in page
    assert "on a processor, 1 thread, torch 2." in page


def test_the_accuracy_stands_beside_the_best_linear_model() -> None:
    def row(what: str, value: float, note: str = "") -> dict[str, object]:
        return {"what": what, "value": value, "low": value - 0.01, "high": value + 0.01, "bar": None, "note": note}

    rows = [
        row("salience, accuracy", 0.9),
        row("salience, core_minutes", 2.0),
        row("majority class, accuracy", 0.5),
        row("pairs, accuracy", 0.85),
        row("words, accuracy", 0.8),
        row("accuracy beyond the best linear model", 0.05, note="pairs"),
    ]
    found = {"benchmark": "text_accuracy_mine", "machine": {"cpu": "a", "threads": 1, "torch": "2"}, "rows": rows}
    page = figures.filled("<!-- figures -->\n<!-- /figures -->\n", [found], "en")
    assert "| mine | 90.0% (89.0%–91.0%) | 85.0% | 50.0% | 2.0 min |" in page


def test_both_languages_say_the_same() -> None:
    parts = [re.findall(r"^(#+|- \*\*|```\w*|\| `\w+`)", page.read_text("utf-8"), re.MULTILINE) for page in READMES]
    assert parts[0] == parts[1]
