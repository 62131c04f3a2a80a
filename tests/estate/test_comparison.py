"""`patchgate evidence diff`: before and after of a patch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.estate.comparison import Examined, compare, examine
from gate.estate.sightings import End
from gate.evidence.keyfiles import read_public
from gate.evidence.verify import verify_file
from gate.policy.verdict import Cause, Outcome, Reason
from gate.report.comparison import render_json, render_markdown, render_text
from tests.cli.bad_inputs import run
from tests.estate.halfyear import HalfYear
from tests.estate.test_register import listing
from tests.report.hostile import PAYLOADS


def last_before(year: HalfYear, system: str, day: str) -> str:
    found: str = listing(year, "--image", system, "--until", day)[1]["runs"][-1]["run_id"]
    return found


def first_after(year: HalfYear, system: str, day: str) -> str:
    found: str = listing(year, "--image", system, "--since", day)[1]["runs"][0]["run_id"]
    return found


def diff(year: HalfYear, before: str, after: str, *more: str) -> tuple[int, str, str]:
    options = ["--evidence", str(year.evidence), "--trust", str(year.trust)]
    return run(["evidence", "diff", before, after, *options, *more])


def document(year: HalfYear, before: str, after: str) -> Any:
    code, out, err = diff(year, before, after, "-o", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_a_patch_that_came_late(year: HalfYear) -> None:
    before = last_before(year, "shop/api", "2026-03-24")
    after = first_after(year, "shop/api", "2026-03-28")
    found = document(year, before, after)
    assert (found["before"]["run"]["verdict"], found["after"]["run"]["verdict"]) == ("FAIL", "PASS")
    assert found["after"]["run"]["actor"] == "lee"
    assert found["after"]["run"]["url"].startswith("https://git.example/shop/api/actions/runs/")
    changed = {(one["name"], one["change"], one["before"], one["after"])
               for one in found["packages"]}  # fmt: skip
    assert ("curl", "upgraded", "1.0-3", "1.0-4") in changed
    late = next(one for one in found["closed"] if one["id"] == "CVE-2026-1303")
    assert late["end"] == "upgraded"
    assert late["allowed"] == "72h"
    assert late["due"] == "2026-03-20T08:00:00Z"
    assert late["in_time"] is False
    assert late["first_seen"] == "2026-03-17T10:00:00Z" or late["first_seen"] < "2026-03-24"
    assert late["days_open"] == 13
    text = diff(year, before, after)[1]
    assert "CVE-2026-1303 critical curl 1.0-3 → 1.0-4: fixed; open 13 days of 72h since" in text
    assert "due 2026-03-20: late" in text


def test_an_accepted_flaw_and_its_exception(year: HalfYear) -> None:
    before = last_before(year, "db-prod-01", "2026-03-20")
    after = first_after(year, "db-prod-01", "2026-03-30")
    (closed,) = [
        one for one in document(year, before, after)["closed"] if one["id"] == "CVE-2026-1203"
    ]
    assert closed["state"] == "accepted"
    assert closed["exception"] == "EX-7"
    assert "accepted by EX-7" in diff(year, before, after)[1]


def test_what_opened_and_what_remains(year: HalfYear) -> None:
    before = last_before(year, "shop/batch", "2026-05-04")
    after = first_after(year, "shop/batch", "2026-06-08")
    found = document(year, before, after)
    assert "CVE-2026-1501" in {one["id"] for one in found["opened"]}
    again = document(year, after, after)
    assert again["closed"] == again["opened"] == again["packages"] == []
    assert "CVE-2026-1501" in {one["id"] for one in again["remaining"]}
    assert ": overdue" in diff(year, after, after)[1]


def test_what_a_reader_is_told(year: HalfYear) -> None:
    web = last_before(year, "shop/web", "2026-03-01")
    host = first_after(year, "db-prod-01", "2026-03-02")
    text = diff(year, host, web)[1]
    assert "not the same system: db-prod-01 and registry.example/shop/web" in text
    assert "the second run is the older one" in text


def test_nothing_is_compared_that_does_not_verify(year: HalfYear, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(year.evidence, tmp_path / "copy"))
    one, two = sorted(copy.glob("*.jsonl"))[:2]
    two.write_bytes(two.read_bytes().replace(b"A", b"B", 1))
    code, out, err = diff(year, str(one), str(two))
    assert (code, out) == (6, "")
    assert "NOT VERIFIED" in err
    assert diff(year, str(one), "20260101T000000Z-0000000000000000")[0] == 6


def examined(year: HalfYear, run_id: str) -> Examined:
    path = year.evidence / f"{run_id}.intoto.jsonl"
    verified = verify_file(path, [read_public(year.trust)]).run
    assert verified is not None
    found = examine(verified, year.evidence, None)
    assert found is not None
    return found


def test_a_run_that_did_not_see_everything_closes_nothing(year: HalfYear) -> None:
    before = examined(year, last_before(year, "shop/api", "2026-03-24"))
    after = examined(year, first_after(year, "shop/api", "2026-03-28"))
    unread = Reason(cause=Cause.INPUT, code="unread", message="one layer")
    verdict = msgspec.structs.replace(
        after.earlier.verdict, outcome=Outcome.INDETERMINATE, reasons=(unread,)
    )
    blind = msgspec.structs.replace(
        after, earlier=msgspec.structs.replace(after.earlier, verdict=verdict)
    )
    found = compare(before, blind)
    assert found.closed == ()
    assert {one.id for one in found.unknown} == {one.id for one in compare(before, after).closed}
    assert {one.end for one in found.unknown} == {None}
    assert "did not see everything" in render_text(found)


def test_an_advisory_that_was_corrected_is_no_patch(year: HalfYear) -> None:
    before = examined(year, last_before(year, "shop/batch", "2026-06-20"))
    verdict = msgspec.structs.replace(before.earlier.verdict, decisions=())
    after = msgspec.structs.replace(
        before, earlier=msgspec.structs.replace(before.earlier, verdict=verdict)
    )
    found = compare(before, after)
    assert {one.end for one in found.closed} == {End.CORRECTED}
    assert "the advisories changed" in render_text(found)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_hostile_texts(year: HalfYear, payload: str) -> None:
    before = examined(year, last_before(year, "shop/api", "2026-03-24"))
    after = examined(year, first_after(year, "shop/api", "2026-03-28"))
    found = compare(before, after)
    closed = tuple(
        msgspec.structs.replace(one, id=payload, package=payload, before=payload, after=payload)
        for one in found.closed
    )
    line = msgspec.structs.replace(found.after.run, subject=payload, actor=payload, url=payload)
    side = msgspec.structs.replace(found.after, run=line)
    hostile = msgspec.structs.replace(found, closed=closed, after=side)
    for text in (render_text(hostile), render_markdown(hostile), render_json(hostile).decode()):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "##[" not in text
        assert "##vso[" not in text
    lines = render_text(hostile).splitlines()
    assert not [line for line in lines if line.lstrip().startswith("::")]
    markdown = render_markdown(hostile)
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert "<svg" not in markdown
    assert len(markdown.splitlines()) == len(render_markdown(found).splitlines())
