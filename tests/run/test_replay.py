"""Replay: the recorded verdict again, from the evidence alone; or what is different."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.advisories.ingest import import_paths
from gate.advisories.lookup import lookup
from gate.advisories.store import Store
from gate.bom.model import Bom
from gate.errors import VerificationError
from gate.evidence.extension import Actor
from gate.evidence.keys import Ed25519Signer
from gate.evidence.store import FolderStore
from gate.evidence.verify import FolderBlobs, VerifiedRun, verify_file
from gate.matching.match import match
from gate.policy.decide import decide
from gate.policy.document import parse_policy
from gate.policy.facts import Facts
from gate.policy.verdict import Outcome, RuleOutcome, Verdict
from gate.run.clock import Clock
from gate.run.reading import read_bom
from gate.run.recording import Inputs, Recorder
from gate.run.replay import Replay, compare, replay
from gate.sources.budget import Budget
from gate.sources.request import Choice

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
POLICY = b"version: 1\nname: patient\nadvisories: {fail_after: 520w, warn_after: 500w}\n"
NOW = datetime(2026, 11, 23, 18, 32, 51, tzinfo=UTC)
IMAGES = {
    "apk": ("alpine-minirootfs-3.11.13-x86_64.tar.gz", "Alpine"),
    "rpm": ("almalinux-9-micro-20221101-aarch64.tar.xz", "AlmaLinux"),
}


def without_a_finding(inputs: Inputs) -> Bom:
    """The SBOM without one component that has a finding."""
    ref = inputs.verdict.decisions[0].ref
    components = tuple(item for item in inputs.bom.components if item.ref != ref)
    return msgspec.structs.replace(inputs.bom, components=components)


@pytest.fixture(scope="module")
def judged(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inputs]:
    """What two real systems come to, by the steps of `gate.run.check`."""
    folder = tmp_path_factory.mktemp("db")
    found = {}
    import_paths(folder, [data / "osv" / name for _, name in IMAGES.values()], now=NOW)
    with Store.open(folder) as store:
        for kind, (image, ecosystem) in IMAGES.items():
            bom = read_bom(str(data / "images" / image), Choice(), Budget())
            asked = lookup(bom)
            advisories = store.select(asked.queries)
            sources = tuple(item for item in advisories.sources if item.name == ecosystem)
            facts = Facts(
                bom=bom,
                lookup=asked,
                findings=match(bom, asked, advisories),
                sources=sources,
                now=NOW,
            )
            found[kind] = Inputs(
                bom=bom,
                verdict=decide(facts, parse_policy(POLICY.decode(), "policy")),
                policy_name="patient",
                policy_document=POLICY,
                advisories=advisories,
                sources=sources,
                clock=Clock(NOW, "clock"),
            )
    return found


def recorded(inputs: Inputs, folder: Path) -> VerifiedRun:
    recorder = Recorder(signer=SIGNER, store=FolderStore(folder), actor=Actor(), ci=None)
    note = recorder.record(inputs)
    report = verify_file(folder / note.file, [SIGNER.verifying_key])
    assert report.problems == ()
    assert report.run is not None
    return report.run


def replayed(inputs: Inputs, folder: Path) -> Replay:
    return replay(recorded(inputs, folder), FolderBlobs(folder))


@pytest.mark.parametrize("kind", IMAGES)
def test_real_systems_come_to_the_same_bytes(
    judged: dict[str, Inputs], kind: str, tmp_path: Path
) -> None:
    result = replayed(judged[kind], tmp_path)
    assert result.differences == ()
    assert result.decided == judged[kind].verdict
    if kind == "rpm":
        assert result.decided.outcome is Outcome.FAIL
        assert len(result.decided.decisions) > 50


def test_a_verdict_that_does_not_follow_is_found(judged: dict[str, Inputs], tmp_path: Path) -> None:
    inputs = judged["rpm"]
    honest = inputs.verdict
    rules = tuple(
        msgspec.structs.replace(rule, outcome=RuleOutcome.PASSED, findings=())
        for rule in honest.rules
    )
    false = msgspec.structs.replace(
        honest, outcome=Outcome.PASS, reasons=(), rules=rules, decisions=honest.decisions[1:]
    )
    result = replayed(msgspec.structs.replace(inputs, verdict=false), tmp_path)
    assert result.recorded.outcome is Outcome.PASS
    assert result.decided == honest
    text = "\n".join(result.differences)
    assert "outcome: recorded PASS, decided FAIL" in text
    assert "reason not in the record: patch-sla" in text
    assert 'outcome recorded "passed", decided "failed"' in text
    assert f"finding not in the record: {honest.decisions[0].id}" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda i: {"clock": Clock(NOW.replace(year=2029), "clock")}, "recorded"),
        (lambda i: {"policy_document": POLICY.replace(b"520w", b"1w")}, "stale"),
        (lambda i: {"bom": without_a_finding(i)}, "finding only in the record"),
        (lambda i: {"advisories": msgspec.structs.replace(i.advisories, records=())}, "finding"),
        (lambda i: {"sources": ()}, "no-advisories"),
    ],
    ids=["clock", "policy", "sbom", "advisories", "sources"],
)
def test_every_input_counts(
    judged: dict[str, Inputs],
    tmp_path: Path,
    change: Callable[[Inputs], dict[str, object]],
    said: str,
) -> None:
    """A verdict recorded with other inputs than it was decided from does not come out again."""
    inputs = msgspec.structs.replace(judged["rpm"], **change(judged["rpm"]))
    if inputs.clock.now != NOW:
        verdict = msgspec.structs.replace(inputs.verdict, decided_at=inputs.clock.now)
        inputs = msgspec.structs.replace(inputs, verdict=verdict)
    result = replayed(inputs, tmp_path)
    assert result.differences
    assert said in "\n".join(result.differences)


def test_what_cannot_be_read_is_said(judged: dict[str, Inputs], tmp_path: Path) -> None:
    run = recorded(judged["apk"], tmp_path)
    blobs = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    for blob in blobs:
        content = blob.read_bytes()
        blob.write_bytes(content + b" ")
        with pytest.raises(VerificationError, match="was altered"):
            replay(run, FolderBlobs(tmp_path))
        blob.unlink()
        with pytest.raises(VerificationError, match="cannot be read"):
            replay(run, FolderBlobs(tmp_path))
        blob.write_bytes(content)
    assert replay(run, FolderBlobs(tmp_path)).differences == ()


def test_a_policy_that_is_none_is_said(judged: dict[str, Inputs], tmp_path: Path) -> None:
    inputs = msgspec.structs.replace(judged["apk"], policy_document=b"version: 2\n")
    with pytest.raises(VerificationError, match="cannot be judged again"):
        replayed(inputs, tmp_path)


def test_records_from_before_are_not_guessed_at(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "golden"
    shutil.copytree(data / "vectors" / "evidence", folder)
    report = verify_file(min(folder.glob("*.jsonl")), [SIGNER.verifying_key])
    assert report.run is not None
    with pytest.raises(VerificationError, match="without sources"):
        replay(report.run, FolderBlobs(folder))


def test_equal_verdicts_have_no_differences(judged: dict[str, Inputs]) -> None:
    verdict: Verdict = judged["rpm"].verdict
    assert list(compare(verdict, verdict)) == []
    later = msgspec.structs.replace(verdict, decided_at=NOW.replace(hour=19))
    assert len(list(compare(verdict, later))) == 1
