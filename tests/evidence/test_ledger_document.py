"""docs/ledger.md is the format of the ledger: its fields, its example, its commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from gate.evidence.entry import Entry
from tests.evidence.attacks import cut, flip
from tests.evidence.test_format_document import TOOLS, first_column, section

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "ledger.md"


@pytest.fixture(scope="module")
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"the documented commands need {', '.join(missing)}")
    shutil.copytree(data / "vectors" / "evidence", tmp_path / "copy")
    return tmp_path / "copy"


def test_every_field_of_an_entry_is_documented_and_no_other(text: str) -> None:
    fields = [field.encode_name for field in msgspec.structs.fields(Entry)]
    assert first_column(section(text, "Entries")) == ["field", *fields]


def test_the_example_is_the_golden_checkpoint(text: str, data: Path) -> None:
    (example,) = re.findall(r"```text\n(.*?)```", section(text, "Checkpoint"), re.DOTALL)
    golden = data / "vectors" / "evidence" / "ledger" / "checkpoint"
    assert example == golden.read_text(encoding="utf-8")


def run_commands(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    blocks = re.findall(r"```sh\n(.*?)```", section(text, "Verify with plain tools"), re.DOTALL)
    assert len(blocks) == 3
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(blocks)],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_documented_commands_verify_the_golden_ledger(text: str, folder: Path) -> None:
    done = run_commands(text, folder)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert "the entries have the root that was signed" in done.stdout
    assert done.stdout.count(": OK\n") == 3


def test_the_documented_commands_refuse_what_was_altered(text: str, folder: Path) -> None:
    records = sorted(folder.glob("*.intoto.jsonl"))
    entries = folder / "ledger/tile/entries/000.p/3"
    checkpoint = folder / "ledger/checkpoint"
    for path, alter in ((records[0], flip), (entries, flip), (entries, cut), (checkpoint, flip)):
        content = path.read_bytes()
        alter(path)
        assert run_commands(text, folder).returncode != 0
        path.write_bytes(content)
    assert run_commands(text, folder).returncode == 0
    records[1].rename(folder / "gone")
    assert run_commands(text, folder).returncode != 0
