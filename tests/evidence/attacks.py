"""What can be done to a folder of evidence, by outsiders and by whoever has the key."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gate.evidence import checkpoint as checkpoints
from gate.evidence import dsse
from gate.evidence import entry as entries
from gate.evidence.checkpoint import Checkpoint
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.layout import SUFFIX
from gate.evidence.ledger import CHECKPOINT, FOLDER
from gate.evidence.merkle import leaf_hash, root_hash
from gate.evidence.record import record
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.store import FolderStore
from gate.evidence.tiles import ENTRIES, Tile, join_entries, join_hashes, node_hashes, split_entries
from tests.evidence.ledgers import append

SIZE = 5
EARLIER = 3


@dataclass
class Scene:
    """A folder with `SIZE` records, and what else an attacker may have."""

    folder: Path
    other: Path
    """Evidence of the same key in another folder."""
    facts: RunFacts
    signer: Ed25519Signer
    stranger: Ed25519Signer

    @property
    def ledger(self) -> Path:
        return self.folder / FOLDER

    @property
    def checkpoint(self) -> Path:
        return self.ledger / CHECKPOINT

    def tile(self, level: int, width: int = SIZE) -> Path:
        return self.ledger / Tile(level, 0, width).path

    def entries(self) -> list[bytes]:
        return split_entries(self.tile(ENTRIES).read_bytes(), SIZE)

    def record(self, number: int) -> Path:
        """The record of an entry."""
        return self.folder / f"{entries.decode(self.entries()[number]).run_id}{SUFFIX}"

    def blob(self, number: int) -> Path:
        blobs = (self.folder / "blobs").rglob("*")
        return sorted(path for path in blobs if path.is_file())[number]

    def rebuild(self, contents: list[bytes], signer: Ed25519Signer) -> None:
        """Write the whole ledger anew, signed: what only a holder of `signer` can do."""
        shutil.rmtree(self.ledger)
        for content in contents:
            append(self.folder, signer, content)

    def sign(self, contents: list[bytes], signer: Ed25519Signer) -> None:
        """Sign a checkpoint for any contents, and leave the tiles as they are."""
        hashes = [leaf_hash(content) for content in contents]
        root = root_hash(len(hashes), node_hashes([hashes]))
        origin = checkpoints.origin_of(contents[0])
        state = Checkpoint(origin=origin, size=len(hashes), root=root)
        self.checkpoint.write_bytes(checkpoints.sign(state, signer))


def recorded(folder: Path, facts: RunFacts, signer: Ed25519Signer, first: int, count: int) -> None:
    for number in range(first, first + count):
        record(msgspec.structs.replace(facts, components=number), signer, FolderStore(folder))


def flip(path: Path, position: int = 40) -> None:
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 1
    path.write_bytes(content)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def cut(path: Path, count: int = 7) -> None:
    path.write_bytes(path.read_bytes()[:-count])


def edit_envelope(path: Path, edit: Callable[[dsse.Envelope], dsse.Envelope]) -> None:
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(dsse.encode(edit(dsse.decode(first))) + b"\n" + rest)


def re_sign(path: Path, signer: Ed25519Signer, old: bytes = b"", new: bytes = b"") -> None:
    first, _, rest = path.read_bytes().partition(b"\n")
    payload = dsse.decode(first).payload.replace(old, new)
    path.write_bytes(dsse.sign(payload, PAYLOAD_TYPE, [signer]) + b"\n" + rest)


def edit_lines(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))


def edit_note(scene: Scene, old: str, new: str) -> None:
    text = scene.checkpoint.read_text(encoding="utf-8")
    assert old in text
    scene.checkpoint.write_text(text.replace(old, new, 1), encoding="utf-8")


def altered(content: bytes, **changes: object) -> bytes:
    return json.dumps({**json.loads(content), **changes}, separators=(",", ":")).encode()


def write_tiles(scene: Scene, contents: list[bytes]) -> None:
    scene.tile(ENTRIES).write_bytes(join_entries(contents))
    scene.tile(0).write_bytes(join_hashes([leaf_hash(content) for content in contents]))


def roll_back(scene: Scene, size: int, *, records: bool) -> None:
    gone = [scene.record(number) for number in range(size, SIZE)]
    scene.sign(scene.entries()[:size], scene.signer)
    for level in (0, ENTRIES):
        for width in range(size + 1, SIZE + 1):
            scene.tile(level, width).unlink()
    for path in gone if records else ():
        path.unlink()


def take_over(scene: Scene) -> None:
    """Put the whole evidence of another folder in the place of this one."""
    shutil.rmtree(scene.folder)
    shutil.copytree(scene.other, scene.folder)


def fake_pass(scene: Scene) -> bytes:
    return altered(scene.entries()[1], verdict=RunVerdict.PASS.value)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path, to: Path) -> None:
    path.unlink()
    path.symlink_to(to)
