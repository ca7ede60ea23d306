import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ConfigError, ModelFolderError
from salience.run import load
from salience.run.folder import RunFolder, plain

NOON = datetime(2026, 3, 4, 12)


def test_a_new_folder_is_named_by_day_and_data_and_is_running(tmp_path):
    folder = RunFolder.create("my reviews", parent=tmp_path / "deep" / "runs", now=NOON)
    assert folder.path == tmp_path / "deep" / "runs" / "2026-03-04-my-reviews"
    assert folder.state == "running"


def test_a_taken_name_gets_a_number(tmp_path):
    names = [RunFolder.create("a", parent=tmp_path, now=NOON).path.name for _ in range(3)]
    assert names == ["2026-03-04-a", "2026-03-04-a-2", "2026-03-04-a-3"]


@given(st.text(max_size=90))
def test_no_name_leads_out_of_its_folder(name):
    safe = plain(name)
    assert safe
    assert len(safe) <= 60
    assert not set(safe) & set('/\\:*?"<>|. \0\n')
    assert not safe.startswith("-")


def test_states_are_kept_with_their_reason(tmp_path):
    folder = RunFolder.create("a", parent=tmp_path)
    folder.mark("failed", reason="no room")
    assert (folder.state, folder.description()["reason"]) == ("failed", "no room")
    folder.mark("complete")
    assert folder.state == "complete"
    assert "reason" not in folder.description()
    assert RunFolder.open(folder.path).path == folder.path


def test_an_unfinished_run_is_opened_only_where_that_is_wanted(tmp_path):
    path = RunFolder.create("a", parent=tmp_path).path
    with pytest.raises(ModelFolderError, match="it is running") as caught:
        RunFolder.open(path)
    assert f"salience fit --resume {path}" in str(caught.value)
    assert RunFolder.open(path, finished=False).state == "running"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "expected the folder of a run"),
        ('{"state": "comple', "expected the folder of a run"),
        ("[1]", "expected an object in run.json, got list"),
        ("{}", "names no known state, got None"),
        ('{"state": "done"}', "names no known state, got 'done'"),
        ('{"state": ["complete"]}', "names no known state"),
    ],
)
def test_a_damaged_run_json_is_an_error(tmp_path, content, problem):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ModelFolderError) as caught:
        RunFolder.open(tmp_path)
    assert problem in str(caught.value)


def test_a_folder_that_is_no_run_is_an_error(tmp_path):
    with pytest.raises(ModelFolderError, match="with a file run"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="there is no such folder"):
        load(tmp_path / "nowhere")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_json("deep/a.json", {"ä": 1})
    with pytest.raises(UnicodeEncodeError):
        folder.write_text("deep/a.json", "half of it \ud800")
    assert folder.read_json("deep/a.json") == {"ä": 1}
    assert json.loads((tmp_path / "deep" / "a.json").read_text(encoding="utf-8")) == {"ä": 1}


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)
    with pytest.raises(ModelFolderError, match="cannot read metrics"):
        RunFolder(tmp_path).read_json("metrics.json")
