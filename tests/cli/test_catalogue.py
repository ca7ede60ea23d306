"""`salience list`: what a config can name, read from the code."""

import json

import pytest

from salience.cli.catalogue import ROOMS, names


def test_all_kinds_are_listed(say):
    assert list(json.loads(say("list", "--json").out)) == list(ROOMS)


@pytest.mark.parametrize("kind", ROOMS)
def test_every_name_has_a_sentence_and_no_contract_is_listed(kind):
    found = names(kind)
    assert found
    for name, sentence in found.items():
        assert len(sentence.split()) > 3, name
    assert not found.keys() & {
        "Importance",
        "Schedule",
        "Splitter",
        "Mechanism",
        "Encoder",
        "Tokens",
        "Task",
        "Modality",
    }


def test_the_methods_of_importance_are_listed():
    assert {"Received", "Rollout", "LeaveOneOut"} <= names("methods").keys()


def test_one_kind_is_printed_in_columns(say):
    lines = say("list", "mechanisms").out.splitlines()
    assert lines[0] == "mechanisms"
    assert any(line.startswith("  Additive   ") for line in lines)


def test_a_wrong_kind_names_the_nearest(say):
    assert "did you mean 'encoders'" in say("list", "encoder").problem
