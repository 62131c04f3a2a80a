"""One run with every field filled in, and a key that is always the same."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.advisories.model import SourceInfo
from gate.bom.model import Reading, ReadingStatus, Subject, SubjectKind
from gate.evidence.extension import (
    Actor,
    AppliedException,
    CiRun,
    Clock,
    ClockBasis,
    GivenApproval,
    Reason,
    RunVerdict,
    Tool,
)
from gate.evidence.facts import ADVISORIES, POLICY, SBOM, VERDICT, Attachment, FoundFlaw, RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.record import Recorded, record
from gate.evidence.store import FolderStore

NOW = datetime(2026, 11, 23, 18, 32, 51, tzinfo=UTC)
POLICY_BYTES = b'{"name":"default","version":1}'

REASONS = {
    RunVerdict.PASS: (),
    RunVerdict.FAIL: (
        Reason(
            code="patch-sla",
            message="patch_sla: 2 of 7 findings are past their time to patch",
        ),
    ),
    RunVerdict.INDETERMINATE: (
        Reason(
            code="unread",
            message="dpkg database var/lib/dpkg/status could not be read: limit 'text_bytes' "
            "reached (134,217,728 bytes)",
        ),
    ),
}


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def flaws_of(verdict: RunVerdict) -> tuple[FoundFlaw, ...]:
    """What was found: nothing in a run that passed."""
    if verdict is RunVerdict.PASS:
        return ()
    scores = (
        ("cvss_v3", "9.8"),
        ("cvss_v3_vector", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    )
    openssl = "pkg:deb/debian/openssl@3.0.9-1"
    return (
        FoundFlaw(
            id="CVE-2024-5535", ref=openssl, severity="critical", scores=scores,
            fixed="3.0.14-1~deb12u1", state="overdue",
        ),
        FoundFlaw(id="CVE-2023-5678", ref=openssl, severity="high", state="open"),
    )  # fmt: skip


def verdict_bytes(verdict: RunVerdict, reasons: tuple[Reason, ...]) -> bytes:
    """What `gate.policy.verdict.encode_verdict` writes, as far as evidence reads it."""
    document: dict[str, Any] = {"decided_at": NOW, "outcome": verdict}
    document["rules"] = [
        {
            "rule": "patch_sla",
            "outcome": "failed" if verdict is RunVerdict.FAIL else "passed",
            "message": "",
        },
        {"rule": "image_age", "outcome": "warned", "message": ""},
        {"rule": "base_image", "outcome": "off", "message": ""},
    ]
    document["decisions"] = [
        {"id": flaw.id, "ref": flaw.ref, "severity": flaw.severity, "state": flaw.state}
        for flaw in flaws_of(verdict)
    ]
    if reasons:
        document["reasons"] = [
            {"cause": "policy", "code": reason.code, "message": reason.message}
            for reason in reasons
        ]
    return msgspec.json.encode(document, order="sorted")


def attachments(verdict: RunVerdict, reasons: tuple[Reason, ...]) -> tuple[Attachment, ...]:
    sbom = b'{\n "specVersion": "1.6", "bomFormat": "CycloneDX", "components": []\n}\n'
    advisories = b'{"id":"DSA-1-1","modified":"2026-11-20T00:00:00Z"}\n'
    return (
        Attachment(name=SBOM, media_type="application/vnd.cyclonedx+json", content=sbom),
        Attachment(name=POLICY, media_type="application/json", content=POLICY_BYTES),
        Attachment(
            name=VERDICT,
            media_type="application/vnd.patchgate.verdict.v1+json",
            content=verdict_bytes(verdict, reasons),
        ),
        Attachment(name=ADVISORIES, media_type="application/jsonl", content=advisories),
    )


def facts_of(verdict: RunVerdict) -> RunFacts:
    readings = [
        Reading(what="layer", status=ReadingStatus.COMPLETE),
        Reading(what="dpkg database", status=ReadingStatus.COMPLETE, components=88),
    ]
    if verdict is RunVerdict.INDETERMINATE:
        readings[1] = Reading(
            what="dpkg database",
            status=ReadingStatus.FAILED,
            path="var/lib/dpkg/status",
            layer=sha256(b"layer"),
            reason="limit 'text_bytes' reached (134,217,728 bytes)",
        )
    return RunFacts(
        subject=Subject(
            kind=SubjectKind.IMAGE,
            source="docker-archive",
            name="registry.example/shop/web:1.4",
            digests={"sha256": hashlib.sha256(b"manifest").hexdigest()},
            image_id=sha256(b"configuration"),
            repo_digests=(f"registry.example/shop/web@{sha256(b'manifest')}",),
        ),
        verdict=verdict,
        reasons=REASONS[verdict],
        policy_uri="git+https://git.example/shop/web@0123abcd#patchgate.yaml",
        policy_digest=sha256(POLICY_BYTES),
        snapshot=sha256(b"snapshot"),
        sources=(
            SourceInfo(
                name="Debian",
                digest=sha256(b"Debian/all.zip"),
                records=9118,
                newest_modified=datetime(2026, 11, 22, 7, 5, tzinfo=UTC),
                as_of=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
                as_of_basis="confirmed",
                url="https://user:secret@advisories.example/Debian/all.zip",
                etag="W/secret",
            ),
        ),
        readings=tuple(readings),
        components=88,
        clock=Clock(now=NOW, basis=ClockBasis.SYSTEM),
        tool=Tool(version="1.0.0", digest=sha256(b"wheel")),
        actor=Actor(claimed="kim"),
        ci=CiRun(
            system="gitlab",
            repository="https://ci:token@git.example/shop/web",
            ref="refs/heads/main",
            commit="0123abcd" * 5,
            run="4711",
            attempt="1",
            url="https://git.example/shop/web/-/jobs/4711",
        ),
        exceptions=(
            AppliedException(
                id="EX-7",
                digest=sha256(b"exception"),
                approver="sam",
                expires=datetime(2026, 12, 31, tzinfo=UTC),
            ),
        )
        if verdict is RunVerdict.PASS
        else (),
        attachments=attachments(verdict, REASONS[verdict]),
        flaws=flaws_of(verdict),
        ticket="OPS-12",
        approvals=(
            GivenApproval(
                exception="EX-7",
                digest=sha256(b"exception"),
                approver="sam",
                approved_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
                requester="kim",
                ticket="RISK-7",
            ),
        )
        if verdict is RunVerdict.PASS
        else (),
    )


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A temporary folder, in memory where the system has one: for hundreds of killed runs."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=memory if usable else None) as folder:
        yield Path(folder)


@pytest.fixture
def facts() -> RunFacts:
    """A run that failed, with every kind of attachment."""
    return facts_of(RunVerdict.FAIL)


@pytest.fixture
def make_facts() -> Callable[[RunVerdict], RunFacts]:
    return facts_of


@pytest.fixture(scope="session")
def signer() -> Ed25519Signer:
    """The key with the seed 00 01 … 1f."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture(scope="session")
def stranger() -> Ed25519Signer:
    """A key that nobody trusts."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture
def recorded(facts: RunFacts, signer: Ed25519Signer, tmp_path: Path) -> Recorded:
    """`facts`, recorded in the folder `evidence` of `tmp_path`."""
    return record(facts, signer, FolderStore(tmp_path / "evidence"))
