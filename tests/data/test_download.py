from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from salience.core.errors import DataError
from salience.data import download as module
from salience.data.download import download, file_sha256
from tests.data.web_server import Page, Site, serving

CONTENT = bytes(range(256)) * 401 + b"the end"  # 102,663 bytes


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(module, "_WAITS", (0.0, 0.0, 0.0))
    with serving() as running:
        yield running


def fetch(url: str, target: Path, content: bytes = CONTENT) -> list[int]:
    """Download `url` where `content` is expected; what was reported on the way."""
    told: list[int] = []
    download(url, target, size=len(content), sha256=hashlib.sha256(content).hexdigest(), report=told.append)
    assert target.read_bytes() == content
    assert not target.with_name(target.name + ".part").exists()
    return told


def test_a_file_arrives_whole_and_progress_begins_at_zero_and_ends_at_its_size(site: Site, tmp_path: Path) -> None:
    told = fetch(site.put("a", Page(CONTENT)), tmp_path / "a")
    assert told[0] == 0
    assert told[-1] == len(CONTENT)
    assert told == sorted(told)
    assert site.asked == [("a", None)]


def test_an_empty_file_needs_no_request(site: Site, tmp_path: Path) -> None:
    fetch(site.put("a", Page(b"")), tmp_path / "a", content=b"")
    assert site.asked == []


def test_a_file_is_hashed_as_sha256sum_does(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_cut_reply_is_continued_where_it_stopped(site: Site, tmp_path: Path) -> None:
    fetch(site.put("a", Page(CONTENT, cuts=[50_000])), tmp_path / "a")
    assert site.asked == [("a", None), ("a", "bytes=50000-")]


def test_a_partial_file_of_an_earlier_run_is_continued(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[:777])
    told = fetch(site.put("a", Page(CONTENT)), tmp_path / "a")
    assert told[0] == 777
    assert site.asked == [("a", "bytes=777-")]


def test_a_complete_partial_file_needs_no_request(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT)
    fetch(site.put("a", Page(CONTENT)), tmp_path / "a")
    assert site.asked == []


def test_a_partial_file_that_is_too_long_is_thrown_away(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT + b"more")
    fetch(site.put("a", Page(CONTENT)), tmp_path / "a")
    assert site.asked == [("a", None)]


def test_a_server_that_ignores_ranges_makes_the_file_start_over(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"x" * 777)
    fetch(site.put("a", Page(CONTENT, knows_ranges=False)), tmp_path / "a")
    assert site.asked == [("a", "bytes=777-")]


@pytest.mark.parametrize("stated", ["bytes 0-9/102663", "bytes 777-102662/99", "nonsense", "bytes 778-102662/*"])
def test_a_reply_with_other_bytes_than_asked_for_is_not_used(site: Site, tmp_path: Path, stated: str) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[:777])
    fetch(site.put("a", Page(CONTENT, stated_range=stated)), tmp_path / "a")
    assert site.asked == [("a", "bytes=777-"), ("a", None)]


def test_a_server_that_cannot_continue_makes_the_file_start_over(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[:777])
    fetch(site.put("a", Page(CONTENT, statuses=[416])), tmp_path / "a")
    assert site.asked == [("a", "bytes=777-"), ("a", None)]


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    fetch(site.put("a", Page(CONTENT, statuses=[503, 429])), tmp_path / "a")
    assert len(site.asked) == 3


def test_a_reply_without_a_length_is_taken(site: Site, tmp_path: Path) -> None:
    fetch(site.put("a", Page(CONTENT, states_length=False)), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_slow_reply_is_waited_for(site: Site, tmp_path: Path) -> None:
    fetch(site.put("a", Page(CONTENT, pause=0.05, piece=20_000)), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_silent_server_is_given_up_and_what_came_is_kept(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.1)
    monkeypatch.setattr(module, "_WAITS", (0.0,))
    url = site.put("a", Page(CONTENT, pause=1.0))
    (tmp_path / "a.part").write_bytes(CONTENT[:777])
    with pytest.raises(
        DataError, match=r"the download stopped at 777 of 102,663 bytes: the connection broke: timed out"
    ):
        fetch(url, tmp_path / "a")
    assert (tmp_path / "a.part").read_bytes() == CONTENT[:777]


def test_a_connection_that_breaks_each_time_ends_with_what_came_so_far(site: Site, tmp_path: Path) -> None:
    url = site.put("a", Page(CONTENT, cuts=[1000, 1000, 1000]))
    with pytest.raises(
        DataError, match=r"stopped at 3,000 of 102,663 bytes: the connection was closed early"
    ) as caught:
        fetch(url, tmp_path / "a")
    assert "to do: run the same again: it goes on from there" in str(caught.value)
    assert (tmp_path / "a.part").read_bytes() == CONTENT[:3000]
    fetch(url, tmp_path / "a")
    assert site.asked[-1] == ("a", "bytes=3000-")


def test_a_wrong_hash_removes_the_file_and_says_both_hashes(site: Site, tmp_path: Path) -> None:
    wrong = bytes(len(CONTENT))
    url = site.put("a", Page(wrong))
    with pytest.raises(DataError, match="wrong hash and was removed") as caught:
        fetch(url, tmp_path / "a")
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value)
    assert hashlib.sha256(CONTENT).hexdigest() in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_announces_another_size_is_refused_before_anything_is_written(site: Site, tmp_path: Path) -> None:
    url = site.put("a", Page(CONTENT + b"!"))
    with pytest.raises(DataError, match=r"should have 102,663 bytes, the server announces 102664"):
        fetch(url, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_sends_without_end_is_stopped(site: Site, tmp_path: Path) -> None:
    url = site.put("a", Page(CONTENT * 20, states_length=False))
    with pytest.raises(DataError, match=r"sends more than the 102,663 bytes"):
        fetch(url, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page_is_an_error_at_once(site: Site, tmp_path: Path) -> None:
    url = site.put("a", Page(CONTENT, statuses=[404]))
    with pytest.raises(DataError, match="the server answered 404 Not Found") as caught:
        fetch(url, tmp_path / "a")
    assert f"where: {url}" in str(caught.value)
    assert len(site.asked) == 1


def test_nobody_at_the_address_is_an_error_that_says_so(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"stopped at 0 of 102,663 bytes: no connection"):
        fetch("http://127.0.0.1:9/a", tmp_path / "a")


def test_a_redirect_within_the_web_is_followed(site: Site, tmp_path: Path) -> None:
    site.put("a", Page(CONTENT))
    fetch(site.put("moved", Page(location="/a")), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "elsewhere", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/plain,abc", "gopher://x/"]
)
def test_a_redirect_out_of_the_web_is_refused(site: Site, tmp_path: Path, elsewhere: str) -> None:
    url = site.put("a", Page(location=elsewhere))
    with pytest.raises(DataError, match=r"[Rr]edirect"):
        fetch(url, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_an_endless_redirect_is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="302"):
        fetch(site.put("a", Page(location="/a")), tmp_path / "a")


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/plain,abc"])
def test_addresses_outside_the_web_cannot_be_opened(site: Site, tmp_path: Path, address: str) -> None:
    with pytest.raises(DataError, match="unknown url type"):
        fetch(address, tmp_path / "a")


def test_https_never_goes_back_to_http() -> None:
    asked = module.urllib.request.Request("https://example.org/a")
    with pytest.raises(DataError, match=r"redirects to 'http://example\.org/b', which is refused"):
        module._WebOnly().redirect_request(asked, None, 302, "Found", None, "http://example.org/b")
