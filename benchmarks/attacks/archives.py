"""Archives that want out of their folder, or grow without end."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

from benchmarks.attacks.bytes import damage
from benchmarks.attacks.case import Case, World, called
from salience.data.archive import Limits, contents_sha256, members, read_members, unpack

SMALL = Limits(bytes=2**22, members=200, ratio=50.0, spared=2**16)
KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.CONTTYPE)


def archive(random: Random, world: World) -> Case:
    """An archive, unpacked or read."""
    path = world.box / "a.archive"
    attack = random.choice((_escape, _escape, _link, _bomb, _twice, _many, _damaged, _damaged))
    must = attack(random, world, path)
    door = random.random()
    if door < 0.6:
        return Case(called(lambda: unpack(path, world.box / "unpacked", limits=SMALL)), must)
    if door < 0.8:
        return Case(called(lambda: [len(content) for _, content in read_members(path, limits=SMALL)]), must)
    return Case(called(lambda: (members(path, limits=SMALL), contents_sha256(path, limits=SMALL))), must)


def _escape(random: Random, world: World, path: Path) -> str:
    names = (
        "../outside/owned",
        "x/../../outside/owned",
        str(world.outside / "owned"),
        "..\\outside\\owned",
        "C:\\x",
        "a\x00b",
    )
    name = random.choice(names[:-1])
    if random.random() < 0.5:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("fine.txt", b"fine")
            packed.writestr(zipfile.ZipInfo(name), b"owned")
    else:
        _tar(path, [(tarfile.TarInfo("fine.txt"), b"fine"), (tarfile.TarInfo(name), b"owned")])
    return "fail"


def _link(random: Random, world: World, path: Path) -> str:
    link = tarfile.TarInfo("way")
    link.type = random.choice(KINDS[:5])
    link.linkname = random.choice((str(world.outside), "../outside", "/etc/passwd", "way", "fine.txt"))
    _tar(path, [(tarfile.TarInfo("fine.txt"), b"fine"), (link, b""), (tarfile.TarInfo("way/owned"), b"owned")])
    return "fail"


def _bomb(random: Random, _world: World, path: Path) -> str:
    zeros = bytes(random.choice((2**23, 2**24)))
    if random.random() < 0.5:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("zeros", zeros)
    else:
        file = io.BytesIO()
        _tar(file, [(tarfile.TarInfo("zeros"), zeros)])
        path.write_bytes(gzip.compress(file.getvalue(), 1))
    return "fail"


def _twice(random: Random, _world: World, path: Path) -> str:
    pairs = (("a", "a"), ("a", "./a"), ("a/b", "a"), ("a", "a/b"))
    first, second = random.choice(pairs)
    _tar(path, [(tarfile.TarInfo(first), b"1"), (tarfile.TarInfo(second), b"2")])
    return "either"


def _many(_random: Random, _world: World, path: Path) -> str:
    _tar(path, [(tarfile.TarInfo(f"{number}"), b"") for number in range(300)])
    return "fail"


def _damaged(random: Random, _world: World, path: Path) -> str:
    file = io.BytesIO()
    if random.random() < 0.5:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for number in range(5):
                packed.writestr(f"{number}.txt", b"some text " * 20)
        content = file.getvalue()
    else:
        _tar(file, [(tarfile.TarInfo(f"{number}.txt"), b"some text " * 20) for number in range(5)])
        content = gzip.compress(file.getvalue(), mtime=0) if random.random() < 0.5 else file.getvalue()
    path.write_bytes(damage(random, content))
    return "either"


def _tar(target: Path | io.BytesIO, entries: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    mode = {"name": target} if isinstance(target, Path) else {"fileobj": target}
    with tarfile.open(mode="w", **mode) as tar:
        for info, content in entries:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
