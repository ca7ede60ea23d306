"""Real text that every installation has: passages from the docstrings of five packages, each labelled with its package.

The packages are read as text and never imported.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import importlib.util
import itertools
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pandas

from salience.core.errors import ConfigError, MissingPackage
from salience.data.prose import paragraphs

PACKAGES = {"numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "scikit-learn": "sklearn", "torch": "torch"}
"""The label of each package and the name it is imported by."""

MASK = "PACKAGE"
"""What stands where a text named any of the packages."""


def docstrings(*, rows: int = 1500) -> pandas.DataFrame:
    """Passages of 10 to 50 words from the docstrings of numpy, scipy, pandas, scikit-learn and torch.

    The names of the packages and their aliases (np, pd, sp) are replaced by `PACKAGE`, and of a dotted path that begins
    with one the last part stays: `torch.nn.Linear` becomes `Linear`. Names of classes and functions stay, for they are
    the honest evidence. No sentence occurs twice, in one package or in two. The rows depend on the installed versions
    of the packages and on nothing else.

    Args:
        rows: how many per package; a package with fewer gives what it has.

    Returns:
        Columns `text`, `package` (the label) and `module` (the file a passage is from: split by it, because passages
        of one file resemble each other).

    Raises:
        MissingPackage: one of the packages is not installed as files.
    """
    if rows < 1:
        raise ConfigError(f"expected at least one row per package, got {rows}")
    with _collector_paused():
        found = {package: _collect(package, rows) for package in PACKAGES}
    times = Counter(_folded(each.text) for sentences in found.values() for each in sentences)
    table = []
    for package, sentences in found.items():
        own = [each for each in sentences if times[_folded(each.text)] == 1]
        table += [(text, package, module) for text, module in itertools.islice(_passages(own), rows)]
    return pandas.DataFrame(table, columns=["text", "package", "module"])


class Sentence(NamedTuple):
    """One sentence and where it stands; `paragraph` and `position` tell which sentences follow each other."""

    text: str
    module: str
    paragraph: int
    position: int


_WORDS_PER_PASSAGE = 50
_WORDS_AT_LEAST = 10
_PASSAGES_PER_MODULE = 40
# Tests, copies of other packages, and tools for building; folders that begin with an underscore are left out as well.
_LEFT_OUT = frozenset({"tests", "testing", "externals", "f2py", "distutils", "ao", "onnx", "package"})
_DOCUMENTING = frozenset({"add_docstr", "_add_docstr", "add_docstr_all", "add_newdoc"})


def _collect(package: str, rows: int) -> list[Sentence]:
    """Different sentences of a package, enough for `rows` passages even without those that another package has."""
    root = _folder(package)
    sentences: dict[str, Sentence] = {}
    passages = 0
    for path in _files(root):
        module = ".".join((root.name, *path.relative_to(root).with_suffix("").parts))
        fresh: dict[str, Sentence] = {}
        for each in _sentences(path, module):
            folded = _folded(each.text)
            if folded not in sentences:
                fresh.setdefault(folded, each)
        sentences |= fresh
        passages += len(list(_passages(fresh.values())))
        if passages >= 1.1 * rows:
            break
    return list(sentences.values())


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Syntax trees hold no cycles, and looking for some takes a third of the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(PACKAGES[package])
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage(f"the package '{package}' is not installed as files", fix=f"pip install {package}")
    return Path(spec.submodule_search_locations[0])


def _files(root: Path) -> list[Path]:
    """The files of a package in an arbitrary but fixed order; those that hold nothing but documentation come first."""
    files = []
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if _is_for_people(name)]
        files += [Path(folder, name) for name in names if name.endswith(".py") and name != "conftest.py"]
    return sorted(files, key=lambda path: ("docs" not in path.stem, _number(path.relative_to(root).as_posix())))


def _is_for_people(folder: str) -> bool:
    # The home of numpy itself has a private name.
    return folder not in _LEFT_OUT and (folder == "_core" or not folder.startswith("_"))


def _number(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _sentences(path: Path, module: str) -> Iterator[Sentence]:
    with warnings.catch_warnings():
        # How other packages write their escapes is not our concern.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = ast.parse(path.read_bytes())
    found = (block for docstring in _docstrings(tree) for block in paragraphs(docstring))
    for number, block in enumerate(found):
        for position, text in enumerate(block):
            if text:
                yield Sentence(_masked(text), module, number, position)


def _docstrings(node: ast.AST) -> Iterator[str]:
    """The docstrings of a module and of all that is defined in it, and the texts handed to functions of C."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield ast.get_docstring(node, clean=False) or ""
    if isinstance(node, ast.Module | ast.ClassDef | ast.If | ast.Try):
        for statement in node.body:
            yield from _docstrings(statement)
    elif isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Call):
        yield from _handed_over(node.value)


def _handed_over(call: ast.Call) -> Iterator[str]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called in _DOCUMENTING:
        for part in ast.walk(call):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


# Whole words, so that `numpy-like`, `__torch_function__` and `PyTorch` are caught, and a path up to its last part.
_NAME = r"\w*(?:numpy|scipy|pandas|sklearn|torch|scikit(?:[-_ ]?learn|s)?)\w*"
_PATH = re.compile(rf"(?<![\w.])(?:(?i:{_NAME})|np|pd|sp|nn)\.(?:\w+\.)*(?=[A-Za-z_])")
_WORD = re.compile(rf"(?i:{_NAME})|(?<![\w.])(?:np|pd|sp)(?!\w)")


# The two above are slow, and most sentences name no package.
_HINT = re.compile(r"(?i:numpy|scipy|pandas|sklearn|torch|scikit)|\b(?:np|pd|sp|nn)\b")


def _masked(text: str) -> str:
    if not _HINT.search(text):
        return text
    return _WORD.sub(MASK, _PATH.sub("", text))


def _folded(sentence: str) -> str:
    return " ".join(re.findall(r"\w+", sentence.lower()))


def _passages(sentences: Iterable[Sentence]) -> Iterator[tuple[str, str]]:
    """Neighbouring sentences joined to passages, with their module; not too many of one module."""
    given: Counter[str] = Counter()
    for module, text in _joined(sentences):
        if given[module] < _PASSAGES_PER_MODULE and len(text.split()) >= _WORDS_AT_LEAST:
            given[module] += 1
            yield text, module


def _joined(sentences: Iterable[Sentence]) -> Iterator[tuple[str, str]]:
    words: list[str] = []
    last: Sentence | None = None
    for each in sentences:
        follows = last is not None and last[1:] == (each.module, each.paragraph, each.position - 1)
        if last is not None and not (follows and len(words) + len(each.text.split()) <= _WORDS_PER_PASSAGE):
            yield last.module, " ".join(words)
            words = []
        words += each.text.split()
        last = each
    if last is not None:
        yield last.module, " ".join(words)
