"""A page of ours in a real browser: headless Chromium measures it, and draws it.

The browser loads the page from a server of this test, in a frame of the width that is
asked for, so that a script beside it may ask what the page, which has none, looks like.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.serving import serving_on_a_free_port

PHONE, DESK = 360, 1200
_PATIENCE_SECONDS = 120

_FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="page" src="/page.html" style="border:0;width:WIDTHpx;height:900px"></iframe>
<pre id="seen"></pre>
<script>
const frame = document.getElementById("page");
const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
function behind(view, element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(view.getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0.99) return colour;
  }
  return [255, 255, 255];
}
function faint(view, page) {
  const found = [];
  for (const element of page.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [light(rgb(view.getComputedStyle(element).color)), light(behind(view, element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(element.outerHTML.slice(0, 80) + " " + contrast.toFixed(2));
  }
  return found;
}
const order = page => [...page.querySelectorAll(".findings tbody tr")]
  .map(row => [row.getBoundingClientRect().top, row.innerText.replace(/\\s+/g, " ")])
  .sort((a, b) => a[0] - b[0]).map(pair => pair[1]);
frame.onload = () => {
  const view = frame.contentWindow, page = view.document;
  page.querySelectorAll("details").forEach(part => part.open = true);
  const orders = {};
  for (const button of page.querySelectorAll("input.sorter")) {
    button.checked = true;
    orders[button.id] = order(page);
  }
  const wide = [...page.querySelectorAll("body *:not(svg *)")]
    .filter(e => e.getBoundingClientRect().right > WIDTH + 1).map(e => e.outerHTML.slice(0, 80));
  document.getElementById("seen").textContent = JSON.stringify({
    title: page.title, text: page.body.innerText, width: page.documentElement.scrollWidth,
    wide, faint: faint(view, page), orders,
    background: view.getComputedStyle(page.body).backgroundColor,
    loaded: view.performance.getEntriesByType("resource").map(e => e.name),
    scripts: page.scripts.length, alerted: !!view.alerted,
  });
};
</script>
"""


class Seen(msgspec.Struct, frozen=True):
    """What the browser made of a page: widths in CSS pixels."""

    title: str
    text: str
    width: int
    wide: list[str]
    """Elements that reach beyond the right edge."""
    faint: list[str]
    """Texts with less contrast than WCAG 2.1 asks of AA (4.5 to 1)."""
    orders: dict[str, list[str]]
    """The rows of findings from top to bottom, for each way to sort them."""
    background: str
    loaded: list[str]
    """What the page had the browser fetch."""
    scripts: int
    alerted: bool
    fetched: list[str]
    """Paths that the browser asked our server for."""


def chromium() -> str:
    """Return the browser's path, or skip the test with a word."""
    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found is None:
        pytest.skip("no chromium here (apt-get install chromium): pages are not tried in a browser")
    return found


def look(page: bytes, folder: Path, *, width: int = DESK, dark: bool = False) -> Seen:
    """Return what a browser with a window of that width makes of a page."""
    fetched: list[str] = []
    frame = _FRAME.replace("WIDTH", str(width)).encode()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fetched.append(self.path)
            found = {"/": frame, "/page.html": page}.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: Any) -> None: ...

    with serving_on_a_free_port(Pages) as port:
        said = _run(folder, "--dump-dom", f"http://127.0.0.1:{port}/", dark=dark)
    seen = re.search(r'<pre id="seen">(.*?)</pre>', said, re.DOTALL)
    assert seen is not None, said[-2000:]
    assert seen[1], said[-2000:]
    ours = [path for path in fetched if path != "/favicon.ico"]  # the browser's own wish
    return msgspec.convert({**json.loads(unescape(seen[1])), "fetched": ours}, Seen)


def printed(page: bytes, folder: Path) -> str:
    """Return the text of a page as it comes out on paper."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here (apt-get install poppler-utils): pages are not printed")
    (folder / "page.html").write_bytes(page)
    paper = folder / "page.pdf"
    _run(
        folder, f"--print-to-pdf={paper}", "--no-pdf-header-footer", (folder / "page.html").as_uri()
    )
    command = ["pdftotext", "-layout", paper, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _run(folder: Path, *arguments: str, dark: bool = False) -> str:
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000",
        "--virtual-time-budget=10000", *scheme, *arguments,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
