from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.data import download as download_module
from salience.data import fetch as fetch_module
from salience.data.archive import contents_sha256
from salience.data.fetch import Check, Progress, get, missing, verify
from salience.data.registry import DataFile, DataSet, known
from tests.data.web_server import Page, Site, serving

SMALL = b"some words\n" * 41
LARGE = bytes(range(256)) * 4001  # 1,024,256 bytes


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SALIENCE_DATA", str(tmp_path / "home"))
    monkeypatch.delenv("SALIENCE_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download_module, "_WAITS", (0.0,))
    monkeypatch.setattr(fetch_module, "_GOOD", {})
    return tmp_path / "home"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def a_file(file: str, content: bytes, url: str) -> DataFile:
    return DataFile(file=file, url=url, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def a_set(*files: DataFile, name: str = "tiny") -> DataSet:
    return DataSet(name=name, title="", task="", licence="", citation="", files=files)


def two_files(site: Site) -> DataSet:
    first = a_file("a.txt", SMALL, site.put("a", Page(SMALL)))
    return a_set(first, a_file("deep/b.bin", LARGE, site.put("b", Page(LARGE))))


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_all_files_are_downloaded_and_verified(home: Path, site: Site) -> None:
    folder = get(two_files(site))
    assert folder == home / "tiny"
    assert (folder / "a.txt").read_bytes() == SMALL
    assert (folder / "deep" / "b.bin").read_bytes() == LARGE


def test_the_size_is_announced_first_and_progress_never_goes_back(home: Path, site: Site) -> None:
    told: list[Progress] = []
    get(two_files(site), report=told.append)
    total = len(SMALL) + len(LARGE)
    assert told[0] == Progress("tiny", "a.txt", 0, total)
    assert told[-1] == Progress("tiny", "deep/b.bin", total, total)
    assert [each.done for each in told] == sorted(each.done for each in told)


def test_only_what_is_missing_is_downloaded(home: Path, site: Site) -> None:
    put(home / "tiny" / "a.txt", SMALL)
    get(two_files(site))
    assert site.asked == [("b", None)]


def test_nothing_is_asked_or_written_when_all_is_there(home: Path, site: Site) -> None:
    data_set = two_files(site)
    put(home / "tiny" / "a.txt", SMALL)
    put(home / "tiny" / "deep" / "b.bin", LARGE)
    before = sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*"))
    get(data_set)
    assert sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*")) == before
    assert site.asked == []


def test_a_verified_file_is_not_read_again_until_it_changes(
    home: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set = two_files(site)
    get(data_set)
    get(data_set)
    with monkeypatch.context() as patch:
        patch.setattr(fetch_module, "file_sha256", lambda path: pytest.fail(f"{path} was read again"))
        get(data_set)
    put(home / "tiny" / "a.txt", SMALL[::-1])
    with pytest.raises(DataError, match="wrong hash"):
        get(data_set)


@pytest.mark.parametrize(("content", "state"), [(SMALL[::-1], "wrong hash"), (SMALL + b"!", "wrong size")])
def test_a_file_with_other_contents_is_named_and_left_alone(home: Path, site: Site, content: bytes, state: str) -> None:
    put(home / "tiny" / "a.txt", content)
    with pytest.raises(
        DataError, match=f"the file has the {state}: expected 451 bytes with SHA-256 [0-9a-f]{{64}}"
    ) as caught:
        get(two_files(site))
    assert f"where: {home / 'tiny' / 'a.txt'}" in str(caught.value)
    assert "move the file away" in str(caught.value)
    assert (home / "tiny" / "a.txt").read_bytes() == content
    assert site.asked == []


def test_verify_reports_every_file(home: Path, site: Site) -> None:
    data_set = a_set(*two_files(site).files, a_file("c.txt", b"abc", f"{site.address}/c"))
    put(home / "tiny" / "a.txt", SMALL)
    put(home / "tiny" / "deep" / "b.bin", LARGE[::-1])
    assert [check.state for check in verify(data_set)] == ["good", "wrong hash", "missing"]
    assert verify(data_set)[0] == Check(data_set.files[0], home / "tiny" / "a.txt", "good")
    put(home / "tiny" / "c.txt", b"abcd")
    assert [check.state for check in verify(data_set)] == ["good", "wrong hash", "wrong size"]


def test_missing_names_the_files_that_are_not_there(home: Path, site: Site) -> None:
    data_set = two_files(site)
    put(home / "tiny" / "a.txt", SMALL)
    assert missing(data_set) == [data_set.files[1]]


def test_offline_names_the_files_their_addresses_and_the_folder(
    home: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALIENCE_OFFLINE", "1")
    with pytest.raises(NotAvailable, match=r"the data set 'tiny' is incomplete \(missing files: 2\)") as caught:
        get(two_files(site))
    message = str(caught.value)
    assert f"a.txt from {site.address}/a" in message
    assert f"; deep/b.bin from {site.address}/b" in message
    assert f"where: {home / 'tiny'}" in message
    assert "unset SALIENCE_OFFLINE" in message
    assert site.asked == []


def test_offline_names_five_files_at_most(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALIENCE_OFFLINE", "1")
    with pytest.raises(NotAvailable, match=r"and 39 more, see salience\.data\.missing") as caught:
        get("babi")
    assert str(caught.value).count("https://") == 5


def test_offline_does_not_matter_when_all_is_there(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = two_files(site)
    folder = get(data_set)
    monkeypatch.setenv("SALIENCE_OFFLINE", "1")
    assert get(data_set) == folder


def test_zero_means_not_offline(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALIENCE_OFFLINE", "0")
    assert get(two_files(site)).is_dir()


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(home: Path, site: Site) -> None:
    put(home, b"a file in the place of the folder")
    with pytest.raises(DataError, match="cannot write the data set 'tiny'") as caught:
        get(two_files(site))
    assert "set SALIENCE_DATA to a folder you can write to" in str(caught.value)


def test_an_unknown_name_gets_a_suggestion(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no data set 'imbd'\n  to do: did you mean 'imdb'\?"):
        get("imbd")


def test_an_archive_made_for_this_registry_says_where_it_must_lie_and_what_it_holds(home: Path) -> None:
    with pytest.raises(NotAvailable, match="cannot be downloaded: it bundles 50,000 small files") as caught:
        get("imdb")
    message = str(caught.value)
    file = known()["imdb"].files[0]
    assert f"where: {home / 'imdb' / 'aclImdb_labelled.tar.xz'}" in message
    assert file.sha256 in message
    assert file.url in message
    assert "19,614,116 bytes" in message
    assert not home.exists()


def a_tar(path: Path, members: dict[str, bytes], mode: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_an_archive_packed_in_another_way_is_accepted_for_what_it_holds(home: Path, tmp_path: Path) -> None:
    members = {"x/a.txt": b"first", "x/b.txt": b"second"}
    ours = a_tar(tmp_path / "ours.tar.xz", members, "w:xz")
    file = DataFile(
        file="all.tar.xz",
        url="https://example.org/",
        sha256=hashlib.sha256(ours.read_bytes()).hexdigest(),
        bytes=ours.stat().st_size,
        repacked=True,
        members=2,
        members_sha256=contents_sha256(ours),
    )
    target = home / "tiny" / "all.tar.xz"
    a_tar(target, dict(reversed(members.items())), "w:gz")
    assert get(a_set(file)) == home / "tiny"
    a_tar(target, {"x/a.txt": b"first", "x/b.txt": b"third"}, "w:gz")
    with pytest.raises(DataError, match="wrong size"):
        get(a_set(file))
    put(target, b"no archive at all")
    with pytest.raises(DataError, match="wrong size"):
        get(a_set(file))


CHILD = """
import sys
from salience.data import DataFile, DataSet, get
file = DataFile(file=sys.argv[1], url=sys.argv[2], sha256=sys.argv[3], bytes=int(sys.argv[4]))
get(DataSet(name="tiny", title="", task="", licence="", citation="", files=(file,)))
"""


def child(file: DataFile) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", CHILD, file.file, file.url, file.sha256, str(file.bytes)]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE)


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("nothing happened for a minute")


def test_a_download_killed_in_the_middle_goes_on_where_it_stopped(home: Path, site: Site) -> None:
    file = a_file("b.bin", LARGE, site.put("b", Page(LARGE, pause=0.02, piece=2**14)))
    part = home / "tiny" / "b.bin.part"
    process = child(file)
    wait_until(lambda: part.exists() and part.stat().st_size > 200_000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (home / "tiny" / "b.bin").exists()
    have = part.stat().st_size
    assert part.read_bytes() == LARGE[:have]

    site.pages["b"].pause = 0.0
    get(a_set(file))
    assert site.asked == [("b", None), ("b", f"bytes={have}-")]
    assert (home / "tiny" / "b.bin").read_bytes() == LARGE
    assert not part.exists()


def test_two_processes_at_once_download_once_and_both_succeed(home: Path, site: Site) -> None:
    file = a_file("b.bin", LARGE, site.put("b", Page(LARGE, pause=0.02, piece=2**14)))
    processes = [child(file), child(file)]
    for process in processes:
        assert (process.communicate()[1], process.returncode) == (b"", 0)
    assert site.asked == [("b", None)]
    assert (home / "tiny" / "b.bin").read_bytes() == LARGE


def test_two_threads_at_once_download_once(home: Path, site: Site) -> None:
    file = a_file("b.bin", LARGE, site.put("b", Page(LARGE, pause=0.01, piece=2**16)))
    threads = [threading.Thread(target=get, args=(a_set(file),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.asked == [("b", None)]
    assert (home / "tiny" / "b.bin").read_bytes() == LARGE


@pytest.mark.parametrize("name", ["sst2", "planetoid-cora", "rsr-nasdaq"])
def test_real_sets_are_complete_and_right(
    real_data: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = real_data(name)
    assert {check.state for check in verify(name)} == {"good"}
    assert get(name) == folder


@pytest.mark.slow
def test_all_real_sets_are_complete_and_right(real_data: Callable[[str], Path]) -> None:
    for name in known():
        real_data(name)
        assert {(name, check.state) for check in verify(name)} == {(name, "good")}
