import os

import pytest

from salience.core.errors import ConfigError
from salience.core.whole import whole


def test_a_file_appears_when_the_block_has_ended_well(tmp_path):
    path = tmp_path / "a.csv"
    with whole(path) as partial:
        partial.write_text("new", encoding="utf-8")
        assert partial.suffix == ".csv"
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_stands_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError), whole(path) as partial:
        partial.write_text("half of it and \ud800", encoding="utf-8", errors="strict")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_keeps_pointing_to_its_file(tmp_path):
    path, link = tmp_path / "a.csv", tmp_path / "link.csv"
    path.write_text("old", encoding="utf-8")
    link.symlink_to(path)
    with whole(link) as partial:
        partial.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new"


def test_a_folder_or_a_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(ConfigError, match="got a folder or a device"), whole(tmp_path / name):
            pytest.fail("the block was entered")


def test_a_missing_folder_is_named_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match="no such folder") as caught, whole(tmp_path / "none" / "a.csv"):
        pytest.fail("the block was entered")
    assert caught.value.where == str((tmp_path / "none").resolve())
