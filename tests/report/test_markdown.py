"""Markdown: the verdict first, the worst first, and never too large to be shown."""

from __future__ import annotations

import msgspec
import pytest

from gate.advisories.severity import Severity
from gate.bom.model import Reading, ReadingStatus
from gate.report.markdown import marker, render
from gate.report.markdown_text import code, plain
from gate.run.result import Result
from tests.report.hostile import PAYLOADS, hostile, hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED, finding, result_of


def text_of(result: Result) -> str:
    return render(result, 1).decode()


@pytest.mark.parametrize(
    ("result", "head"),
    [
        (PASSED, "## ✅ PASS `registry.example/shop/web:1.4`"),
        (FAILED, "## ❌ FAIL `registry.example/shop/web:1.4`"),
        (INDETERMINATE, "## ❓ INDETERMINATE `registry.example/shop/web:1.4`"),
        (hostile_unread("x.tar"), "## ❓ INDETERMINATE `x.tar`"),
    ],
)
def test_the_verdict_is_the_heading(result: Result, head: str) -> None:
    first, second, *_ = text_of(result).splitlines()
    assert first == marker(result.target)
    assert second == head


def test_why_and_what_to_change() -> None:
    text = text_of(FAILED)
    assert "- patch\\_sla: 1 of 4 findings are past their time to patch<br>→ raise the" in text
    assert "### Change (1 of 2 break the policy)" in text
    row = "| ❌ | `openssl` | `1.0-1` | `2.0-1` | 1 critical, 1 medium | 2026-05-15, 17 days over |"
    assert row in text
    assert "| `bash` | `1.0-1` | no fix yet |" in text
    order = [text.index(word) for word in ("### Why", "### Change", "2 rules", "4 findings</")]
    assert order == sorted(order)


def test_the_marker_outlives_tags() -> None:
    assert marker("shop/web:1") == marker("shop/web:2") != marker("shop/other:1")
    assert marker("x --> <script>") == marker("x --> <script>")
    assert "script" not in marker("x --> <script>")


def test_it_fits_a_comment_whatever_the_result() -> None:
    flaws = [
        finding(f"package-{n:04}", f"CVE-{n}", severity=Severity.CRITICAL, days=100 + n)
        for n in range(3000)
    ]
    text = text_of(result_of(*flaws))
    assert 50_000 < len(text.encode()) <= 60_000
    assert "**and 2,970 more, 2,970 of them ❌; the JSON result has all**" in text
    assert "more are left out here; the JSON result has all.**" in text
    assert text.count("<details>") == text.count("</details>") == 3
    # The worst comes first: it is the oldest.
    assert text.index("package-2999") < text.index("package-2998")


def test_it_fits_when_every_text_is_long() -> None:
    readings = tuple(
        Reading(what="layer", status=ReadingStatus.FAILED, path=f"{n}", reason="@" * 9999)
        for n in range(1000)
    )
    text = text_of(result_of(readings=readings))
    assert len(text.encode()) <= 60_000
    assert "Why: left out here, being too long" in text
    assert text.startswith("<!-- patchgate:")
    for payload in PAYLOADS.values():
        assert len(render(hostile(payload * 50), 1)) <= 60_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("openssl 3.0.9-1", "openssl 3.0.9-1"),
        ("a_b *c* [d](e)", "a\\_b \\*c\\* \\[d\\](e)"),
        ("<b>&amp;", "&lt;b&gt;&amp;&#8203;amp;"),
        ("@all #1 !2", "\\@&#8203;all \\#&#8203;1 \\!&#8203;2"),
        ("http://x www.y", "http\\://x www\\.y"),
        ("a\nb", "a\\\\nb"),
    ],
)
def test_plain_text(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a`b|c", r"`a\x60b\x7cc`"),
        (" x ", "`x`"),
        ("", ""),
        ("<b>", r"`\x3cb\x3e`"),
        ("@all", "`@all`"),
    ],
)
def test_code_spans(text: str, shown: str) -> None:
    assert code(text) == shown


def test_what_was_not_fixed_is_no_version() -> None:
    result = result_of(
        msgspec.structs.replace(finding("curl", days=40), fixed="", fix_published=None)
    )
    assert "| no fix yet |" in text_of(result)
