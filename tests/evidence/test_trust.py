"""Keys count in their roles and for a time; a ledger goes on under another key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import note as notes
from gate.evidence.attested import FOLDER as ATTESTED
from gate.evidence.facts import RunFacts
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.problems import Code
from gate.evidence.record import record
from gate.evidence.rotation import rotate
from gate.evidence.store import FolderStore
from gate.evidence.trust import Trust, read_trust
from gate.evidence.verify_folder import FolderReport, verify_folder
from gate.evidence.witnessing import stamp, witness
from tests.evidence import authority
from tests.evidence.authority import Authority, serving
from tests.evidence.conftest import NOW

LATER = NOW + timedelta(days=30)
WITNESS = "compliance.example/w1"
Write = Callable[..., Trust]


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def other() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))


@pytest.fixture(scope="module")
def compliance() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))


@pytest.fixture
def trusting(tmp_path: Path, signer: Ed25519Signer) -> Write:
    """Write a trust file: the usual key with the given limits, and further entries."""

    def write(
        *more: dict[str, Any], document: dict[str, Any] | None = None, **limits: Any
    ) -> Trust:
        first = {"name": "gate-1", "key": signer.verifying_key.pem.decode(), **limits}
        path = tmp_path / "trust.json"
        value = {"version": 1, "keys": [first, *more], **(document or {})}
        path.write_text(json.dumps(value), encoding="utf-8")
        return read_trust([path])

    return write


def entry(name: str, signer: Ed25519Signer, *roles: str, **limits: Any) -> dict[str, Any]:
    pem = signer.verifying_key.pem.decode()
    return {"name": name, "key": pem, "roles": list(roles) or ["recorder"], **limits}


@pytest.fixture
def folder(facts: RunFacts, signer: Ed25519Signer, tmp_path: Path) -> Path:
    for number in range(3):
        add(tmp_path / "evidence", facts, signer, number)
    return tmp_path / "evidence"


def add(folder: Path, facts: RunFacts, signer: Ed25519Signer, number: int) -> None:
    record(msgspec.structs.replace(facts, components=number), signer, FolderStore(folder))


def codes(report: FolderReport) -> set[Code]:
    found = [one.code for one in report.ledger.problems]
    return {*found, *(one.code for logged in report.failed for one in logged.problems)}


def test_a_key_counts_while_it_is_valid(folder: Path, trusting: Write) -> None:
    day = timedelta(days=1)
    for limits in ({}, {"valid_from": at(NOW)}, {"valid_until": at(NOW)}):
        assert verify_folder(folder, trusting(**limits)).ok
    for limits in ({"valid_from": at(NOW + day)}, {"valid_until": at(NOW - day)}):
        report = verify_folder(folder, trusting(**limits))
        assert Code.NOT_SIGNED in codes(report)
        assert len(report.failed) == 3


def test_a_key_counts_in_its_role(folder: Path, trusting: Write) -> None:
    assert codes(verify_folder(folder, trusting(roles=["witness"]))) == {
        Code.NOT_TRUSTED, Code.NOT_SIGNED,
    }  # fmt: skip


def test_a_revoked_key_that_only_ended_keeps_what_it_signed(folder: Path, trusting: Write) -> None:
    assert verify_folder(folder, trusting(revoked_at=at(LATER), compromised=False)).ok
    report = verify_folder(folder, trusting(revoked_at=at(NOW - LATER.resolution * 10**9),
                                            compromised=False))  # fmt: skip
    assert Code.NOT_SIGNED in codes(report)


def test_a_stolen_key_proves_nothing_but_what_others_saw_before(
    folder: Path,
    facts: RunFacts,
    signer: Ed25519Signer,
    compliance: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
) -> None:
    limits = {"revoked_at": at(LATER), "reason": "laptop stolen"}
    report = verify_folder(folder, trusting(**limits))
    assert codes(report) == {Code.NOT_SIGNED, Code.NOT_TRUSTED}
    assert "laptop stolen" in report.failed[0].problems[0].message
    second = entry(WITNESS, compliance, "witness")
    witness(folder, trusting(), compliance, name=WITNESS, seen=tmp_path / "s", now=NOW)
    assert verify_folder(folder, trusting(second, **limits)).ok
    # What the thief adds claims to be older, and nobody saw it in time.
    add(folder, facts, signer, 99)
    report = verify_folder(folder, trusting(second, **limits))
    assert [one.number for one in report.failed] == [3]
    assert codes(report) == {Code.NOT_SIGNED, Code.NOT_TRUSTED}


def test_a_ledger_goes_on_under_another_key(
    folder: Path, facts: RunFacts, other: Ed25519Signer, trusting: Write
) -> None:
    with pytest.raises(EvidenceError, match="not one of this key"):
        add(folder, facts, other, 3)
    assert rotate(folder, other, trusting()) == 3
    assert rotate(folder, other, trusting()) == 3, "once is enough"
    assert verify_folder(folder, trusting()).ok, "the old key is still under it"
    add(folder, facts, other, 3)
    add(folder, facts, other, 4)
    assert Code.NOT_TRUSTED in codes(verify_folder(folder, trusting()))
    both = trusting(entry("gate-2", other, valid_from=at(NOW)))
    report = verify_folder(folder, both)
    assert report.ok
    assert len(report.ledger.entries) == 5


def test_no_key_vouches_for_what_does_not_verify(
    folder: Path, other: Ed25519Signer, trusting: Write
) -> None:
    next(folder.glob("*.jsonl")).unlink()
    before = (folder / FOLDER / CHECKPOINT).read_bytes()
    with pytest.raises(VerificationError, match="no new key vouches"):
        rotate(folder, other, trusting())
    assert (folder / FOLDER / CHECKPOINT).read_bytes() == before


def test_an_entry_after_a_proof_is_not_by_a_key_that_had_ended(
    folder: Path,
    facts: RunFacts,
    signer: Ed25519Signer,
    compliance: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
) -> None:
    """Backdating: the claim fits the key, but others saw the ledger later without it."""
    second = entry(WITNESS, compliance, "witness")
    witness(folder, trusting(), compliance, name=WITNESS, seen=tmp_path / "s", now=LATER)
    add(folder, facts, signer, 99)
    ended = {"valid_until": at(NOW + timedelta(days=1))}
    assert verify_folder(folder, trusting(**ended)).ok
    report = verify_folder(folder, trusting(second, **ended))
    assert [one.number for one in report.failed] == [3]


def test_witnesses_can_be_required(
    folder: Path,
    other: Ed25519Signer,
    compliance: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
) -> None:
    names = [entry("w1", compliance, "witness"), entry("w2", other, "witness")]

    def verified(count: int) -> FolderReport:
        return verify_folder(folder, trusting(*names, document={"witnesses": count}))

    assert codes(verified(1)) == {Code.NOT_TRUSTED}
    trust = trusting(*names, document={"witnesses": 2})
    for name, key in (("w1", compliance), ("w1", compliance)):
        witness(folder, trust, key, name=name, seen=tmp_path / name, now=NOW)
    assert verified(1).ok
    report = verified(2)
    assert codes(report) == {Code.NOT_TRUSTED}, "one witness twice is one witness"
    witness(folder, trust, other, name="w2", seen=tmp_path / "w2", now=NOW)
    report = verified(2)
    assert report.ok
    assert report.attested.witnesses == {"w1": 3, "w2": 3}


def test_a_witness_never_signs_another_history(
    folder: Path,
    facts: RunFacts,
    signer: Ed25519Signer,
    compliance: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
) -> None:
    seen, trust = tmp_path / "seen", trusting()
    assert witness(folder, trust, compliance, name=WITNESS, seen=seen, now=NOW).before == 0
    add(folder, facts, signer, 3)
    assert witness(folder, trust, compliance, name=WITNESS, seen=seen, now=NOW).before == 3
    rewritten = tmp_path / "rewritten"
    for number in (7, 8, 9, 10, 11):
        add(rewritten, facts, signer, number)
    with pytest.raises(VerificationError, match=r"V05|V06"):
        witness(rewritten, trust, compliance, name=WITNESS, seen=seen, now=NOW)
    with pytest.raises(VerificationError, match="not what this witness signed"):
        witness(folder, trust, compliance, name="w9", seen=seen, now=NOW)


def test_what_was_kept_is_held_against_the_ledger(
    folder: Path,
    facts: RunFacts,
    signer: Ed25519Signer,
    compliance: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
) -> None:
    witness(folder, trusting(), compliance, name=WITNESS, seen=tmp_path / "s", now=NOW)
    second = entry(WITNESS, compliance, "witness")
    kept = folder / FOLDER / ATTESTED / "3.note"
    good = kept.read_bytes()
    for place in range(0, len(good), 5):
        changed = bytearray(good)
        changed[place] ^= 4
        kept.write_bytes(bytes(changed))
        report = verify_folder(folder, trusting(second, document={"witnesses": 1}))
        assert codes(report) == {Code.NOT_TRUSTED}, place
    kept.write_bytes(good)
    assert notes.decode(good).text.count("\n") == 3
    assert verify_folder(folder, trusting(second, document={"witnesses": 1})).ok


@pytest.mark.skipif(not authority.available(), reason="time stamps: no openssl here")
def test_time_stamps_are_kept_and_verified(
    folder: Path,
    facts: RunFacts,
    signer: Ed25519Signer,
    trusting: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("rfc3161_client", reason="time stamps: no rfc3161-client here")
    from gate.evidence import timestamp  # noqa: PLC0415 - beside what it needs

    tsa = Authority(tmp_path / "tsa")
    document = {"time_stamps": "required", "time_stamp_authorities": ["tsa/root.pem"]}
    trust = trusting(document=document)
    assert codes(verify_folder(folder, trust)) == {Code.TIME_STAMP_FAILS}
    with serving(tsa.answer) as url:
        done = stamp(folder, trusting(), lambda text: timestamp.request(text, url, tsa.roots))
    # The runs of the tests are of a fixed day, which may be before or after this one.
    soon = done.time > NOW - timedelta(minutes=5)
    report = verify_folder(folder, trust)
    assert codes(report) == (set() if soon else {Code.CLOCK_DISAGREES})
    assert report.attested.stamped == 3
    assert verify_folder(folder, trusting()).attested.unchecked == 1
    past = done.time - timedelta(days=1)
    if soon:
        report = verify_folder(folder, trusting(document=document, revoked_at=at(past)))
        assert codes(report) == {Code.NOT_SIGNED, Code.NOT_TRUSTED}
    token = folder / FOLDER / ATTESTED / "3.1.tsr"
    good = token.read_bytes()
    token.write_bytes(good[:-3])
    assert Code.TIME_STAMP_FAILS in codes(verify_folder(folder, trust))
    token.write_bytes(good)
    future = msgspec.structs.replace(
        facts, clock=msgspec.structs.replace(facts.clock, now=done.time + timedelta(hours=3))
    )
    future = msgspec.structs.replace(
        future, attachments=tuple(one for one in facts.attachments if one.name != "verdict")
    )
    record(future, signer, FolderStore(folder))
    with serving(tsa.answer) as url:
        stamp(folder, trusting(), lambda text: timestamp.request(text, url, tsa.roots))
    report = verify_folder(folder, trust)
    assert Code.CLOCK_DISAGREES in {one.code for logged in report.failed for one in logged.problems}
    assert report.failed[-1].number == 3


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"version": 2}, "version"),
        ({"keys": [{"name": "a"}]}, "either 'key' or 'file'"),
        ({"keys": [{"name": "a b", "file": "x"}]}, "keys"),
        ({"keys": [{"name": "a", "file": "x", "roles": ["king"]}]}, "roles|king"),
        ({"keys": [{"name": "a", "file": "x", "valid_from": "2026"}]}, "valid_from|datetime"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_trust_file_says_where(
    tmp_path: Path, document: dict[str, Any], message: str
) -> None:
    path = tmp_path / "trust.yaml"
    path.write_text(json.dumps({"version": 1, "keys": [], **document}), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_trust([path])


def test_a_key_has_one_entry(trusting: Write, signer: Ed25519Signer) -> None:
    with pytest.raises(UsageError, match="the same key"):
        trusting(entry("again", signer))


def test_keys_may_be_files_and_ssh_lines(tmp_path: Path, signer: Ed25519Signer) -> None:
    (tmp_path / "gate.pub").write_bytes(signer.verifying_key.pem)
    (tmp_path / "trust.yaml").write_text(
        "version: 1\nkeys:\n  - name: gate\n    file: gate.pub\n  - name: sam\n"
        "    roles: [witness]\n    key: ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIHUVKKM0z5J+ZLT5LjsM6lL1vUqSJ0jJx0mS5fXkY2lA sam\n",
        encoding="utf-8",
    )
    trust = read_trust([tmp_path / "trust.yaml"])
    assert [key.keyid for key in trust] == [signer.verifying_key.keyid]
    assert [one.entry.name for one in trust.of_role("witness")] == ["sam"]
