"""Verification: each problem has its code, all are listed, and nothing unsigned is shown."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest

from gate.errors import VerificationError
from gate.evidence import canonical, dsse, vsa
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.layout import blob_path, bundle_name
from gate.evidence.problems import Code
from gate.evidence.record import Recorded, record
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.store import FolderStore
from gate.evidence.summary import state, summarise
from gate.evidence.verify import Report, verify_bundle, verify_file

Edit = Callable[[dict[str, Any]], None]
EXTENSION = "https://patchgate.dev/run/v1"


def codes(report: Report) -> list[Code]:
    return [problem.code for problem in report.problems]


def signed(facts: RunFacts, signer: Ed25519Signer, edit: Edit, kind: str = PAYLOAD_TYPE) -> Report:
    """Verify what a trusted key signed after `edit` changed the predicate."""
    value = canonical.decode(vsa.encode(summarise(facts)))
    edit(value["predicate"])
    bundle = dsse.sign(canonical.encode(value), kind, [signer]) + b"\n"
    if value["predicate"]["inputAttestations"]:
        bundle += other_lines(facts, signer)
    name = bundle_name(value["predicate"][EXTENSION]["run_id"])
    return verify_bundle(bundle, name, [signer.verifying_key], None)


def other_lines(facts: RunFacts, signer: Ed25519Signer) -> bytes:
    """The lines of a bundle below that of the summary."""
    others = state(facts).others
    return b"".join(dsse.sign(one.payload, PAYLOAD_TYPE, [signer]) + b"\n" for one in others)


def test_shows_what_a_trusted_key_has_signed(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer
) -> None:
    report = verify_file(Path(recorded.place), [signer.verifying_key])
    assert report.ok
    assert report.name == f"{recorded.run_id}.intoto.jsonl"
    assert report.blobs_checked == 4
    run = report.run
    assert run is not None
    assert run.verdict is RunVerdict.FAIL
    assert run.subject[0].name == facts.subject.name
    assert run.subject[0].sha256 == facts.subject.digests["sha256"]
    assert run.decided_at == facts.clock.now
    assert run.policy_digest == facts.policy_digest
    assert run.keyids == (signer.verifying_key.keyid,)
    assert run.summary == summarise(facts).summary


def test_a_record_is_only_as_good_as_the_keys_one_trusts(
    recorded: Recorded, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    for trusted in ([], [stranger.verifying_key]):
        report = verify_file(Path(recorded.place), trusted)
        assert codes(report) == [Code.NOT_SIGNED]
        assert report.run is None
        assert report.blobs_checked == 0
        assert not report.ok
    both = [stranger.verifying_key, signer.verifying_key]
    assert verify_file(Path(recorded.place), both).ok


def test_names_the_keys_that_were_seen(recorded: Recorded, stranger: Ed25519Signer) -> None:
    (problem,) = verify_file(Path(recorded.place), [stranger.verifying_key]).problems
    assert f"keys seen: {recorded.keyid}" in problem.message


def test_says_whether_attachments_were_compared(recorded: Recorded, signer: Ed25519Signer) -> None:
    for path in (Path(recorded.place).parent / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    without = verify_file(Path(recorded.place), [signer.verifying_key], blobs=False)
    assert without.ok
    assert without.blobs_checked is None
    report = verify_file(Path(recorded.place), [signer.verifying_key])
    assert codes(report) == [Code.BLOB_MISSING] * 4
    assert report.blobs_checked == 0


def test_lists_every_attachment_that_is_wrong(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer
) -> None:
    bundle = Path(recorded.place)
    paths = {
        attachment.name: blob_path(bundle.parent, attachment.sha256)
        for attachment in facts.attachments
    }
    paths["sbom"].write_bytes(paths["sbom"].read_bytes() + b"\n")
    paths["policy"].unlink()
    paths["policy"].mkdir()
    paths["verdict"].unlink()
    paths["advisories"].unlink()
    os.mkfifo(paths["advisories"])
    report = verify_file(bundle, [signer.verifying_key])
    assert [(problem.code, problem.where) for problem in report.problems] == [
        (Code.BLOB_UNREADABLE, "attachment 'advisories'"),
        (Code.BLOB_UNREADABLE, "attachment 'policy'"),
        (Code.BLOB_ALTERED, "attachment 'sbom'"),
        (Code.BLOB_MISSING, "attachment 'verdict'"),
    ]
    assert report.blobs_checked == 1
    assert report.run is not None, "the record itself is still what was signed"


def test_a_blob_folder_that_is_a_file_is_a_missing_blob(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    bundle = Path(recorded.place)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / bundle.name).write_bytes(bundle.read_bytes())
    (alone / "blobs").write_bytes(b"")
    report = verify_file(alone / bundle.name, [signer.verifying_key])
    assert codes(report) == [Code.BLOB_MISSING] * 4


def test_a_device_that_fails_is_not_a_missing_blob(
    recorded: Recorded, signer: Ed25519Signer
) -> None:
    class Failing(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    class Blobs:
        def open_blob(self, sha256: str) -> BinaryIO:
            return Failing()  # type: ignore[return-value]

    bundle = Path(recorded.place)
    report = verify_bundle(bundle.read_bytes(), bundle.name, [signer.verifying_key], Blobs())
    assert codes(report) == [Code.BLOB_UNREADABLE] * 4
    assert "Input/output error" in report.problems[0].message


def test_a_verdict_too_large_to_compare_is_a_problem(
    recorded: Recorded, signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.evidence.verify.MAX_COMPARED", 100)
    report = verify_file(Path(recorded.place), [signer.verifying_key])
    assert codes(report) == [Code.BLOB_UNREADABLE]


def test_a_record_under_another_name_is_noticed(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer
) -> None:
    other = record(
        msgspec.structs.replace(facts, components=1),
        signer,
        FolderStore(Path(recorded.place).parent),
    )
    Path(other.place).write_bytes(Path(recorded.place).read_bytes())
    report = verify_file(Path(other.place), [signer.verifying_key])
    assert codes(report) == [Code.NAME_DIFFERS]
    assert recorded.run_id in report.problems[0].message


def test_only_what_cannot_be_read_at_all_is_an_exception(
    recorded: Recorded, signer: Ed25519Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = [signer.verifying_key]
    with pytest.raises(VerificationError, match="does not exist"):
        verify_file(tmp_path / "none", trusted)
    with pytest.raises(VerificationError, match="not a regular file"):
        verify_file(tmp_path, trusted)
    with pytest.raises(VerificationError, match="not a folder"):
        verify_file(Path(recorded.place) / "below", trusted)
    monkeypatch.setattr("gate.evidence.verify.MAX_BUNDLE", 100)
    with pytest.raises(VerificationError, match="larger"):
        verify_file(Path(recorded.place), trusted)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"{}\n", b"\x00" * 100, b"[" * 100_000, "é".encode("latin-1")]
)
def test_what_is_no_envelope_is_a_problem(signer: Ed25519Signer, content: bytes) -> None:
    report = verify_bundle(content, "x", [signer.verifying_key], None)
    assert codes(report) == [Code.NOT_AN_ENVELOPE]
    assert report.run is None


def test_bytes_around_the_record_are_noticed(recorded: Recorded, signer: Ed25519Signer) -> None:
    good = Path(recorded.place).read_bytes()
    for content, expected in (
        (good[:-1], [Code.NOT_CANONICAL]),
        (good[:-1] + b"\r\n", [Code.NOT_CANONICAL]),
        (b" " + good, [Code.NOT_CANONICAL]),
        (good + b"\n", [Code.NOT_AN_ENVELOPE]),
        (good + good, [Code.NOT_AN_ENVELOPE]),
        (good + b"{}\n", [Code.NOT_AN_ENVELOPE]),
        (good + b"\n" * 100, [Code.NOT_AN_ENVELOPE]),
        (b"\n" + good, [Code.NOT_AN_ENVELOPE]),
        (b"\xef\xbb\xbf" + good, [Code.NOT_AN_ENVELOPE]),
    ):
        report = verify_bundle(content, Path(recorded.place).name, [signer.verifying_key], None)
        assert codes(report) == expected
        assert not report.ok


def respelt(envelope: dict[str, Any]) -> list[bytes]:
    """Other spellings of the same envelope, with a valid signature."""
    url_safe = {
        **envelope,
        "signatures": [
            {**item, "sig": item["sig"].replace("+", "-").replace("/", "_")}
            for item in envelope["signatures"]
        ],
    }
    return [
        json.dumps(envelope).encode(),
        json.dumps(dict(reversed(envelope.items())), separators=(",", ":")).encode(),
        json.dumps(envelope, separators=(",", ":"))
        .replace("payloadType", "payloadT\\u0079pe")
        .encode(),
        *([json.dumps(url_safe, separators=(",", ":")).encode()] if url_safe != envelope else []),
    ]


def test_another_spelling_of_the_same_envelope_is_noticed(
    recorded: Recorded, signer: Ed25519Signer
) -> None:
    bundle = Path(recorded.place)
    lines = bundle.read_bytes().splitlines()
    for number, content in (
        (number, content)
        for number, line in enumerate(lines)
        for content in respelt(json.loads(line))
    ):
        respelled = b"\n".join([*lines[:number], content, *lines[number + 1 :], b""])
        report = verify_bundle(respelled, bundle.name, [signer.verifying_key], None)
        assert codes(report) == [Code.NOT_CANONICAL]


def test_the_unsigned_part_of_the_envelope_must_be_true(
    recorded: Recorded, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    bundle = Path(recorded.place)
    line, _, rest = bundle.read_bytes().partition(b"\n")
    envelope = dsse.decode(line)
    (own,) = envelope.signatures
    other_bundle = dsse.decode(dsse.sign(envelope.payload, PAYLOAD_TYPE, [stranger]))
    (foreign,) = other_bundle.signatures
    trusted = [signer.verifying_key]
    for signatures, keys, expected in (
        ([dsse.Signature(keyid="", sig=own.sig)], trusted, 1),
        ([dsse.Signature(keyid=foreign.keyid, sig=own.sig)], trusted, 1),
        ([own, own], trusted, 1),
        ([own, foreign], trusted, 1),
        ([own, dsse.Signature(keyid=own.keyid, sig=b"")], trusted, 1),
        ([foreign, own, own], trusted, 2),
        ([own, foreign], [*trusted, stranger.verifying_key], 0),
    ):
        altered = msgspec.structs.replace(envelope, signatures=tuple(signatures))
        content = dsse.encode(altered) + b"\n"
        report = verify_bundle(content + rest, bundle.name, keys, None)
        assert codes(report) == [Code.KEYID_MISLEADS] * expected


def test_what_is_signed_but_no_run_record_is_not_shown(
    facts: RunFacts, signer: Ed25519Signer
) -> None:
    report = signed(facts, signer, lambda predicate: None, kind="application/json")
    assert codes(report) == [Code.NOT_A_RECORD]
    assert report.run is None
    report = signed(facts, signer, lambda predicate: predicate["verifier"].update(id="x"))
    assert codes(report) == [Code.NOT_A_RECORD]


def test_a_statement_that_is_not_canonical_is_noticed(
    facts: RunFacts, signer: Ed25519Signer
) -> None:
    payload = vsa.encode(summarise(facts)) + b" "
    bundle = dsse.sign(payload, PAYLOAD_TYPE, [signer]) + b"\n" + other_lines(facts, signer)
    name = bundle_name(summarise(facts).summary.run.run_id)
    report = verify_bundle(bundle, name, [signer.verifying_key], None)
    assert codes(report) == [Code.NOT_CANONICAL]


def update(*path: str, **values: Any) -> Edit:
    def edit(predicate: dict[str, Any]) -> None:
        place: Any = predicate
        for step in path:
            place = place[step]
        place.update(values)

    return edit


DISAGREEMENTS: list[tuple[RunVerdict, Edit]] = [
    (RunVerdict.FAIL, update(verificationResult="PASSED")),
    (RunVerdict.PASS, update(verificationResult="FAILED")),
    (RunVerdict.FAIL, update(verifiedLevels=["PATCHGATE_POLICY_PASSED"])),
    (RunVerdict.PASS, update(verifiedLevels=[])),
    (RunVerdict.PASS, update(verifiedLevels=["PATCHGATE_POLICY_PASSED", "SLSA_BUILD_LEVEL_3"])),
    (RunVerdict.INDETERMINATE, update(EXTENSION, reasons=[])),
    (RunVerdict.PASS, update(EXTENSION, reasons=[{"code": "x", "message": "y"}])),
    (RunVerdict.PASS, update(EXTENSION, reasons_omitted=1)),
    (RunVerdict.PASS, update(EXTENSION, "coverage", incomplete_omitted=1)),
    (
        RunVerdict.PASS,
        update(EXTENSION, "coverage", incomplete=[{"what": "layer", "status": "failed"}]),
    ),
]


@pytest.mark.parametrize(("verdict", "edit"), DISAGREEMENTS)
def test_a_verdict_that_disagrees_with_itself_is_v11(
    make_facts: Callable[[RunVerdict], RunFacts],
    signer: Ed25519Signer,
    verdict: RunVerdict,
    edit: Edit,
) -> None:
    report = signed(make_facts(verdict), signer, edit)
    assert set(codes(report)) == {Code.VERDICT_DISAGREES, Code.CONTRADICTION}
    assert not report.ok


def test_a_verdict_that_was_turned_around_is_v11(
    make_facts: Callable[[RunVerdict], RunFacts], signer: Ed25519Signer
) -> None:
    for verdict, other in (
        (RunVerdict.FAIL, "PASS"), (RunVerdict.INDETERMINATE, "PASS"), (RunVerdict.PASS, "FAIL"),
    ):  # fmt: skip
        report = signed(make_facts(verdict), signer, update(EXTENSION, verdict=other))
        assert Code.VERDICT_DISAGREES in codes(report)


@pytest.mark.parametrize(
    "edit",
    [
        update(EXTENSION, idempotency_key="0" * 64),
        update(EXTENSION, run_id="20261123T183251Z-0000000000000000"),
        update(EXTENSION, policy_digest="sha256:" + "0" * 64),
        update(EXTENSION, "clock", now="2026-11-24T00:00:00Z"),
        update(EXTENSION, "actor", verified=True),
        update(EXTENSION, "target", source="elsewhere"),
        update(timeVerified="2026-11-24T00:00:00Z"),
        update("policy", digest={"sha256": "0" * 64}),
        update(inputAttestations=[]),
        update(resourceUri="pkg:oci/other"),
        update(more="unknown fields count as well"),
    ],
)
def test_a_record_that_contradicts_itself_is_v19(
    facts: RunFacts, signer: Ed25519Signer, edit: Edit
) -> None:
    report = signed(facts, signer, edit)
    assert set(codes(report)) == {Code.CONTRADICTION}
    assert report.run is not None
