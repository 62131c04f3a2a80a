"""Read policy cases: short facts in YAML become the values that `decide` takes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gate.advisories.exploitation import Catalogue, EpssScore, Exploitation, KevEntry
from gate.advisories.lifecycles import built_in
from gate.advisories.lookup import Lookup
from gate.advisories.model import Query, SourceInfo
from gate.advisories.severity import Basis, Severity, Statement
from gate.advisories.vex.model import Statement as VexStatement
from gate.bom.model import (
    BaseImage,
    Bom,
    Component,
    Distro,
    Host,
    Kernel,
    Layer,
    Note,
    Reading,
    StaleProcess,
    Subject,
)
from gate.matching.findings import Finding, Findings, Match, Rating, Status
from gate.policy.context import Attributes, Baseline, Context, Previous, Sighting, Sightings, TagNow
from gate.policy.document import parse_policy
from gate.policy.exceptions.model import (
    Approval,
    Exceptions,
    PolicyException,
    Presented,
    TicketState,
)
from gate.policy.exceptions.roster import keyid_of
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules import RULES

FOLDER = Path(__file__).parent / "cases"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_PART = re.compile(r"(\d+)(w|d|h|m|s)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_ALL_OFF = {name: {"action": "off"} for name in RULES}

Case = Mapping[str, Any]


def read_cases() -> Iterator[tuple[str, Case]]:
    """Yield every case with its name: ``<file>: <case>``."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield f"{path.stem}: {case['case']}", case


def moment(written: object, now: datetime = NOW) -> datetime | None:
    """Return the time that ``14d ago``, ``in 3d``, a date or None stands for."""
    if written is None:
        return None
    if isinstance(written, datetime):
        return written.astimezone(UTC) if written.tzinfo else written.replace(tzinfo=UTC)
    if isinstance(written, date):
        return datetime(written.year, written.month, written.day, tzinfo=UTC)
    text = str(written)
    if text == "now":
        return now
    span = timedelta(**{_UNITS[unit]: int(number) for number, unit in _PART.findall(text)})
    assert text.endswith(" ago") or text.startswith("in "), text
    return now + span if text.startswith("in ") else now - span


def policy_of(case: Case) -> Policy:
    """Return the policy of a case; rules it does not name are off."""
    document = {"version": 1, **case.get("document", {})}
    roster = {"approvers": [{"name": "Ada Risk <ada@example.com>"}]}
    document["exceptions"] = {**roster, **document.get("exceptions", {})}
    if "trackers" in document["exceptions"]:
        trackers = [{**_TRACKER, **one} for one in document["exceptions"]["trackers"]]
        document["exceptions"] = {**document["exceptions"], "trackers": trackers}
    for approver in document["exceptions"]["approvers"]:
        approver.setdefault("keys", [KEYS[approver["name"].split()[0].lower()]])
    rules = {name: dict(rule) for name, rule in _ALL_OFF.items()}
    for name, rule in {**document.get("rules", {}), **case.get("policy", {})}.items():
        rules[name] = {"action": "fail", **rule}
    document["rules"] = rules
    return parse_policy(msgspec.json.encode(document).decode(), "case")


def facts_of(case: Case) -> Facts:
    """Return the facts of a case."""
    now = moment(case.get("now", "now"))
    assert now is not None
    components = tuple(_component(item) for item in case.get("components", [{}]))
    findings = tuple(
        _finding(item, number) for number, item in enumerate(case.get("findings", ()), start=1)
    )
    source = SourceInfo(
        name="Debian",
        digest="sha256:00",
        records=1,
        as_of=now - timedelta(hours=1),
        as_of_basis="newest-record",
        ecosystems={"Debian:13": 1},
    )
    query = Query(
        ref="openssl", ecosystem="Debian:13", name="openssl", version="3.0.9-1", scheme="dpkg"
    )
    base = case.get("base")
    host = case.get("host")
    bom = Bom(
        subject=_subject({"kind": "host", "source": "host"} if host else case.get("image", {})),
        distro=msgspec.convert(case.get("distro", {"id": "debian", "version_id": "13"}), Distro),
        components=components,
        readings=tuple(
            msgspec.convert(item, Reading)
            for item in case.get("readings", [{"what": "dpkg database", "status": "complete"}])
        ),
        notes=tuple(Note(code=code, message="") for code in case.get("notes", ())),
        base=BaseImage(**{**base, "created": moment(base.get("created"))}) if base else None,
        host=_host(host) if host else None,
    )
    return Facts(
        bom=bom,
        lookup=Lookup(queries=(query,), gaps=()),
        findings=Findings(findings=findings),
        sources=(source,),
        now=now,
        context=_context(case, now),
        exceptions=Exceptions(
            presented=tuple(
                _presented(item, number, now)
                for number, item in enumerate(case.get("exceptions", ()), start=1)
            ),
            problems=tuple(case.get("exception_problems", ())),
        ),
        vex=tuple(_statement(item, now) for item in case.get("vex", ())),
    )


def _statement(item: Mapping[str, Any], now: datetime) -> VexStatement:
    fields = {
        "vulnerabilities": ["CVE-2026-0001"],
        "status": "not_affected",
        "why": "not built in",
        "justified": True,
        "author": "Acme",
        "document": "vex.json",
        **item,
    }
    fields["made"] = moment(item.get("made", "1d ago"), now)
    return msgspec.convert(fields, VexStatement)


_DAYS = {"requested", "remediation", "expires", "earlier_terms", "approved"}


def _presented(item: Mapping[str, Any], number: int, now: datetime) -> Presented:
    """Return an exception of a case: ``approved: {by: ada, at: 1d ago, edited: true}``."""
    fields = {
        "id": f"EX-{number}",
        "systems": ["registry.example/team/*"],
        "reason": "the shop needs it",
        "risk": "low",
        "controls": ["no network"],
        "requester": "dev@example.com",
        "requested": _day(item.get("requested", "10d ago"), now),
        "remediation": _day(item.get("remediation", "now"), now),
        "expires": _day(item.get("expires", "in 20d"), now),
    }
    given = {name: item[name] for name in item if name not in _DAYS}
    given["earlier_terms"] = [_day(day, now) for day in item.get("earlier_terms", ())]
    exception = msgspec.convert({**fields, **given}, PolicyException)
    said = item.get("approved", {"by": "ada"})
    approvals = [said] if isinstance(said, dict) else said
    return Presented(
        exception=exception,
        where="case",
        approvals=tuple(
            Approval(
                exception=exception.id,
                digest=one["names"]
                if "names" in one
                else "sha256:0"
                if one.get("edited")
                else exception.digest,
                approved_at=_at(one.get("at", "1d ago")),
                keyid=keyid_of(KEYS[one["by"]]) if one["by"] in KEYS else "",
                ticket=_ticket(one["ticket"]) if "ticket" in one else None,
            )
            for one in approvals
        ),
    )


def _ticket(item: Mapping[str, Any]) -> TicketState:
    fields = {
        "tracker": "risks",
        "ticket": "RISK-7",
        "url": "https://jira.example/rest/api/2/issue/RISK-7",
        "state": "Approved",
        "opened_by": "dev",
        "approved_by": "ada",
        "response": "sha256:00",
        **item,
    }
    fields["fetched_at"] = _at(item.get("fetched", "1h ago"))
    fields.pop("fetched", None)
    return msgspec.convert(fields, TicketState)


def _day(written: object, now: datetime) -> str:
    found = moment(written, now)
    assert found is not None
    return f"{found:%Y-%m-%d}"


def _ssh_key(seed: int) -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([seed]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} case"


_TRACKER = {
    "name": "risks",
    "kind": "jira",
    "url": "https://jira.example",
    "approved": ["Approved"],
    "keys": [_ssh_key(3)],
}
KEYS = {"ada": _ssh_key(1), "bob": _ssh_key(2), "ci": _ssh_key(3)}
"""Public keys of the approvers of a case; whoever else signs is in no roster."""


def _component(item: Mapping[str, Any]) -> Component:
    fields = {"type": "deb", "name": "openssl", "version": "3.0.9-1", **item}
    fields["installed_at"] = moment(item.get("installed"))
    fields.pop("installed", None)
    purl = f"pkg:{fields['type']}/{fields['name']}@{fields['version']}"
    return msgspec.convert({"ref": fields["name"], "purl": purl, **fields}, Component)


def _subject(item: Mapping[str, Any]) -> Subject:
    fields: dict[str, Any] = {
        "kind": "image",
        "source": "docker-archive",
        "name": "registry.example/team/app:1",
        **item,
    }
    fields["created"] = moment(item.get("created", "10d ago"))
    for name in ("newest_file", "pushed"):
        if name in item:
            fields[name] = moment(item[name])
    fields["layers"] = [Layer(diff_id=name) for name in item.get("layers", ())]
    return msgspec.convert(fields, Subject)


def _host(item: Mapping[str, Any]) -> Host:
    fields = dict(item)
    fields["booted_at"] = moment(item.get("booted"))
    fields.pop("booted", None)
    fields["kernels"] = [Kernel(**kernel) for kernel in item.get("kernels", ())]
    fields["stale_processes"] = [
        StaleProcess(pid=process["pid"], name=process["name"], paths=tuple(process["paths"]))
        for process in item.get("stale_processes", ())
    ]
    return msgspec.convert(fields, Host)


def _finding(item: Mapping[str, Any], number: int) -> Finding:
    name = item.get("id", f"CVE-2026-{number:04}")
    fixed = item.get("fixed", "3.0.10-1")
    score = item.get("cvss")
    stated = (
        Statement(
            advisory=name,
            basis=Basis.RECORD,
            severity=Severity(item.get("severity", "high")),
            method="CVSS_V3",
            score=score,
        )
        if score is not None
        else None
    )
    return Finding(
        ref=item.get("in", "openssl"),
        id=name,
        identifiers=(name, *item.get("also", ())),
        summary="",
        status=Status.FIXED if fixed else Status.UNFIXED,
        fixed=fixed,
        rating=Rating(severity=Severity(item.get("severity", "high")), taken=stated),
        published=moment(item.get("published", "1d ago")),
        fix_published=moment(item.get("fix_published")),
        undated=item.get("undated", False),
        fix_undated=item.get("fix_undated", False),
        matches=(
            Match(
                advisory="DSA-1",
                source="Debian",
                ecosystem="Debian:13",
                package="openssl",
                version="3.0.9-1",
                why="",
            ),
        ),
    )


def _context(case: Case, now: datetime) -> Context:
    kev, epss, previous = case.get("kev", {}), case.get("epss", {}), case.get("previous")
    return Context(
        attributes=msgspec.convert(case.get("given", {}), Attributes),
        exploitation=Exploitation(
            kev=_catalogue(kev, case.get("kev_as_of", "1d ago"), now),
            epss=_catalogue(epss, case.get("epss_as_of", "1d ago"), now),
            exploited={
                name: KevEntry(added=_at(item["added"]), due=_at(item["due"]))
                for name, item in (kev or {}).items()
            },
            scores={
                name: EpssScore(probability=probability, percentile=0.5)
                for name, probability in (epss or {}).items()
            },
        ),
        lifecycles=built_in(),
        previous=(
            Previous(at=_at(previous["at"]), components=previous["components"])
            if previous
            else None
        ),
        baseline=(
            Baseline(source="before.json", findings=tuple(case["baseline"]))
            if "baseline" in case
            else None
        ),
        sightings=Sightings(
            kept=True,
            seen={
                name: Sighting(**{part: _at(when) for part, when in parts.items()})
                for name, parts in case.get("sightings", {}).items()
            },
        ),
        base_now=_tag_now(case["tag_now"], now) if "tag_now" in case else None,
        first_seen={name: _at(when) for name, when in case.get("first_seen", {}).items()},
    )


def _tag_now(item: Mapping[str, Any], now: datetime) -> TagNow:
    fields = {"reference": "debian:13", "asked": now, **item}
    fields["created"] = moment(item.get("created"), now)
    return msgspec.convert(fields, TagNow)


def _catalogue(entries: object, as_of: str, now: datetime) -> Catalogue | None:
    """Return a catalogue; ``kev: none`` in a case stands for its absence."""
    if entries is None:
        return None
    when = moment(as_of, now)
    assert when is not None
    return Catalogue(digest="sha256:00", as_of=when, version="1", entries=1)


def _at(written: object) -> datetime:
    found = moment(written)
    assert found is not None
    return found
