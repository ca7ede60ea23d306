"""The template of a mechanism: a filled-in copy works like any other (and the contract runs over it, too)."""

import doctest

import pytest

from salience import attention
from salience.core import build
from tests.attention import template


def test_nothing_is_left_to_fill_in():
    assert "fill" not in template.text().split('"""', 2)[2].lower()


def test_the_example_of_a_filled_in_copy_runs():
    result = doctest.testmod(template.load())
    assert (result.attempted, result.failed) == (1, 0)


def test_one_export_line_makes_it_known_by_its_name(monkeypatch: pytest.MonkeyPatch):
    made = template.load().Near
    monkeypatch.setattr(attention, "Near", made, raising=False)
    monkeypatch.setattr(attention, "__all__", [*attention.__all__, "Near"])
    assert isinstance(build.build("near", attention, 7), made)
