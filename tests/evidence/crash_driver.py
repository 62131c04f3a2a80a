"""Runs outside pytest: records a run in child processes that do not live to the end.

    python crash_driver.py kill FACTS FOLDER      one child for each step, killed at it
    python crash_driver.py limit FACTS FOLDER     one child that may not write large files
    python crash_driver.py parallel FACTS FOLDER  children that record the same run at once
    python crash_driver.py append FACTS FOLDER    one child for each step of some appends, killed

`append` starts from the ledger in FOLDER/before and prints, for each child, how many
appends were acknowledged before it died; its ledger is in FOLDER/<number of the step>.

FACTS is a `RunFacts` as JSON.  The facts are recorded in sub-folders of FOLDER.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import EvidenceError
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import Ledger
from gate.evidence.record import record
from gate.evidence.store import FolderStore

STEPS = ("open", "write", "fsync", "close", "replace", "mkdir", "scandir")
CHILDREN = 8
APPENDS = 2


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(name: str, original: Callable[..., Any], count: list[int], kill_at: int) -> Any:
    """Return `original`, but at step `kill_at`, counted from 0, it is the last thing done.

    Even steps die before the call, odd ones after; a write dies half way.
    """

    def step(*arguments: Any, **options: Any) -> Any:
        before, after = count[0] == kill_at, count[0] + 1 == kill_at
        count[0] += 2
        if before and name == "write":
            descriptor, data = arguments
            original(descriptor, bytes(data)[: len(data) // 2])
        if before:
            die()
        try:
            return original(*arguments, **options)
        finally:
            if after:
                die()

    return step


def in_child(task: Callable[[], int]) -> int:
    """Run `task` in a child process and return its process id."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = task()
    finally:
        os._exit(code)


def kill(facts: RunFacts, signer: Ed25519Signer, folder: Path) -> None:
    kill_at = 0
    while True:

        def task(kill_at: int = kill_at) -> int:
            count = [0]
            for name in STEPS:
                setattr(os, name, wrap(name, getattr(os, name), count, kill_at))
            record(facts, signer, FolderStore(folder / f"{kill_at:04}"))
            return 0

        _, status = os.waitpid(in_child(task), 0)
        if os.WIFEXITED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        kill_at += 1


def limit(facts: RunFacts, signer: Ed25519Signer, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        record(facts, signer, FolderStore(folder / "limited"))
    except EvidenceError as error:
        sys.stdout.write(str(error))


def parallel(facts: RunFacts, signer: Ed25519Signer, folder: Path) -> None:
    def task() -> int:
        for number in range(10):
            run = msgspec.structs.replace(facts, components=number)
            record(run, signer, FolderStore(folder / "shared"))
        return 0

    children = [in_child(task) for _ in range(CHILDREN)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(max(codes))


def append(facts: RunFacts, signer: Ed25519Signer, folder: Path) -> None:
    kill_at = 0
    while True:
        target = folder / f"{kill_at:04}"
        shutil.copytree(folder / "before", target)
        reader, writer = os.pipe()

        def task(kill_at: int = kill_at, target: Path = target, writer: int = writer) -> int:
            ledger, acknowledge, count = Ledger(target, signer), os.write, [0]
            for name in STEPS:
                setattr(os, name, wrap(name, getattr(os, name), count, kill_at))
            for number in range(APPENDS):
                ledger.commit(ledger.stage([b"appended %d" % number], ledger.tip()))
                acknowledge(writer, b".")
            return 0

        _, status = os.waitpid(in_child(task), 0)
        os.close(writer)
        sys.stdout.write(f"{len(os.read(reader, 100))}\n")
        os.close(reader)
        if os.WIFEXITED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        kill_at += 1


if __name__ == "__main__":
    mode, facts_path, target = sys.argv[1:]
    {"kill": kill, "limit": limit, "parallel": parallel, "append": append}[mode](
        msgspec.json.decode(Path(facts_path).read_bytes(), type=RunFacts),
        Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
        Path(target),
    )
