"""Every format, a new one too: no text from outside becomes anything but text.

A format that is not in `_CHECKS` is held against all of `_plain`.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from gate.errors import InputError
from gate.report import table
from gate.report.encoding import visible
from gate.report.formats import FORMATS
from gate.run.result import Result
from tests.report.hostile import PAYLOADS, hostile, hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED

_MARKUP = re.compile(r"<(script|img|svg|b|!--|!\[CDATA)", re.IGNORECASE)


def _plain(text: str) -> None:
    """Hold for any text that people or unknown programs read."""
    assert not _MARKUP.search(text)


def _json(text: str) -> None:
    json.loads(text)


def _xml(text: str) -> None:
    _plain(text)
    root = ET.fromstring(text)
    shape = {(element.tag, tuple(sorted(element.attrib))) for element in root.iter()}
    usual = ET.fromstring(FORMATS["junit"](FAILED, 1) + b"")
    unread = ET.fromstring(FORMATS["junit"](INDETERMINATE, 3))
    known = {(e.tag, tuple(sorted(e.attrib))) for tree in (usual, unread) for e in tree.iter()}
    assert shape <= known


def _terminal(text: str) -> None:
    """Hold for a terminal, which reads no markup: that lines are visible is all."""
    assert text.startswith(("✗ ", "? "))


def _markdown(text: str) -> None:
    """Hold for Markdown: nothing but what the report itself writes is markup."""
    marker, _, rest = text.partition("\n")
    assert re.fullmatch(r"<!-- patchgate:[0-9a-f]{32} -->", marker)
    ours = r"</?details>|<summary>\d+ (finding|rule)s?</summary>|<br>"
    ours += r"|<summary>What this rests on</summary>"
    rest = re.sub(ours, "", rest)
    assert "<" not in rest
    columns = 0
    for line in rest.split("\n"):
        spans = re.sub(r"(?<!\\)`[^`]*`", "", line).replace("&#8203;", " ")
        assert not re.search(r"(?<!\\)`", spans)
        assert not re.search(r"(?<!\\)[\[\]*~]", spans.replace("**", ""))
        assert not re.search(r"[@#!]\w|\w://", spans)
        assert not re.match(r"#+ (heading|h)$|```", line)
        cells = len(re.findall(r"(?<!\\)\|", spans))
        columns = cells if not columns or not cells else columns
        assert cells == columns
        columns = cells


def _commands(text: str) -> None:
    """Hold for GitHub's workflow commands: ours and no others, and not more than it keeps."""
    levels: Counter[str] = Counter()
    for line in text.removesuffix("\n").split("\n"):
        command = re.fullmatch(r"::(error|warning) title=[^:,]*::(.*)", line)
        assert command
        assert "%" not in re.sub("%25|%3A|%2C", "", line)
        levels[command[1]] += 1
    assert max(levels.values()) <= 10


def _csv(text: str) -> None:
    """Hold for a spreadsheet: no cell is a formula, and no text makes cells or rows."""
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {20}
    assert {row[0] for row in rows} <= {
        "kind",
        "verdict",
        "policy",
        "not-judged",
        "warning",
        "finding",
    }
    for row in rows:
        for cell in row:
            assert not re.match(r"[\s\"']*[=+\-@|%]", cell) or cell.startswith("'")
            # Some programs split at other signs; what follows one must be no formula either.
            assert "\t" not in cell
            assert "\n" not in cell


def _metrics(text: str) -> None:
    """Hold for OpenMetrics: every line is a comment of ours or a sample with escaped labels."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    label = r'[a-z]+="(?:[^"\\]|\\[\\"n])*"'
    sample = rf"patchgate_[a-z_]+\{{{label}(?:,{label})*\}} -?[0-9.e+]+"
    for line in lines[:-2]:
        assert re.fullmatch(rf"# (TYPE|HELP) patchgate_[a-z_]+ [\w ,;:.]+|{sample}", line)


class _Page(HTMLParser):
    """Collects what a browser would make elements and attributes of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        free = {"d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "style", "content"}
        self.found.add((tag, "", ""))
        self.found |= {(tag, name, "" if name in free else value or "") for name, value in attrs}

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def _elements(text: str) -> set[tuple[str, str, str]]:
    page = _Page()
    page.feed(text)
    page.close()
    return page.found


_PAGE = {
    (tag, name)
    for tag, name, _ in itertools.chain(
        [("details", "", ""), ("summary", "", ""), ("input", "checked", "")],
        *(_elements(FORMATS["html"](result, 1).decode()) for result in (FAILED, INDETERMINATE)),
    )
}


def _html(text: str) -> None:
    """Hold for a browser: elements and attributes are those of any other page, and load nothing."""
    found = _elements(text)
    assert {(tag, name) for tag, name, _ in found} <= _PAGE
    assert not {tag for tag, _, _ in found} & {"script", "a", "img", "link", "iframe", "object"}
    assert all(re.fullmatch(r"[\w .:/-]*|text/html|width=.*", value) for _, _, value in found)
    assert not re.search(r"url\(|@import|javascript:", re.sub(r">[^<]*<", "><", text))
    assert text.count("http-equiv") == 1


_CHECKS: dict[str, Callable[[str], None]] = {
    "table": _terminal,
    "csv": _csv,
    "cyclonedx": _json,
    "gitlab-code-quality": _json,
    "gitlab-container-scanning": _json,
    "github": _commands,
    "html": _html,
    "json": _json,
    "junit": _xml,
    "markdown": _markdown,
    "openmetrics": _metrics,
    "sarif": _json,
    "spdx": _json,
}


_ALL = ["table", *FORMATS]


def _render(name: str, result: Result) -> str:
    if name == "table":
        return table.render(result, exit_code=1, colour=False, width=100)
    return FORMATS[name](result, 1).decode()


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", _ALL)
def test_hostile_text_stays_text(name: str, payload: str) -> None:
    for make in (hostile, hostile_unread):
        try:
            text = _render(name, make(PAYLOADS[payload]))
        except InputError:
            assert make is hostile_unread
            continue
        for line in text.replace("\r\n", "\n").split("\n"):
            assert visible(line) == line
            # GitHub obeys these wherever they begin a line of a log, Azure as well.
            if name != "github":
                assert not line.lstrip().startswith("::")
        assert "##[" not in text
        assert "##vso[" not in text
        _CHECKS.get(name, _plain)(text)


@pytest.mark.parametrize("name", sorted({*_ALL} - {"spdx"}))
def test_the_verdict_is_in_it(name: str) -> None:
    """All but SPDX, which is the inventory whatever the verdict."""
    for result in (PASSED, FAILED, INDETERMINATE):
        shown = _render(name, result)
        # A list of what is wrong is empty where nothing is.
        assert result.verdict.outcome.value in shown or (shown == "[]\n" and result is PASSED)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_result_gives_the_same_bytes(name: str) -> None:
    assert FORMATS[name](FAILED, 1) == FORMATS[name](FAILED, 1)
