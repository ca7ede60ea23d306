from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from salience.core.errors import ConfigError, MissingPackage
from salience.data import docstrings as docstrings_function
from salience.data.docstrings import MASK, PACKAGES, docstrings
from salience.data.prose import paragraphs

module = sys.modules["salience.data.docstrings"]


@pytest.fixture(scope="module")
def table() -> pandas.DataFrame:
    return docstrings(rows=300)


def test_every_package_gives_as_many_rows_as_asked(table: pandas.DataFrame) -> None:
    assert list(table.columns) == ["text", "package", "module"]
    assert table["package"].value_counts().to_dict() == dict.fromkeys(PACKAGES, 300)
    assert not table.isna().any(axis=None)


def test_passages_have_10_to_50_words(table: pandas.DataFrame) -> None:
    sizes = table["text"].str.split(" ").str.len()
    assert sizes.min() >= 10
    assert sizes.max() <= 50


def test_no_package_is_named(table: pandas.DataFrame) -> None:
    named = re.compile(r"numpy|scipy|pandas|sklearn|scikit|torch|\b(?:np|pd|sp)\b", re.IGNORECASE)
    assert [text for text in table["text"] if named.search(text)] == []
    assert table["text"].str.contains(MASK).any()


def test_no_code_and_no_markup_is_left(table: pandas.DataFrame) -> None:
    odd = table["text"].str.contains(r">>>|``|::|https?:|\\|[{}|<>@]|:\w+:`")
    assert table["text"][odd].tolist() == []


def test_no_sentence_occurs_twice(table: pandas.DataFrame) -> None:
    sentences = [each.lower() for text in table["text"] for paragraph in paragraphs(text) for each in paragraph]
    assert len(sentences) > 1.2 * len(table)
    assert len(sentences) == len(set(sentences))


def test_the_module_belongs_to_the_package_and_does_not_dominate(table: pandas.DataFrame) -> None:
    for package, group in table.groupby("package"):
        assert all(each.split(".")[0] == PACKAGES[package] for each in group["module"])
        assert group["module"].value_counts().max() <= 40
        assert group["module"].nunique() >= 5


def test_the_same_installation_gives_the_same_rows(table: pandas.DataFrame) -> None:
    code = "from salience.data.docstrings import docstrings; print(docstrings(rows=300).to_json())"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={"PYTHONHASHSEED": "1"})
    assert run.stdout.decode().strip() == table.to_json()


def test_a_package_is_read_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trapped").mkdir()
    text = '"""These are the words of a package that must not be imported."""\nraise SystemExit("it was imported")\n'
    (tmp_path / "trapped" / "__init__.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "PACKAGES", {"trapped": "trapped"})
    assert docstrings()["text"].tolist() == ["These are the words of a package that must not be imported."]
    assert "trapped" not in sys.modules


def test_functions_written_in_c_are_included(table: pandas.DataFrame) -> None:
    assert set(table["module"]) >= {"torch._torch_docs", "torch._tensor_docs", "numpy._core._add_newdocs"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("NumPy arrays and a PyTorch tensor.", "PACKAGE arrays and a PACKAGE tensor."),
        (
            "Use numpy-like code from scikit-learn, scikits or sklearn.",
            "Use PACKAGE-like code from PACKAGE, PACKAGE or PACKAGE.",
        ),
        ("See torch.nn.Linear, np.ndarray and nn.Module.", "See Linear, ndarray and Module."),
        ("The scipy.optimize.minimize function.", "The minimize function."),
        ("An alias np or pd or sp.", "An alias PACKAGE or PACKAGE or PACKAGE."),
        ("Call Tensor.numpy or torch.Tensor.to_numpy now.", "Call Tensor.PACKAGE or PACKAGE now."),
        ("The TorchScript compiler and torchvision.", "The PACKAGE compiler and PACKAGE."),
        ("An np-complete dispatch of a stnp word.", "An PACKAGE-complete dispatch of a stnp word."),
        ("A DataFrame and a Tensor stay.", "A DataFrame and a Tensor stay."),
    ],
)
def test_names_are_masked_and_paths_keep_their_last_part(text: str, masked: str) -> None:
    assert module._masked(text) == masked


def test_docstrings_are_found_where_they_stand() -> None:
    source = '''
"""Module."""
class A:
    """Class."""
    def f(self):
        """Method."""
        def inner():
            """Left out."""
if True:
    async def g():
        """Function."""
add_docstr(torch.abs, r"""Absolute.""".format(x="y"))
entr = _add_docstr(f, "Entropy.")
add_newdoc("numpy", "flat", """Flat.""")
something_else("Nothing.")
'''
    found = [text for text in module._docstrings(ast.parse(source)) if text]
    assert found == [
        "Module.",
        "Class.",
        "Method.",
        "Function.",
        "Absolute.",
        "y",
        "Entropy.",
        "numpy",
        "flat",
        "Flat.",
    ]


def a_package(folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'"""{text}"""', encoding="utf-8")
    monkeypatch.setattr(module, "_folder", lambda package: folder / package)
    monkeypatch.setattr(module, "PACKAGES", {"one": "one", "two": "two"})


def test_a_sentence_of_two_packages_is_left_out_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "This sentence, as it happens, was copied from one package to another."
    a_package(
        tmp_path,
        monkeypatch,
        {
            "one/a.py": f"{shared} These are ten words that only the first of them says.",
            "two/b.py": f"These are the words that only the other one of them says.\n\n{shared.upper().capitalize()}",
            "two/tests/c.py": "These are words of a test that nobody is meant to read.",
            "two/_private/d.py": "These are words of a private part that nobody is meant to read.",
        },
    )
    assert docstrings().to_dict("records") == [
        {"text": "These are ten words that only the first of them says.", "package": "one", "module": "one.a"},
        {"text": "These are the words that only the other one of them says.", "package": "two", "module": "two.b"},
    ]


def test_sentences_are_joined_within_a_paragraph_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [f"This is sentence {word} of the ones that are written down here." for word in ("one", "two", "three")]
    a_package(tmp_path, monkeypatch, {"one/a.py": f"{sentences[0]} {sentences[1]}\n\n{sentences[2]}", "two/b.py": ""})
    assert docstrings()["text"].tolist() == [f"{sentences[0]} {sentences[1]}", sentences[2]]


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", {"numpi": "numpi"})
    with pytest.raises(MissingPackage, match=r"'numpi' is not installed as files\n  to do: pip install numpi"):
        docstrings()


def test_no_rows_is_an_error() -> None:
    with pytest.raises(ConfigError, match="expected at least one row per package, got 0"):
        docstrings(rows=0)


def test_the_room_exports_it() -> None:
    assert docstrings_function is docstrings


@pytest.mark.slow
def test_the_whole_demo_set_is_balanced() -> None:
    assert docstrings()["package"].value_counts().to_dict() == dict.fromkeys(PACKAGES, 1500)
