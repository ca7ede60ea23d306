"""`salience data`: the registry, without the network."""

import json

import pytest

from salience.data.registry import known


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))
    monkeypatch.setenv("SALIENCE_OFFLINE", "1")


def test_every_data_set_is_listed_with_its_size_and_state(say, tmp_path):
    lines = say("data", "list").out.splitlines()
    assert lines[0] == f"folder: {tmp_path}"
    assert [line.split()[0] for line in lines[1:]] == list(known())
    assert all("iB  not fetched" in line for line in lines[1:])
    assert json.loads(say("data", "list", "--json").out) == {name: each.title for name, each in known().items()}


def test_a_data_set_is_described(say):
    said = say("data", "info", "sst2")
    assert "title     Stanford Sentiment Treebank" in said.out
    told = json.loads(say("data", "info", "sst2", "--json").out)
    assert told["citation"].startswith("Socher et al.")
    assert len(told["missing"]) == told["files"]


def test_offline_the_files_to_fetch_are_named(say):
    problem = say("data", "get", "sst2").problem
    assert "SALIENCE_OFFLINE" in problem
    assert "https://" in problem


@pytest.mark.parametrize("action", ["get", "info"])
def test_a_name_is_needed(say, action):
    assert f"`salience data {action}` needs the name of a data set" in say("data", action).problem


def test_a_wrong_name_names_the_nearest(say):
    assert "did you mean 'sst2'" in say("data", "info", "sst-2").problem


@pytest.mark.parametrize("name", ["../sst2", "/etc", "a\nb", ""])
def test_a_path_is_no_name(say, name):
    assert say("data", "get", name).problem


def test_a_file_with_other_contents_is_left_alone(say, tmp_path):
    path = tmp_path / "sst2" / known()["sst2"].files[0].file
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    assert "wrong size" in say("data", "get", "sst2").problem
    assert path.read_text(encoding="utf-8") == "mine"
