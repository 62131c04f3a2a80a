"""The published format: fixed key, fixed facts, exact bytes.

Should this fail, the format has changed: records that exist no longer verify,
or other tools no longer read new ones.  If that is meant, write the folder
anew with ``PATCHGATE_WRITE_GOLDEN=1`` and review the difference.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.evidence.extension import RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.keyfiles import read_public
from gate.evidence.keys import Ed25519Signer
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify import verify_file
from gate.evidence.verify_folder import verify_folder

PUBLIC_KEY = "gate.pub"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="session")
def golden(data: Path) -> Path:
    return data / "vectors" / "evidence"


def write(
    folder: Path, make_facts: Callable[[RunVerdict], RunFacts], signer: Ed25519Signer
) -> None:
    for verdict in RunVerdict:
        record(make_facts(verdict), signer, FolderStore(folder))
    (folder / PUBLIC_KEY).write_bytes(signer.verifying_key.pem)
    (folder / "ledger" / "lock").unlink()


def test_fixed_facts_and_key_give_exactly_these_bytes(
    golden: Path,
    make_facts: Callable[[RunVerdict], RunFacts],
    signer: Ed25519Signer,
    tmp_path: Path,
) -> None:
    if os.environ.get("PATCHGATE_WRITE_GOLDEN"):
        shutil.rmtree(golden, ignore_errors=True)
        write(golden, make_facts, signer)
    write(tmp_path / "evidence", make_facts, signer)
    assert contents(tmp_path / "evidence") == contents(golden)


def test_the_golden_records_verify_with_the_golden_key(golden: Path) -> None:
    trusted = [read_public(golden / PUBLIC_KEY)]
    verdicts = set()
    for bundle in golden.glob("*.intoto.jsonl"):
        report = verify_file(bundle, trusted)
        assert report.problems == ()
        assert report.run is not None
        verdicts.add(report.run.verdict)
    assert verdicts == set(RunVerdict)


def test_records_with_nothing_but_a_summary_still_verify(data: Path) -> None:
    older = data / "vectors" / "evidence-summary-only"
    report = verify_folder(older, [read_public(older / PUBLIC_KEY)])
    assert report.ok
    assert report.verdicts == dict.fromkeys(RunVerdict, 1)


def test_the_golden_ledger_verifies_with_the_golden_key(golden: Path) -> None:
    trusted = [read_public(golden / PUBLIC_KEY)]
    report = verify_folder(golden, trusted)
    assert report.ok
    assert report.verdicts == dict.fromkeys(RunVerdict, 1)
