"""A real browser without a window: opens pages in frames of a given size and reports what it found there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=60000", "--dump-dom",
)  # fmt: skip

# `open` puts a page, unchanged and with its own security policy, into a frame that this page may look into.
_HARNESS = """<!doctype html><meta charset="utf-8"><pre id="found"></pre><script>
const pages = __PAGES__;
function open_(name, width) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.width = width; frame.height = 800; frame.srcdoc = pages[name];
    frame.onload = () => setTimeout(() => done(frame.contentWindow), 50);
    document.body.append(frame);
  });
}
(async () => {
  let found;
  try { found = await (async () => { __SCRIPT__ })(); } catch (error) { found = {error: String(error)}; }
  document.querySelector("#found").textContent = JSON.stringify(found);
})();
</script>"""


def probe(folder: Path, pages: Mapping[str, str], script: str) -> Any:
    """Run `script`, which may `await open_(name, width)` for the window of a page, and return what it returns.

    The test is skipped where there is no browser.
    """
    browser = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"no browser: install one of {', '.join(_NAMES)} to run this test")
    # Inside a script element only "</" could end it early.
    given = json.dumps(dict(pages)).replace("</", "<\\/").replace("<!--", "<\\!--")
    harness = folder / "harness.html"
    harness.write_text(_HARNESS.replace("__SCRIPT__", script).replace("__PAGES__", given), encoding="utf-8")
    command = [browser, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", harness.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    match = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
    if match is None:
        pytest.fail(f"the browser reported nothing: {done.stderr[-2000:]}")
    return json.loads(unescape(match.group(1)))
