"""Results of runs, made by the real matcher's types and the real policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from gate.advisories.lookup import Lookup, lookup
from gate.advisories.model import SourceInfo
from gate.advisories.severity import Severity
from gate.bom.model import (
    Bom,
    Component,
    Distro,
    Location,
    Reading,
    ReadingStatus,
    Subject,
    SubjectKind,
)
from gate.matching.findings import Finding, Findings, Match, PassedOver, Rating, Status
from gate.matching.upgrades import upgrades
from gate.policy.decide import decide
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.run.result import EvidenceNote, PolicyNote, Result

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHOLE = Reading(
    what="dpkg database",
    status=ReadingStatus.COMPLETE,
    path="var/lib/dpkg/status",
    components=3,
)
POLICY_NOTE = PolicyNote(name="default", digest="sha256:" + "0" * 64, source="built-in")
SOURCE = SourceInfo(
    name="Debian",
    digest="sha256:00",
    records=57_000,
    as_of=NOW - timedelta(hours=2),
    as_of_basis="newest-record",
    ecosystems={"Debian:12": 1},
)


def component(name: str, version: str = "1.0-1", source: str = "") -> Component:
    return Component(
        ref=f"ref:{name}",
        type="deb",
        name=name,
        version=version,
        purl="pkg:deb/debian/x@1",
        source_name=source or name,
        source_version=version,
        locations=(Location(path="var/lib/dpkg/status", layer="sha256:aa"),),
    )


def finding(
    name: str,
    id: str = "CVE-2026-1",  # noqa: A002 - as the field is called
    *,
    severity: Severity = Severity.HIGH,
    days: float = 1,
    fixed: str = "2.0-1",
) -> Finding:
    """A flaw of the component `name`, published `days` ago."""
    published = NOW - timedelta(days=days)
    return Finding(
        ref=f"ref:{name}",
        id=id,
        identifiers=(id,),
        summary="a flaw",
        status=Status.FIXED if fixed else Status.UNFIXED,
        fixed=fixed,
        rating=Rating(severity=severity),
        published=published,
        matches=(
            Match(
                advisory="DSA-1",
                source="Debian",
                ecosystem="Debian:12",
                package=name,
                version="1.0-1",
                why="1.0-1 < 2.0-1",
                fixed=fixed,
                published=published,
            ),
        ),
    )


def result_of(
    *findings: Finding,
    components: Iterable[Component] | None = None,
    readings: tuple[Reading, ...] = (WHOLE,),
    policy: Policy | None = None,
    target: str = "registry.example/shop/web:1.4",
    passed_over: tuple[PassedOver, ...] = (),
) -> Result:
    """Return the result of a run that came to these findings."""
    if components is None:
        components = [component(name) for name in sorted({f.ref[4:] for f in findings} | {"zlib"})]
    bom = Bom(
        subject=Subject(
            kind=SubjectKind.IMAGE,
            source="docker-archive",
            name=target,
            digests={"sha256": "0123456789abcdef" * 4},
            created=NOW - timedelta(days=10),
            created_basis="config",
        ),
        distro=Distro(id="debian", version_id="12", pretty_name="Debian GNU/Linux 12 (bookworm)"),
        components=tuple(sorted(components, key=lambda c: c.ref)),
        readings=readings,
    )
    asked: Lookup = lookup(bom)
    found = Findings(
        findings=tuple(sorted(findings, key=lambda f: (f.ref, f.id))), passed_over=passed_over
    )
    facts = Facts(bom=bom, lookup=asked, findings=found, sources=(SOURCE,), now=NOW)
    return Result(
        target=target,
        now=NOW,
        now_basis="clock",
        policy=POLICY_NOTE,
        verdict=decide(facts, policy or Policy(version=1)),
        bom=bom,
        lookup=asked,
        findings=found,
        upgrades=upgrades(bom, asked, found),
        snapshot="sha256:" + "1" * 64,
        sources=(SOURCE,),
        evidence=EvidenceNote(
            recorded=True,
            run_id="r1",
            file="r1.dsse.json",
            digest="sha256:" + "2" * 64,
            key_id="abcdef0123456789",
        ),
    )


FAILED = result_of(
    finding("openssl", severity=Severity.CRITICAL, days=20),
    finding("openssl", "CVE-2026-2", severity=Severity.MEDIUM, days=3),
    finding("curl", "CVE-2026-3", severity=Severity.HIGH, days=4),
    finding("bash", "CVE-2026-4", severity=Severity.LOW, days=5, fixed=""),
    passed_over=(PassedOver(ref="ref:zlib", advisory="ALBA-1", kind="bugfix"),),
)
PASSED = result_of()
INDETERMINATE = result_of(
    finding("curl", days=4),
    readings=(
        msgspec.structs.replace(WHOLE, status=ReadingStatus.PARTIAL, reason="the end is cut"),
    ),
)
