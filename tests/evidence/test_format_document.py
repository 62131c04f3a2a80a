"""docs/evidence-format.md is the format: its fields, its codes, its example, its commands."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import types
import typing
from pathlib import Path

import msgspec
import pytest

from gate.durable import TEMPORARY
from gate.evidence import dsse, vsa
from gate.evidence.extension import RunExtension
from gate.evidence.problems import Code
from gate.evidence.summary import MAX_LISTED

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "evidence-format.md"
TOOLS = ("sh", "openssl", "sha256sum", "python3")


@pytest.fixture(scope="session")
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `?([^`|]+?)`? \|", text, re.MULTILINE)


def paths(struct: type[msgspec.Struct], prefix: str = "") -> list[str]:
    """The fields of `struct` and of the structs in it, as the document writes them."""
    found = []
    for field in msgspec.structs.fields(struct):
        kind = field.type
        if isinstance(kind, types.UnionType):
            (kind,) = (item for item in typing.get_args(kind) if item is not type(None))
        many = typing.get_origin(kind) is tuple
        if many:
            kind = typing.get_args(kind)[0]
        path = f"{prefix}{field.encode_name}{'[]' if many else ''}"
        found.append(path)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            found += paths(kind, f"{path}.")
    return found


def test_every_field_of_the_extension_is_documented_and_no_other(text: str) -> None:
    documented = first_column(section(text, "Run extension"))
    assert sorted(documented) == sorted(["field", *paths(RunExtension)])


def test_every_field_of_the_summary_is_documented(text: str) -> None:
    documented = section(text, "Verification summary")
    for field in msgspec.structs.fields(vsa.VerificationSummary):
        assert re.search(rf"^\| `{re.escape(field.encode_name)}\b", documented, re.MULTILINE)
    for constant in (vsa.PREDICATE_TYPE, vsa.VERIFIER_ID, vsa.PASSED_LEVEL):
        assert constant in text


def test_every_code_is_documented_and_no_other(text: str) -> None:
    documented = first_column(section(text, "Verify with patchgate"))
    assert documented == ["code", *sorted(Code)]


def test_limits_are_those_of_the_code(text: str) -> None:
    assert (
        f"at most {dsse.MAX_SIGNATURES} signatures and {dsse.MAX_BYTES // 2**20} MiB an envelope"
        in text
    )
    assert text.count(f"the first {MAX_LISTED:,}") == 2
    assert f"`{TEMPORARY}…`" in text


def test_the_example_is_the_golden_record(text: str, data: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    statements = [
        json.loads(base64.b64decode(json.loads(bundle.read_bytes().split(b"\n")[0])["payload"]))
        for bundle in (data / "vectors" / "evidence").glob("*.intoto.jsonl")
    ]
    assert json.loads(example) in statements


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"the documented commands need {', '.join(missing)}")
    shutil.copytree(data / "vectors" / "evidence", tmp_path / "copy")
    return tmp_path / "copy"


def run_commands(text: str, folder: Path, run_id: str) -> subprocess.CompletedProcess[str]:
    """Run the documented commands, in order, until one fails."""
    blocks = re.findall(r"```sh\n(.*?)```", section(text, "Verify with plain tools"), re.DOTALL)
    assert len(blocks) == 6
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(blocks)],
        cwd=folder,
        env={**os.environ, "RUN": run_id},
        capture_output=True,
        text=True,
        check=False,
    )


def run_ids(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix(".intoto.jsonl") for path in folder.glob("*.jsonl"))


def test_the_documented_commands_verify_every_golden_record(text: str, folder: Path) -> None:
    for run_id in run_ids(folder):
        done = run_commands(text, folder, run_id)
        assert done.returncode == 0, done.stderr
        assert "Signature Verified Successfully" in done.stdout
        assert done.stdout.count("Verified Successfully") == 4
        # Four keys, three statements, four attachments, facts.
        assert done.stdout.count(": OK\n") == 12
        assert f'"run_id": "{run_id}"' in done.stdout


def test_the_documented_commands_refuse_what_was_altered(text: str, folder: Path) -> None:
    run_id, other = run_ids(folder)[:2]
    bundle = folder / f"{run_id}.intoto.jsonl"
    good = bundle.read_bytes()
    first, _, rest = good.partition(b"\n")
    envelope = json.loads(first)
    payload = base64.b64decode(envelope["payload"])
    altered = base64.b64encode(payload.replace(b'"components":88', b'"components":89')).decode()
    assert altered != envelope["payload"]
    (signature,) = envelope["signatures"]
    for wrong in (
        {**envelope, "payload": altered},
        {**envelope, "payloadType": "application/json"},
        {**envelope, "signatures": [{**signature, "keyid": "0" * 64}]},
        {**envelope, "signatures": [{**signature, "sig": "A" * 86 + "=="}]},
    ):
        bundle.write_bytes(json.dumps(wrong).encode() + b"\n" + rest)
        assert run_commands(text, folder, run_id).returncode != 0
    lines = good.splitlines(keepends=True)
    foreign = (folder / f"{other}.intoto.jsonl").read_bytes().splitlines(keepends=True)
    for some in (lines[:-1], [*lines, lines[-1]], [*lines[:2], foreign[2], lines[3]], foreign[:1]):
        bundle.write_bytes(b"".join(some))
        assert run_commands(text, folder, run_id).returncode != 0
    bundle.write_bytes((folder / f"{other}.intoto.jsonl").read_bytes())
    assert run_commands(text, folder, run_id).returncode != 0
    bundle.write_bytes(good)
    assert run_commands(text, folder, run_id).returncode == 0
    for blob in (folder / "blobs").rglob("*"):
        if blob.is_file():
            blob.write_bytes(blob.read_bytes() + b" ")
    assert run_commands(text, folder, run_id).returncode != 0
