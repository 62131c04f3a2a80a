"""Every text of an audit is hostile: page, tables and OSCAL stay what they are."""

from __future__ import annotations

import csv
import html.parser
import io
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gate.estate.assets import read_assets
from gate.estate.audit import Audit, Used
from gate.estate.controls import FRAMEWORKS
from gate.estate.index import Index
from gate.estate.period import read_period
from gate.estate.reading import read_audit
from gate.evidence.keyfiles import read_public
from gate.evidence.place import FolderPlace
from gate.evidence.problems import Code, Problem
from gate.report import audit_csv, audit_page, audit_readme, oscal
from tests.estate.halfyear import HalfYear
from tests.report.hostile import PAYLOADS

KEPT = {
    "severity", "clock", "allowed", "end", "change", "kind", "verdict", "state", "run_id",
    "outcome", "origin", "period", "type", "verdict_sha256", "sha256",
}  # fmt: skip
"""Texts that come from a fixed set, or that no image decides."""


@pytest.fixture(scope="module")
def audit(year: HalfYear) -> Audit:
    period = read_period("2026-01-01..2026-06-30")
    return read_audit(
        FolderPlace(year.evidence),
        [read_public(year.trust)],
        Index(),
        period,
        as_of=period.end,
        every=timedelta(days=7),
        assets=read_assets(year.assets),
    )


def poisoned(value: Any, payload: str) -> Any:
    """Return a value with every text in it replaced that somebody outside may choose."""
    if isinstance(value, msgspec.Struct):
        if isinstance(value, Used) and value.name.startswith("sha256:"):
            return value  # the digest of a policy: verified to be one
        changes = {
            name: poisoned(getattr(value, name), payload)
            for name in value.__struct_fields__
            if name not in KEPT
        }
        return msgspec.structs.replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(poisoned(one, payload) for one in value)
    return payload if type(value) is str else value


class Shape(html.parser.HTMLParser):
    """The elements and attributes of a page, without its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))


def shape(page: bytes) -> list[tuple[str, tuple[str, ...]]]:
    parser = Shape()
    parser.feed(page.decode())
    return parser.elements


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_texts(audit: Audit, payload: str) -> None:
    framework = FRAMEWORKS["soc2"]
    problem = Problem(code=Code.BLOB_ALTERED, message="was altered", where="x")
    told = msgspec.structs.replace(audit, problems=(("record", problem),))
    hostile = poisoned(told, payload)
    same = poisoned(told, "harmless")
    page = audit_page.render(hostile, framework)
    assert shape(page) == shape(audit_page.render(same, framework))
    tables = audit_csv.render_all(hostile, framework)
    counts = {name: len(rows(one)) for name, one in audit_csv.render_all(same, framework).items()}
    for name, content in tables.items():
        found = rows(content)
        assert len(found) == counts[name]
        for row in found:
            assert None not in row
            for cell in row.values():
                assert not cell.lstrip(' "').startswith(("=", "+", "-", "@", "|", "%"))
                assert cell.isprintable()
    document = oscal.render(hostile, framework)
    for output in (page, document, audit_readme.render(hostile, framework)):
        text = output.decode()
        assert not any(sign in text for sign in "\x1b\u202e\u2028\x9b\x00")
    json.loads(document)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_oscal_stays_valid(audit: Audit, payload: str) -> None:
    model = pytest.importorskip(
        "trestle.oscal.assessment_results",
        reason="compliance-trestle is not installed: OSCAL is not validated",
    )
    document = json.loads(oscal.render(poisoned(audit, payload), FRAMEWORKS["hipaa"]))
    model.AssessmentResults.model_validate(document["assessment-results"])


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
