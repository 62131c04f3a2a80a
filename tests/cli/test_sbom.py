"""`patchgate sbom generate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return sound(tmp_path)


@pytest.mark.parametrize(("name", "mark"), [("cyclonedx", "bomFormat"), ("spdx", "spdxVersion")])
def test_both_formats(bench: Bench, name: str, mark: str) -> None:
    code, out, err = run(["sbom", "generate", bench.target, "-f", name, "--now", "2026-11-02"])
    assert (code, err) == (0, "")
    assert mark in json.loads(out)
    assert "libssl3" in out


def test_the_same_image_gives_the_same_bytes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    first, second = (run(["sbom", "generate", bench.target])[1] for _ in range(2))
    assert first == second
    assert json.loads(first)["metadata"]["timestamp"] == "2025-10-09T08:53:20Z"


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_an_sbom_gives_the_verdict_of_its_image(bench: Bench, name: str) -> None:
    path = bench.root / "sbom.json"
    assert run(["sbom", "generate", bench.target, "-f", name, "-o", str(path)])[0] == 0
    assert check(bench)[0] == 0
    image = json.loads((bench.root / "result.json").read_bytes())
    bench.target = str(path)
    assert check(bench)[0] == 0
    document = json.loads((bench.root / "result.json").read_bytes())
    assert document["findings"] == image["findings"]
    assert document["subject"] == image["subject"]
    assert document["coverage"] == image["coverage"]


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_what_is_incomplete_stays_incomplete(bench: Bench, name: str) -> None:
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", STATUS[:-30]))
    path = bench.root / "sbom.json"
    code, _, err = run(["sbom", "generate", bench.target, "-f", name, "-o", str(path)])
    assert code == 3
    assert "cut short" in err
    bench.target = str(path)
    assert check(bench)[0] == 3


def test_an_unreadable_image_writes_nothing(bench: Bench) -> None:
    bench.archive(b"nothing")
    path = bench.root / "sbom.json"
    assert run(["sbom", "generate", bench.target, "-o", str(path)])[0] == 3
    assert not path.exists()
