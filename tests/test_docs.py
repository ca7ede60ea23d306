"""The documentation is true: its code runs, its links lead somewhere, and nothing public is left out."""

from __future__ import annotations

import argparse
import dataclasses
import doctest
import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import salience
from examples import reviews
from salience import attention
from salience.cli.catalogue import ROOMS
from salience.cli.parser import parser
from salience.run.settings import Settings
from salience.training import TrainOptions
from tests import documents

HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
PAGES = pytest.mark.parametrize("page", documents.pages(), ids=lambda page: str(page.relative_to(documents.ROOT)))


def hook(name: str) -> ModuleType:
    """A hook of the documentation; these lie outside every package."""
    path = documents.ROOT / "docs" / "hooks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"hook_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def modules() -> list[str]:
    there = [each.name for each in pkgutil.walk_packages(salience.__path__, "salience.")]
    # Kernels for GPUs can be read only where their compiler is.
    gpu = importlib.util.find_spec("triton") is not None
    return sorted(name for name in there if gpu or not name.startswith("salience.kernels.triton"))


def exports() -> list[tuple[str, str]]:
    """Each public name of each module that says what is public."""
    rooms = {name: importlib.import_module(name) for name in ("salience", *modules())}
    return [(room, name) for room, module in rooms.items() for name in getattr(module, "__all__", ())]


@PAGES
def test_the_code_of_a_page_is_sound(page: Path) -> None:
    documents.check(page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in documents.pages() if documents.trains(page)], ids=lambda page: page.name
)
def test_a_page_that_trains_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents.make_small(monkeypatch)
    monkeypatch.chdir(tmp_path)
    reviews.write("reviews.csv", reviews.reviews(rows=160))
    documents.run(page)


@PAGES
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        assert not link.startswith(("http:", "https:")), f"{link}: pages work without a network"
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in {_slug(each) for each in HEADING.findall(target.read_text(encoding="utf-8"))}, link


def test_every_page_is_in_the_navigation() -> None:
    navigation = (documents.ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2]
    for page in (documents.ROOT / "docs").rglob("*.md"):
        assert str(page.relative_to(documents.ROOT / "docs")) in navigation


@pytest.mark.parametrize(("room", "name"), exports())
def test_every_public_name_is_documented_by_a_sentence(room: str, name: str) -> None:
    value = getattr(importlib.import_module(room), name)
    if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
        first = (value.__doc__ or "").strip().split("\n\n")[0]
        assert re.fullmatch(r"(?s)[^(]{4}.{4,}[.:?`\])]", first), f"{room}.{name} says {first!r}"


def test_every_mechanism_is_in_the_reference() -> None:
    page = (documents.ROOT / "docs" / "api" / "attention.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: salience\.attention\.([A-Z]\w+)$", page, re.MULTILINE)) == set(attention.__all__)


@pytest.mark.parametrize("kind", ROOMS)
def test_every_option_that_a_config_can_name_is_documented(kind: str) -> None:
    tables, room = hook("tables"), importlib.import_module(ROOMS[kind])
    for name in room.__all__:
        made = getattr(room, name)
        if inspect.isclass(made):
            missing = {each.name for each in tables.options_of(made)} - set(tables.told(made))
            assert not missing, f"{name}: no sentence for {missing}"


@pytest.mark.parametrize("kind", [Settings, TrainOptions])
def test_every_key_of_a_config_is_documented(kind: type) -> None:
    sentences = hook("tables").documented(kind)
    for field in dataclasses.fields(kind):
        assert sentences.get(field.name, "").endswith("."), f"{kind.__name__}.{field.name}"


def test_every_verb_and_flag_is_documented() -> None:
    shown = hook("tables").verbs()
    for name, verb in hook("tables").verbs_of(parser()).items():
        assert f"## {name}\n\n" in shown
        for action in verb._actions:
            assert action.help, f"{name}: no help for {action.option_strings or action.dest}"
            assert action.help is not argparse.SUPPRESS
            common = action.dest in hook("tables").COMMON
            assert common or all(flag in shown for flag in action.option_strings)


def test_every_table_that_a_page_asks_for_can_be_made() -> None:
    tables = hook("tables")
    asked = [found for page in documents.pages() for found in tables.MARKER.findall(page.read_text(encoding="utf-8"))]
    assert ("named", "mechanisms") in asked
    for name, argument in asked:
        made = tables.TABLES[name](*([argument] if argument else []))
        assert "| --- |" in made, (name, argument)


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name: str) -> None:
    if name == "salience.data.tokens.jieba":
        pytest.importorskip("jieba")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", ["docstrings", "formulas", "tables"])
def test_the_examples_of_a_hook_run(name: str) -> None:
    assert doctest.testmod(hook(name)).failed == 0


def test_every_formula_can_be_drawn() -> None:
    formulas = hook("formulas")
    texts = [path.read_text(encoding="utf-8") for path in (documents.ROOT / "src").rglob("*.py")]
    found = [each for text in texts for each in re.findall(r":math:`([^`]+)`", text) if each != "[^"]
    found += [each for page in documents.pages() for each in re.findall(r"\$`([^`]+)`\$", page.read_text("utf-8"))]
    assert len(found) > 30
    for each in found:
        assert formulas.drawn(" ".join(each.split())).startswith("<svg")


def test_the_numbers_of_the_example_by_hand_are_those_of_the_library() -> None:
    from salience.evaluation import measure_faithfulness
    from salience.evaluation.importance import Received
    from tests.evaluation.linear import linear

    pipeline = linear({"superb": 3.0, "film": 0.0, "but": -0.5, "long": -1.0}, bias=-1.0)
    found = measure_faithfulness(pipeline, [{"a": "superb film but long"}], Received(), count=1, draws=0)
    effect = found.effects["log_odds"]["received"]
    page = (documents.ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    assert "Comprehensiveness is the mean of the first drops, 3; sufficiency that of the second, -1.5." in page
    assert effect.comprehensiveness.value == pytest.approx(3)
    assert effect.sufficiency.value == pytest.approx(-1.5)
    assert effect.gain.value == pytest.approx(4.5)


@pytest.mark.slow
def test_the_documentation_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=documents.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?https?:[^ >]+", page.read_text("utf-8"))
        assert not loaded, f"{page.name} loads {loaded}"


def _slug(heading: str) -> str:
    """The anchor of a heading, as mkdocs makes it."""
    words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
    return re.sub(r"[-\s]+", "-", words)
