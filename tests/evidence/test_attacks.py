"""Every way we know to falsify a folder of evidence is found, and named rightly.

An attack is a change to the folder and the codes that it must be found with.  Those
in `ON_THE_WHOLE` are whole and signed with the right key: only a checkpoint that
somebody kept, of `EARLIER` or of all `SIZE` entries, gives them away.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gate.evidence import dsse
from gate.evidence.dsse import Signature
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.tiles import ENTRIES
from gate.evidence.verify_folder import FolderReport, verify_folder
from gate.evidence.verify_ledger import KeptCheckpoint
from tests.evidence import attacks
from tests.evidence.attacks import EARLIER, SIZE, Scene, altered, edit_note, flip
from tests.evidence.conftest import facts_of

Attack = tuple[Callable[[Scene], object], str]


def order(scene: Scene, *numbers: int) -> list[bytes]:
    contents = scene.entries()
    return [contents[number] for number in numbers]


ON_RECORDS: dict[str, Attack] = {
    "the first record deleted": (lambda s: s.record(0).unlink(), "V02"),
    "a record deleted": (lambda s: s.record(2).unlink(), "V02"),
    "the last record deleted": (lambda s: s.record(SIZE - 1).unlink(), "V02"),
    "all records deleted": (lambda s: [s.record(n).unlink() for n in range(SIZE)], "V02"),
    "a record cut": (lambda s: attacks.cut(s.record(1), 3000), "V01 V02 V15"),
    "a record emptied": (lambda s: s.record(1).write_bytes(b""), "V01 V15"),
    "a bit of a record": (lambda s: flip(s.record(1), 99), "V01 V03"),
    "a line added to a record": (
        lambda s: s.record(1).write_bytes(s.record(1).read_bytes() * 2), "V01 V15"),
    "a statement taken out of a record": (
        lambda s: attacks.edit_lines(s.record(1), lambda lines: lines[:-1]), "V01 V02"),
    "statements of a record swapped": (
        lambda s: attacks.edit_lines(
            s.record(1), lambda lines: [lines[0], lines[2], lines[1], lines[3]]), "V01"),
    "a statement of another record": (
        lambda s: attacks.edit_lines(
            s.record(1),
            lambda lines: [lines[0], s.record(2).read_bytes().splitlines(True)[0], *lines[2:]]),
        "V01"),
    "a statement signed by a stranger": (
        lambda s: attacks.edit_lines(
            s.record(1),
            lambda lines: [
                *lines[:-1],
                dsse.sign(dsse.decode(lines[-1][:-1]).payload, PAYLOAD_TYPE, [s.stranger])
                + b"\n",
            ]), "V01 V03"),
    "a statement cut": (lambda s: attacks.cut(s.record(1)), "V01 V15"),
    "two records swapped": (lambda s: attacks.swap(s.record(1), s.record(3)), "V01 V18 V23"),
    "an old record instead of a new one": (
        lambda s: s.record(4).write_bytes(s.record(1).read_bytes()), "V01 V18 V23"),
    "a record signed by a stranger": (
        lambda s: attacks.re_sign(s.record(1), s.stranger), "V01 V03"),
    "a record signed again with the key": (
        lambda s: attacks.re_sign(s.record(1), s.signer, b'"FAIL"', b'"PASS"'), "V01 V11 V19 V23"),
    "a verdict edited": (
        lambda s: attacks.edit_envelope(
            s.record(1),
            lambda e: msgspec.structs.replace(e, payload=e.payload.replace(b"FAILED", b"PASSED"))),
        "V01 V03"),
    "a stranger's signature added": (
        lambda s: attacks.edit_envelope(
            s.record(1),
            lambda e: msgspec.structs.replace(
                e, signatures=(*e.signatures, Signature(keyid="0" * 64, sig=bytes(64))))),
        "V01 V17"),
    "a keyid changed": (
        lambda s: attacks.edit_envelope(
            s.record(1),
            lambda e: msgspec.structs.replace(
                e, signatures=(msgspec.structs.replace(e.signatures[0], keyid="0" * 64),))),
        "V01 V17"),
    "a record renamed": (
        lambda s: s.record(1).rename(s.folder / f"20200101T000000Z-{'0' * 16}.intoto.jsonl"),
        "V02 V18 V22"),
    "a record copied": (
        lambda s: shutil.copy(
            s.record(1), s.folder / f"20200101T000000Z-{'0' * 16}.intoto.jsonl"),
        "V18 V22"),
    "a record of another folder added": (
        lambda s: [shutil.copy(p, s.folder) for p in s.other.glob("*.jsonl")], "V22"),
    "a record of a stranger added": (
        lambda s: attacks.recorded(s.folder / "x", s.facts, s.stranger, 77, 1) or [
            shutil.copy(p, s.folder) for p in (s.folder / "x").glob("*.jsonl")], "V03 V22"),
    "a record that is a folder": (
        lambda s: (s.record(1).unlink(), s.record(2).rename(s.folder / "gone"),
                   (s.folder / "gone").unlink()), "V02"),
    "a record that is a pipe": (lambda s: attacks.fifo(s.record(1)), "V02"),
    "a record that is a link to another": (
        lambda s: attacks.link(s.record(1), s.record(2)), "V01 V18 V23"),
    "a blob deleted": (lambda s: s.blob(0).unlink(), "V02"),
    "all blobs deleted": (lambda s: shutil.rmtree(s.folder / "blobs"), "V02"),
    "a bit of a blob": (lambda s: flip(s.blob(1), 3), "V01"),
    "a blob cut": (lambda s: attacks.cut(s.blob(2)), "V01"),
    "a blob emptied": (lambda s: s.blob(3).write_bytes(b""), "V01"),
    "two blobs swapped": (lambda s: attacks.swap(s.blob(0), s.blob(1)), "V01"),
    "a blob that is a pipe": (lambda s: attacks.fifo(s.blob(0)), "V20"),
}  # fmt: skip

ON_THE_LEDGER: dict[str, Attack] = {
    "the ledger deleted": (lambda s: shutil.rmtree(s.ledger), "V05"),
    "the checkpoint deleted": (lambda s: s.checkpoint.unlink(), "V05"),
    "the checkpoint emptied": (lambda s: s.checkpoint.write_bytes(b""), "V05"),
    "the checkpoint cut": (lambda s: attacks.cut(s.checkpoint, 1), "V05"),
    "the size raised": (lambda s: edit_note(s, f"\n{SIZE}\n", f"\n{SIZE + 1}\n"), "V05"),
    "the size lowered": (lambda s: edit_note(s, f"\n{SIZE}\n", f"\n{EARLIER}\n"), "V05"),
    "the size spelt otherwise": (lambda s: edit_note(s, f"\n{SIZE}\n", f"\n0{SIZE}\n"), "V05"),
    "the origin changed": (lambda s: edit_note(s, "patchgate.dev/", "patchgate.test/"), "V05"),
    "a line added to the checkpoint": (
        lambda s: edit_note(s, f"\n{SIZE}\n", f"\n{SIZE}\n{SIZE}\n"), "V05"),
    "a root that is another": (
        lambda s: edit_note(
            s, s.checkpoint.read_text(encoding="utf-8").split("\n")[2],
            base64.b64encode(bytes(32)).decode()), "V05"),
    "the signature taken away": (
        lambda s: s.checkpoint.write_bytes(s.checkpoint.read_bytes().split(b"\n\n")[0] + b"\n\n"),
        "V05"),
    "the ledger signed by a stranger": (
        lambda s: s.rebuild(s.entries(), s.stranger), "V05"),
    "the checkpoint of another ledger": (
        lambda s: shutil.copy(s.other / "ledger" / "checkpoint", s.checkpoint), "V04 V05 V07 V22"),
    "the ledger of another folder": (
        lambda s: (shutil.rmtree(s.ledger), shutil.copytree(s.other / "ledger", s.ledger)),
        "V02 V22"),
    "an old checkpoint put back": (
        lambda s: s.sign(s.entries()[:EARLIER], s.signer), "V07 V22"),
    "a ledger rolled back": (
        lambda s: attacks.roll_back(s, EARLIER, records=False), "V22"),
    "the entries deleted": (lambda s: s.tile(ENTRIES).unlink(), "V21"),
    "the hashes deleted": (lambda s: s.tile(0).unlink(), "V21"),
    "the entries cut": (lambda s: attacks.cut(s.tile(ENTRIES)), "V21"),
    "the hashes cut": (lambda s: attacks.cut(s.tile(0)), "V04"),
    "an entry taken out": (
        lambda s: attacks.write_tiles(s, order(s, 0, 1, 3, 4)), "V21"),
    "two entries swapped": (lambda s: attacks.write_tiles(s, order(s, 0, 2, 1, 3, 4)), "V04"),
    "the entries swapped, not the hashes": (
        lambda s: s.tile(ENTRIES).write_bytes(
            attacks.join_entries(order(s, 0, 2, 1, 3, 4))), "V04"),
    "an entry instead of another": (
        lambda s: attacks.write_tiles(s, order(s, 0, 1, 2, 3, 3)), "V04 V22 V23"),
    "an entry edited": (
        lambda s: s.tile(ENTRIES).write_bytes(
            s.tile(ENTRIES).read_bytes().replace(b"FAIL", b"PASS", 1)), "V04 V05 V23"),
    "an entry edited and hashed": (
        lambda s: attacks.write_tiles(
            s, [s.entries()[0], attacks.fake_pass(s), *s.entries()[2:]]), "V04 V23"),
    "an entry edited, hashed and signed by a stranger": (
        lambda s: s.rebuild([s.entries()[0], attacks.fake_pass(s), *s.entries()[2:]], s.stranger),
        "V05"),
    "a bit of the hashes": (lambda s: flip(s.tile(0)), "V04"),
    "an older tile altered": (lambda s: flip(s.tile(0, 2)), "V04"),
    "older entries altered": (lambda s: flip(s.tile(ENTRIES, 2)), "V04"),
    "a tile beyond the checkpoint": (
        lambda s: s.tile(0, SIZE + 2).write_bytes(bytes(32 * (SIZE + 2))), "V07"),
    "a full tile": (lambda s: s.tile(0, 256).write_bytes(bytes(8192)), "V07"),
    "a tile of a level that is not there": (
        lambda s: ((s.ledger / "tile/1").mkdir(), (s.ledger / "tile/1/000").write_bytes(b"")),
        "V07"),
    "a file of another name": (lambda s: (s.ledger / "tile/0/0.p").write_bytes(b""), "V24"),
    "a tile that is a pipe": (lambda s: attacks.fifo(s.tile(0)), "V21"),
}  # fmt: skip

BY_THE_KEY: dict[str, Attack] = {
    "an entry without a record": (
        lambda s: s.rebuild(
            [*s.entries(), altered(s.entries()[0], run_id=f"20200101T000000Z-{'0' * 16}")],
            s.signer), "V02"),
    "an entry twice": (lambda s: s.rebuild([*s.entries(), s.entries()[1]], s.signer), "V23"),
    "an entry that is none": (lambda s: s.rebuild([*s.entries(), b"{}"], s.signer), "V23"),
    "an entry with another verdict": (
        lambda s: s.rebuild(
            [s.entries()[0], attacks.fake_pass(s), *s.entries()[2:]], s.signer), "V23"),
    "an entry left out": (lambda s: s.rebuild(order(s, 0, 1, 3, 4), s.signer), "V22"),
    "a checkpoint for entries that are not in the tiles": (
        lambda s: s.sign(order(s, 0, 2, 1, 3, 4), s.signer), "V04"),
    "a checkpoint for more than there is": (
        lambda s: s.sign([*s.entries(), b"more"], s.signer), "V21"),
}  # fmt: skip

ON_THE_WHOLE: dict[str, tuple[Callable[[Scene], object], int, str]] = {
    "everything rolled back": (lambda s: attacks.roll_back(s, EARLIER, records=True), SIZE, "V07"),
    "the last run never was": (lambda s: attacks.roll_back(s, 4, records=True), SIZE, "V07"),
    "the order changed": (
        lambda s: s.rebuild(order(s, 0, 2, 1, 3, 4), s.signer), EARLIER - 1, "V06"),
    "a fork of the same size": (
        lambda s: s.rebuild(order(s, 0, 1, 2, 4, 3), s.signer), SIZE, "V06"),
    "a run never was": (
        lambda s: (s.record(1).unlink(), s.rebuild(order(s, 0, 2, 3, 4), s.signer)),
        EARLIER, "V06"),
    "the first run never was": (
        lambda s: (s.record(0).unlink(), s.rebuild(order(s, 1, 2, 3, 4), s.signer)),
        EARLIER, "V05"),
    "a run never was, and a later one is": (
        lambda s: (
            attacks.roll_back(s, 4, records=True),
            attacks.recorded(s.folder, s.facts, s.signer, 1000, 1)), SIZE, "V06"),
    "the evidence of another folder": (attacks.take_over, EARLIER, "V05"),
}  # fmt: skip


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, signer: Ed25519Signer, stranger: Ed25519Signer
) -> Scene:
    facts: RunFacts = facts_of(RunVerdict.FAIL)
    folder = tmp_path_factory.mktemp("stage")
    attacks.recorded(folder / "other", facts, signer, 500, 2)
    attacks.recorded(folder / "evidence", facts, signer, 0, EARLIER)
    return Scene(folder / "evidence", folder / "other", facts, signer, stranger)


@pytest.fixture(scope="module")
def kept(stage: Scene) -> dict[int, KeptCheckpoint]:
    """Checkpoints as an auditor kept them, by size."""
    found = {EARLIER: stage.checkpoint.read_bytes()}
    for size in range(EARLIER + 1, SIZE + 1):
        attacks.recorded(stage.folder, stage.facts, stage.signer, size, 1)
        found[size] = stage.checkpoint.read_bytes()
    two = replace(stage, folder=stage.folder.with_name("two"))
    attacks.recorded(two.folder, stage.facts, stage.signer, 0, 2)
    found[2] = two.checkpoint.read_bytes()
    return {n: KeptCheckpoint(name=f"{n}.note", content=note) for n, note in found.items()}


@pytest.fixture
def scene(stage: Scene, kept: dict[int, KeptCheckpoint], tmp_path: Path) -> Scene:
    shutil.copytree(stage.folder, tmp_path / "evidence")
    return replace(stage, folder=tmp_path / "evidence")


def verify(scene: Scene, *kept: KeptCheckpoint) -> FolderReport:
    return verify_folder(scene.folder, [scene.signer.verifying_key], kept)


def codes(report: FolderReport) -> str:
    problems = [*report.ledger.problems]
    problems += [problem for logged in report.failed for problem in logged.problems]
    return " ".join(sorted({problem.code.value for problem in problems}))


def test_the_scene_is_sound(scene: Scene, kept: dict[int, KeptCheckpoint]) -> None:
    report = verify(scene, *kept.values())
    assert report.ok
    assert report.verdicts == {RunVerdict.FAIL: SIZE}


SINGLE = {**ON_RECORDS, **ON_THE_LEDGER, **BY_THE_KEY}


@pytest.mark.parametrize("name", SINGLE)
def test_an_attack_is_found(scene: Scene, name: str) -> None:
    attack, expected = SINGLE[name]
    attack(scene)
    report = verify(scene)
    assert not report.ok
    assert codes(report) == expected


@pytest.mark.parametrize("name", ON_THE_WHOLE)
def test_an_attack_with_the_key_is_found_by_who_kept_a_checkpoint(
    scene: Scene, kept: dict[int, KeptCheckpoint], name: str
) -> None:
    attack, size, expected = ON_THE_WHOLE[name]
    attack(scene)
    assert verify(scene).ok, "without a kept checkpoint nothing is wrong with it"
    report = verify(scene, kept[size])
    assert not report.ok
    assert codes(report) == expected
