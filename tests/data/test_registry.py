from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from salience.core.errors import ConfigError, DataError
from salience.data.registry import DataFile, DataSet, data_home, known, lookup


def a_file(**changes: object) -> DataFile:
    facts = {"file": "a.txt", "url": "https://example.org/a.txt", "sha256": "0" * 64, "bytes": 1}
    return DataFile(**{**facts, **changes})


def test_twenty_seven_sets_are_known_in_alphabetical_order() -> None:
    assert len(known()) == 27
    assert list(known()) == sorted(known())


def test_one_entry_as_read_by_hand() -> None:
    sst2 = lookup("sst2")
    assert sst2.name == "sst2"
    assert sst2.licence == "none stated"
    assert [each.file for each in sst2.files] == [f"data/SST2/{part}.tsv" for part in ("dev", "test", "train")]
    assert sst2.bytes == 1_001_065
    assert sst2.downloadable
    assert sst2.files[0].url == (
        "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/"
        "457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2/dev.tsv"
    )


def test_a_repacked_archive_knows_its_members() -> None:
    (file,) = lookup("imdb").files
    assert (file.repacked, file.members) == (True, 50_000)
    assert file.url.endswith("81406d56e9c006de30f9d50737fd66177a4a1434/")
    assert not lookup("imdb").downloadable


def test_a_file_may_come_from_another_place_than_the_rest() -> None:
    places = {each.url.split("/")[3] for each in lookup("rsr-nasdaq").files}
    assert places == {"fulifeng", "zh-qifan"}


@pytest.mark.parametrize("name", known())
def test_every_entry_is_complete(name: str) -> None:
    data_set = known()[name]
    assert all((data_set.title, data_set.task, data_set.licence, data_set.citation, data_set.files))
    assert len({each.file for each in data_set.files}) == len(data_set.files)
    for each in data_set.files:
        assert re.fullmatch("[0-9a-f]{64}", each.sha256)
        # The address holds the commit, so that it always means the same bytes.
        assert re.match(r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/", each.url)
        assert each.bytes > 0
        assert each.repacked == each.url.endswith("/") == bool(each.members) == bool(each.members_sha256)


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"there is no data set 'sst-2'\n  to do: did you mean 'sst2'\? Known: acl18"):
        lookup("sst-2")


@pytest.mark.parametrize("file", ["../a", "/a", "a/../../b", "C:/a", "C:a", "a\\b", "//server/share", "", ".", "a\0b"])
def test_a_path_out_of_the_folder_is_refused(file: str) -> None:
    with pytest.raises(DataError, match="leaves its folder"):
        a_file(file=file)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/a", "example.org/a"])
def test_an_address_outside_the_web_is_refused(url: str) -> None:
    with pytest.raises(DataError, match="expected an address that begins with https:// or http://"):
        a_file(url=url)


@pytest.mark.parametrize("name", ["..", "a/b", "/a", "a\\b", ""])
def test_a_set_whose_name_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="is not the name of a folder"):
        DataSet(name=name, title="", task="", licence="", citation="", files=())


def test_the_home_is_what_the_user_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path))
    assert data_home() == tmp_path
    monkeypatch.setenv("SALIENCE_DATA", "~/sets")
    assert data_home() == Path.home() / "sets"


def test_the_home_is_otherwise_in_the_cache_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SALIENCE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_home() == tmp_path / "salience"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert data_home() == Path.home() / ".cache" / "salience"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_home() == Path.home() / ".cache" / "salience"


def test_importing_and_listing_creates_no_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = "import salience.data; salience.data.data_home(); salience.data.catalogue()"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "SALIENCE_DATA": str(home)})
    assert not home.exists()


def test_the_registry_states_the_sizes_of_the_real_files(real_data: Callable[[str], Path]) -> None:
    for name, data_set in known().items():
        folder = real_data(name)
        assert {each.file: (folder / each.file).stat().st_size for each in data_set.files} == {
            each.file: each.bytes for each in data_set.files
        }
