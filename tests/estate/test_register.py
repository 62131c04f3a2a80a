"""`patchgate evidence list`: filters, JSON, and an index that nobody has to trust."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.estate import register
from gate.estate.index import IndexFile
from gate.evidence.keyfiles import read_public
from tests.cli.bad_inputs import run
from tests.estate.halfyear import HalfYear

Listing = tuple[int, dict[str, Any]]


def listing(year: HalfYear, *arguments: str, evidence: Path | None = None) -> Listing:
    folder = str(evidence or year.evidence)
    code, out, err = run(
        ["evidence", "list", "--evidence", folder, "--trust", str(year.trust), "--json", *arguments]
    )
    assert err == ""
    return code, json.loads(out)


def names(year: HalfYear, *arguments: str) -> list[str]:
    code, found = listing(year, *arguments)
    assert code == 0
    assert found["verified"] is True
    return [one["subject"] for one in found["runs"]]


@pytest.fixture
def copy(year: HalfYear, tmp_path: Path) -> Path:
    """A copy of the evidence that may be altered."""
    return Path(shutil.copytree(year.evidence, tmp_path / "copy"))


def test_every_filter(year: HalfYear) -> None:
    everything = names(year)
    assert len(everything) == len(list(year.evidence.glob("*.jsonl")))
    api = names(year, "--image", "shop/api")
    assert 25 < len(api) < len(everything)
    assert all(name.startswith("registry.example/shop/api:") for name in api)
    assert names(year, "--actor", "lee") == names(year, "--repository", "shop/api") == api
    february = names(year, "--since", "2026-02-01", "--until", "2026-02-28", "--subject", "api")
    assert february == [name for name in api if ":202602" in name]
    assert set(names(year, "--cve", "CVE-2026-1203")) == {"db-prod-01"}
    failed = names(year, "--verdict", "FAIL")
    assert names(year, "--verdict", "FAIL", "--cve", "CVE-2026-1303") == [
        name for name in failed if name.startswith("registry.example/shop/api:202603")
    ]
    digest = listing(year)[1]["runs"][3]["sha256"]
    assert set(names(year, "--subject", f"sha256:{digest}")) == {"db-prod-01"}
    assert names(year, "--cve", "CVE-1999-1") == []


def test_a_day_counts_whole_and_a_moment_as_it_is(year: HalfYear) -> None:
    assert len(names(year, "--since", "2026-01-05", "--until", "2026-01-05")) == 4
    assert len(names(year, "--since", "2026-01-05", "--until", "2026-01-05T06:30:00Z")) == 1


def test_the_table(year: HalfYear) -> None:
    arguments = ["--evidence", str(year.evidence), "--trust", str(year.trust)]
    code, out, _ = run(["evidence", "list", *arguments, "--verdict", "FAIL", "--image", "batch"])
    assert code == 0
    for line in out.splitlines():
        columns = line.split()
        assert columns[1] == "FAIL"
        assert columns[3:] == ["sam", "shop/batch"]


def test_the_index_saves_time_and_nothing_else(
    year: HalfYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ["--cache", str(tmp_path / "cache" / "inventories")]
    first = listing(year, *cache, "--cve", "CVE-2026-1203")
    assert list((tmp_path / "cache" / "runs").iterdir())
    monkeypatch.setattr(register, "verify_bundle", None)
    monkeypatch.setattr(register.Path, "read_bytes", Path.read_bytes)
    assert listing(year, *cache, "--cve", "CVE-2026-1203") == first


def test_the_index_vouches_for_nothing(year: HalfYear, copy: Path, tmp_path: Path) -> None:
    cache = ["--cache", str(tmp_path / "cache" / "inventories")]
    assert listing(year, *cache, evidence=copy)[0] == 0
    record = sorted(copy.glob("*.jsonl"))[5]
    record.write_bytes(record.read_bytes().replace(b"A", b"B", 1))
    code, found = listing(year, *cache, evidence=copy)
    assert code == 6
    assert found["verified"] is False
    (bad,) = found["not_verified"]
    assert bad["file"] == record.name
    assert "V01" in {problem["code"] for problem in bad["problems"]}
    sorted(copy.glob("*.jsonl"))[7].unlink()
    assert "V02" in str(listing(year, *cache, evidence=copy)[1]["not_verified"])


@pytest.mark.parametrize("change", ["run_id", "verdict", "sha256"])
def test_an_index_that_says_something_else_is_not_believed(
    year: HalfYear, tmp_path: Path, change: str
) -> None:
    kept = IndexFile(tmp_path, year.evidence, [year.trust.read_bytes()])
    index = kept.read()
    keys = [read_public(year.trust)]
    sound = register.read_register(year.evidence, keys, index)
    digest, line = next(iter(index.lines.items()))
    other = next(one for one in index.lines.values() if one.verdict is not line.verdict)
    values = {"run_id": other.run_id, "verdict": other.verdict, "sha256": other.sha256}
    index.lines[digest] = msgspec.structs.replace(line, **{change: values[change]})
    again = register.read_register(year.evidence, keys, index)
    assert [one.line for one in again.listed] == [one.line for one in sound.listed]


def test_a_broken_index_is_done_without(year: HalfYear, tmp_path: Path) -> None:
    cache = ["--cache", str(tmp_path / "cache" / "inventories")]
    first = listing(year, *cache)
    (path,) = (tmp_path / "cache" / "runs").iterdir()
    path.write_bytes(b"\xc1 not an index")
    assert listing(year, *cache) == first
    assert listing(year, "--cache", "/proc/nowhere/inventories") == first


def test_a_flaw_that_cannot_be_told_is_said(year: HalfYear, copy: Path) -> None:
    from gate.estate.index import Index  # noqa: PLC0415 - one test

    index = Index()
    found = register.read_register(copy, [read_public(year.trust)], index)
    line = found.listed[0].line
    assert line is not None
    blob = copy / "blobs" / "sha256" / line.verdict_sha256[:2] / line.verdict_sha256
    blob.write_bytes(blob.read_bytes() + b" ")
    code, document = listing(year, "--cve", "CVE-2026-1001", evidence=copy)
    assert code == 6
    assert document["verified"] is False
    assert document["flaws_not_known"][0]["run_id"] == line.run_id
    assert document["flaws_not_known"][0]["problems"][0]["code"] == "V01"
    blob.unlink()
    assert "V02" in str(listing(year, "--cve", "CVE-2026-1001", evidence=copy)[1])
    assert listing(year, evidence=copy)[0] == 0


def shown(year: HalfYear, *arguments: str) -> tuple[int, str, str]:
    options = ["--evidence", str(year.evidence), "--trust", str(year.trust)]
    return run(["evidence", "show", *options, *arguments])


def test_show_the_last_run_that_is_wanted(year: HalfYear) -> None:
    code, out, _ = shown(year, "--image", "db-prod-01", "--until", "2026-03-20")
    assert code == 0
    last = listing(year, "--image", "db-prod-01", "--until", "2026-03-20")[1]["runs"][-1]
    assert out.startswith(f"run         {last['run_id']}\n")
    assert "exception   EX-7 until 2026-04-16, approved by Ada Risk\n" in out
    assert "flaw" not in out
    code, out, _ = shown(year, "--cve", "CVE-2026-1203", "--verdict", "PASS")
    assert "flaw        CVE-2026-1203 high in postgresql 1.0-1: accepted by EX-7, due" in out
    assert "ticket      CHG-0327\n" in shown(year, "--image", "api", "--until", "2026-03-27")[1]
    code, _, err = shown(year, "--image", "nobody")
    assert code == 6
    assert "there is no such run" in err
