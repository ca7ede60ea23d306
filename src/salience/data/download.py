"""One file over HTTP whose size and hash are known beforehand; an interrupted download goes on where it stopped."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from pathlib import Path
from typing import IO

from salience.core.errors import DataError


def download(url: str, target: Path, *, size: int, sha256: str, report: Callable[[int], None]) -> None:
    """Download `url` to `target`, which appears only when it is complete and its hash is right.

    Until then the bytes lie in `<target>.part`, and the next call continues from there. The caller sees to it that no
    one else downloads to the same target.

    Args:
        size: bytes of the whole file.
        report: told the number of bytes that are here, first before the first request.

    Raises:
        DataError: the server refuses, stops early again and again, or sends something else.
    """
    part = target.with_name(target.name + ".part")
    _complete(url, part, size, report)
    found = file_sha256(part)
    if found != sha256:
        part.unlink()
        raise DataError(
            f"the downloaded file has the wrong hash and was removed: expected {sha256}, got {found}",
            where=url,
            fix="try again later; if it stays so, the file has changed at its origin",
        )
    os.replace(part, target)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_PIECE = 2**16
_TIMEOUT = 30.0
# Seconds to wait before each attempt.
_WAITS = (0.0, 1.0, 4.0)
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _Interrupted(Exception):
    """The transfer stopped for a reason that may be gone at the next attempt."""


def _complete(url: str, part: Path, size: int, report: Callable[[int], None]) -> None:
    for wait in _WAITS:
        time.sleep(wait)
        try:
            _append(url, part, size, report)
            return
        except _Interrupted as error:
            problem = error
    have = _size(part)
    raise DataError(
        f"the download stopped at {have:,} of {size:,} bytes: {problem}",
        where=url,
        fix="run the same again: it goes on from there",
    ) from problem


def _append(url: str, part: Path, size: int, report: Callable[[int], None]) -> None:
    """Ask for the bytes that are missing in `part` and write them to its end."""
    have = _size(part)
    if have > size:
        part.unlink()
        have = 0
    report(have)
    if have == size:
        # An empty file needs no request, but it must exist.
        part.touch()
        return
    with _opened(url, have, part) as response:
        have = _first_byte(response, have, size, part, url)
        with part.open("ab") as file:
            file.truncate(have)
            while piece := _piece(response):
                have += len(piece)
                if have > size:
                    break
                file.write(piece)
                report(have)
    if have > size:
        part.unlink()
        raise DataError(f"the server sends more than the {size:,} bytes of the file", where=url)
    if have < size:
        raise _Interrupted("the connection was closed early")


def _opened(url: str, have: int, part: Path) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "salience", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        return _opener().open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            part.unlink()
            raise _Interrupted("the server cannot continue; starting over") from error
        if error.code in _TRANSIENT:
            raise _Interrupted(f"the server answered {error.code} {error.reason}") from error
        raise DataError(f"the server answered {error.code} {error.reason}", where=url) from error
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"no connection: {error}") from error


def _first_byte(response: http.client.HTTPResponse, have: int, size: int, part: Path, url: str) -> int:
    """Which byte of the file the reply begins with: the one asked for, or 0 when the server ignores ranges."""
    if response.status == http.client.PARTIAL_CONTENT:
        stated = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if stated and int(stated[1]) == have and stated[2] in ("*", str(size)):
            return have
        part.unlink(missing_ok=True)
        raise _Interrupted("the server answered with other bytes than asked for; starting over")
    announced = response.headers.get("Content-Length")
    if announced is not None and announced != str(size):
        raise DataError(f"the file should have {size:,} bytes, the server announces {announced}", where=url)
    return 0


def _piece(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"the connection broke: {error}") from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the web, and never from https back to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        scheme = newurl.partition(":")[0].lower()
        if scheme not in ("http", "https") or (req.type == "https" and scheme == "http"):
            raise DataError(f"the server redirects to {newurl!r}, which is refused", where=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Knows http and https alone: `urllib.request.urlopen` would also read file:, ftp: and data: addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _WebOnly(),
    ):
        opener.add_handler(handler)
    return opener
