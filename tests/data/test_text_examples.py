"""The examples in the docstrings of everything that reads text."""

import doctest
import importlib

import pytest

MODULES = (
    "modalities.text",
    "sentences",
    "tokens.align",
    "tokens.byte_pair",
    "tokens.character",
    "tokens.jieba",
    "tokens.pattern",
    "tokens.word",
    "tokens.word_piece",
    "vocabulary",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    if name == "tokens.jieba":
        pytest.importorskip("jieba")
    result = doctest.testmod(importlib.import_module(f"salience.data.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
