"""`salience doctor`: everything used once, and the exit code of what was found."""

import json

import pytest

from salience.cli import doctor
from salience.core.errors import MissingPackage
from tests.cli.conftest import Said


def test_what_is_broken_is_told_with_its_remedy(say, monkeypatch):
    def broken() -> str:
        raise MissingPackage("the package 'x' is needed", fix="pip install x")

    monkeypatch.setattr(doctor, "CHECKS", {"one": broken, "two": lambda: "all well"})
    said = say("doctor")
    assert said.code == 1
    lines = said.out.splitlines()
    assert any(line.startswith("BROKEN  one ") and line.endswith("pip install x") for line in lines)
    assert any(line.startswith("works   two ") and line.endswith("all well") for line in lines)
    assert json.loads(say("doctor", "--json").out)["checks"]["two"] == "works"
    assert say("doctor", "--quiet") == Said(1, "", "")


@pytest.mark.slow
def test_this_installation_works(say):
    said = say("doctor", "--json")
    told = json.loads(said.out)
    assert said.code == 0, told
    assert set(told["checks"].values()) == {"works"}
    assert "torch" in told["environment"]
