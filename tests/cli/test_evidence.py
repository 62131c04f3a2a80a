"""`patchgate evidence`: keys, and verification by somebody else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    assert check(bench)[0] == 0
    return bench


def bundle(bench: Bench) -> Path:
    return next(bench.evidence.glob("*.intoto.jsonl"))


def verify(bench: Bench, *arguments: str) -> tuple[int, str, str]:
    trust = str(bench.key.with_suffix(".pub.pem"))
    return run(["evidence", "verify", "--trust", trust, str(bundle(bench)), *arguments])


def test_keygen_writes_a_pair_once(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "gate.pem"
    code, out, err = run(["evidence", "keygen", "--key", str(key)])
    assert (code, out) == (0, "")
    assert "key id" in err
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (tmp_path / "keys" / "gate.pub.pem").is_file()
    code, _, err = run(["evidence", "keygen", "--key", str(key)])
    assert code == 5
    assert "is not overwritten" in err


def test_an_encrypted_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bench.root / "closed.pem"
    monkeypatch.setenv("PATCHGATE_KEY_PASSPHRASE", "correct horse")
    assert run(["evidence", "keygen", "--encrypt", "--key", str(key)])[0] == 0
    bench.arguments += ["--key", str(key), "--evidence", str(bench.root / "other")]
    assert check(bench)[0] == 0
    monkeypatch.setenv("PATCHGATE_KEY_PASSPHRASE", "wrong")
    code, _, err = check(bench)
    assert code == 5
    assert "passphrase" in err


def test_verify(bench: Bench) -> None:
    code, out, err = verify(bench)
    assert (code, err) == (0, "")
    assert "verified" in out
    assert "PASS example/app:1" in out
    assert "6 attachments unaltered" in out


def test_an_altered_attachment(bench: Bench) -> None:
    blob = next(path for path in (bench.evidence / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes() + b" ")
    code, out, err = verify(bench)
    assert code == 6
    assert "V01" in out + err


def test_an_altered_record(bench: Bench) -> None:
    path = bundle(bench)
    path.write_bytes(path.read_bytes().replace(b"PASSED", b"FAILED", 1).replace(b"A", b"B", 1))
    assert verify(bench)[0] == 6


def test_a_key_that_is_not_trusted(bench: Bench) -> None:
    other = bench.root / "other.pem"
    run(["evidence", "keygen", "--key", str(other)])
    trust = str(other.with_suffix(".pub.pem"))
    code, out, err = run(["evidence", "verify", "--trust", trust, str(bundle(bench))])
    assert code == 6
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    "arguments", [["verify", "missing.jsonl"], ["verify", "--trust", "missing.pem", "x"]]
)
def test_what_is_not_there(tmp_path: Path, arguments: list[str]) -> None:
    code, _, err = run(["evidence", *arguments])
    assert code in {2, 6}
    assert "Traceback" not in err
