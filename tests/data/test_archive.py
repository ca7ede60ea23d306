from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError, NotAvailable
from salience.data.archive import STANDARD, Limits, Member, contents_sha256, members, open_member, read_members, unpack
from salience.data.registry import known

FILES = {"x/a.txt": b"first\n", "x/deep/b.txt": "汉字".encode(), "c.bin": bytes(range(256)) * 7, "empty": b""}
MODES = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tar.xz": "w:xz"}
KINDS = [*MODES, "a.zip"]


def a_tar(path: Path, entries: Sequence[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for info, content in entries:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def info(name: str, **facts: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in facts.items():
        setattr(made, key, value)
    return made


def an_archive(folder: Path, kind: str, files: dict[str, bytes]) -> Path:
    path = folder / kind
    if kind == "a.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return path
    return a_tar(path, [(info(name), content) for name, content in files.items()], MODES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_read_in_its_order(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, FILES)
    assert list(read_members(path)) == list(FILES.items())
    assert members(path) == [Member(name, len(content)) for name, content in FILES.items()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_suffix_chooses_files(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, FILES)
    assert [name for name, _ in read_members(path, ".txt")] == ["x/a.txt", "x/deep/b.txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_file_can_be_opened(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, FILES)
    with open_member(path, "c.bin") as file:
        assert file.read() == FILES["c.bin"]
    with pytest.raises(NotAvailable, match=r"there is no 'x/a\.text' in the archive") as caught:
        open_member(path, "x/a.text")
    assert "did you mean 'x/a.txt'?" in str(caught.value)
    assert f"where: {path}" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_unpacking_writes_every_file_and_nothing_else(tmp_path: Path, kind: str) -> None:
    into = unpack(an_archive(tmp_path, kind, FILES), tmp_path / "new" / "here")
    assert into == tmp_path / "new" / "here"
    found = {path.relative_to(into).as_posix(): path.read_bytes() for path in into.rglob("*") if path.is_file()}
    assert found == FILES
    assert sorted(path.name for path in into.parent.iterdir()) == ["here"]


@pytest.mark.parametrize("kind", KINDS)
@given(
    files=st.dictionaries(
        st.from_regex(r"[a-c]{1,3}(/[d-f]{1,3})?", fullmatch=True), st.binary(max_size=99), max_size=7
    )
)
def test_whatever_is_packed_comes_out_again(
    tmp_path_factory: pytest.TempPathFactory, kind: str, files: dict[str, bytes]
) -> None:
    path = an_archive(tmp_path_factory.mktemp("any"), kind, files)
    assert dict(read_members(path)) == files


def test_the_contents_have_one_hash_however_they_are_packed(tmp_path: Path) -> None:
    expected = hashlib.sha256(
        b"".join(
            f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n".encode()
            for name in ["c.bin", "empty", "x/a.txt", "x/deep/b.txt"]
        )
    ).hexdigest()
    assert {contents_sha256(an_archive(tmp_path, kind, FILES)) for kind in KINDS} == {expected}
    assert contents_sha256(an_archive(tmp_path, "a.zip", dict(reversed(FILES.items())))) == expected


def test_folders_and_leading_dots_are_left_out(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tar", [(info("./", type=tarfile.DIRTYPE), b""), (info("./x/a"), b"1")])
    assert list(read_members(path)) == [("x/a", b"1")]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.mkdir("x")
        packed.writestr("x/a", b"1")
    assert list(read_members(tmp_path / "a.zip")) == [("x/a", b"1")]


def test_permissions_and_owners_stay_behind(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tar", [(info("a", mode=0o4777, uid=7, gid=7), b"1")])
    stat = (unpack(path, tmp_path / "out") / "a").stat()
    assert stat.st_mode & 0o7111 == 0
    assert stat.st_uid == os.getuid()


BAD_NAMES = ["../out", "/tmp/out", "a/../../out", "C:/out", "..\\out", "\\out", "//server/out", "a\nb"]


def assert_refused(path: Path, folder: Path, match: str, limits: Limits = STANDARD) -> DataError:
    """Every way to read the archive refuses it, and unpacking it leaves nothing."""
    before = sorted(folder.rglob("*"))
    for way in (lambda: list(read_members(path, limits=limits)), lambda: unpack(path, folder / "out", limits=limits)):
        with pytest.raises(DataError, match=match) as caught:
            way()
        assert str(path) in str(caught.value)
    assert sorted(folder.rglob("*")) == before
    return caught.value


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_tar_member_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = a_tar(tmp_path / "in" / "a.tar", [(info("good"), b"1"), (info(name), b"bad")])
    refusal = assert_refused(path, tmp_path, "leaves the folder of the archive")
    assert "do not trust this archive" in str(refusal)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_zip_member_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = an_archive(tmp_path / "in", "a.zip", {"good": b"1", name: b"bad"})
    assert_refused(path, tmp_path, "leaves the folder of the archive")


def test_a_name_cut_by_a_zero_byte_is_refused(tmp_path: Path) -> None:
    path = an_archive(tmp_path, "a.zip", {"goodXbad": b"1"})
    path.write_bytes(path.read_bytes().replace(b"goodXbad", b"good\0bad"))
    assert_refused(path, tmp_path, "leaves the folder")


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        b"?",
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_a_tar_member_that_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(info("a", type=kind, linkname="/etc/passwd"))
    assert_refused(path, tmp_path, "is a link, a device or sparse")


def test_a_link_planted_before_a_file_cannot_lead_it_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    entries = [(info("door", type=tarfile.SYMTYPE, linkname=str(tmp_path)), b""), (info("door/stolen"), b"bad")]
    assert_refused(a_tar(tmp_path / "in" / "a.tar", entries), tmp_path, "is a link")
    assert not (tmp_path / "stolen").exists()


def test_a_zip_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        link = zipfile.ZipInfo("a")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    assert_refused(tmp_path / "a.zip", tmp_path, "is a link or a device")


def test_an_encrypted_or_unusually_packed_zip_member_is_refused(tmp_path: Path) -> None:
    path = an_archive(tmp_path, "a.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert_refused(path, tmp_path, "is encrypted or not deflated")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a", b"1")
    assert_refused(path, tmp_path, "is encrypted or not deflated")


@pytest.mark.parametrize("kind", KINDS)
def test_two_members_of_one_name_are_refused(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, "a.tar", {"a": b"1"})
    if kind == "a.zip":
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("a", b"1")
            with pytest.warns(UserWarning, match="Duplicate name"):
                packed.writestr("a", b"2")
    else:
        path = a_tar(tmp_path / kind, [(info("a"), b"1"), (info("./a"), b"2")], MODES[kind])
    assert_refused(path, tmp_path, "two members are called 'a'")


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    path = an_archive(tmp_path, "a.tar", {"a": b"1", "a/b": b"2"})
    with pytest.raises(DataError, match="has the place of another one"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_bytes_are_refused(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, {"a": os.urandom(6000), "b": os.urandom(6000)})
    assert_refused(path, tmp_path, "holds more than 11,000 bytes", limits=Limits(bytes=11_000))


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members_are_refused(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, {str(number): b"" for number in range(6)})
    assert_refused(path, tmp_path, "holds more than 5 members", limits=Limits(members=5))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_bomb_is_refused_by_its_growth(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, {"a": bytes(2_000_000)})
    assert_refused(path, tmp_path, "grows to more than 20 times its size", limits=Limits(ratio=20, spared=1000))


def test_the_standard_limits_stop_a_bomb_early(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.xz"
    with lzma.open(path, "wb", preset=0) as packed:
        packed.write(info("a", size=2**30).tobuf())
        for _ in range(64):
            packed.write(bytes(2**20))
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match="grows to more than 200 times its size"):
        list(read_members(path))


def test_growth_is_measured_and_not_believed(tmp_path: Path) -> None:
    # A header that states one byte where millions follow.
    path = an_archive(tmp_path, "a.zip", {"a": bytes(3_000_000)})
    content = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1))
    path.write_bytes(content)
    assert_refused(path, tmp_path, "damaged")


def test_a_header_that_promises_more_than_there_is_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(info("a", size=2**40).tobuf() + b"little")
    assert_refused(path, tmp_path, "damaged")


def test_a_giant_extended_header_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(info("name", type=tarfile.XHDTYPE, size=2**33).tobuf(format=tarfile.GNU_FORMAT))
        for _ in range(40):
            packed.write(bytes(2**20))
    assert_refused(path, tmp_path, "grows to more than 200 times")


def test_an_xz_file_that_asks_for_gigabytes_of_memory_is_refused(tmp_path: Path) -> None:
    small = lzma.compress(bytes(512), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**16}])
    # The block header begins at byte 12 with its length; after the id of the filter and the length of its options
    # comes the size of the dictionary, where 40 stands for 4 GiB; a checksum ends the header.
    stop = 12 + (small[12] + 1) * 4
    header = bytearray(small[12 : stop - 4])
    header[header.index(0x21) + 2] = 40
    path = tmp_path / "a.tar.xz"
    path.write_bytes(small[:12] + header + struct.pack("<I", zlib.crc32(header)) + small[stop:])
    assert_refused(path, tmp_path, "Memory usage limit")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_damaged_archive_is_an_error_or_harmless_but_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    path = an_archive(tmp_path_factory.mktemp("any"), kind, FILES)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(DataError):
        list(read_members(path))


@pytest.mark.parametrize("kind", ["a.tar.gz", "a.tar.xz"])
def test_a_cut_archive_is_damage(tmp_path: Path, kind: str) -> None:
    path = an_archive(tmp_path, kind, {"a": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:3000])
    assert_refused(path, tmp_path, "the archive is damaged or of an unknown kind")


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"\x1f\x8b", b"\xfd7zXZ\x00", b"PK\x03\x04", bz2.compress(bytes(9999))]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert_refused(tmp_path / "a", tmp_path, "damaged or of an unknown kind")


def test_a_zip_that_points_before_its_beginning_is_damage(tmp_path: Path) -> None:
    path = an_archive(tmp_path, "a.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02") + 42
    content[start : start + 4] = struct.pack("<I", 2**31)
    end = content.index(b"PK\x05\x06") + 16
    content[end : end + 4] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    assert_refused(path, tmp_path, "damaged or of an unknown kind")


def test_no_archive_is_an_error_that_says_so(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.tar", tmp_path, "there is no such archive")
    assert_refused(tmp_path, tmp_path, "there is no such archive")


def test_xz_streams_may_follow_each_other(tmp_path: Path) -> None:
    whole = a_tar(tmp_path / "a.tar", [(info("a"), os.urandom(5000))]).read_bytes()
    path = tmp_path / "a.tar.xz"
    path.write_bytes(lzma.compress(whole[:3000]) + bytes(8) + lzma.compress(whole[3000:]) + bytes(4))
    assert list(read_members(path)) == list(read_members(tmp_path / "a.tar"))


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    path = an_archive(tmp_path, "a.tar", FILES)
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="exists already") as caught:
        unpack(path, tmp_path / "out")
    assert "name a new folder" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_the_real_archives_hold_what_the_registry_says(real_data: Callable[[str], Path]) -> None:
    for name, data_set in known().items():
        for file in data_set.files:
            if file.repacked:
                path = real_data(name) / file.file
                assert len(members(path)) == file.members
                assert contents_sha256(path) == file.members_sha256
