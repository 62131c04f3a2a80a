"""`patchgate sbom generate`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return sound(tmp_path)


FORMATS = ("cyclonedx", "cyclonedx-xml", "spdx", "spdx3")


@pytest.mark.parametrize("name", [*FORMATS, "purl"])
def test_every_format(bench: Bench, name: str) -> None:
    code, out, err = run(["sbom", "generate", bench.target, "-f", name, "--now", "2026-11-02"])
    assert (code, err) == (0, "")
    assert "libssl3" in out


def test_every_format_becomes_every_other_without_loss(bench: Bench) -> None:
    made = [str(bench.root / name) for name in FORMATS]
    stamp = ["--now", "2026-11-02"]
    for name, path in zip(FORMATS, made, strict=True):
        run(["sbom", "generate", bench.target, "-f", name, "-o", path, *stamp])
    for path in made:
        for name, direct in zip(FORMATS, made, strict=True):
            code, out, err = run(["sbom", "convert", path, "-f", name, *stamp])
            assert (code, err) == (0, "")
            assert out.encode() == Path(direct).read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_valid(bench: Bench, name: str) -> None:
    path = bench.root / f"sbom-{name}"
    run(["sbom", "generate", bench.target, "-f", name, "-o", str(path)])
    code, out, err = run(["sbom", "validate", str(path)])
    assert (code, err) == (0, "")
    assert out.startswith(f"sbom-{name}: valid ")


def test_what_is_not_valid_exits_3_and_says_where(bench: Bench) -> None:
    path = bench.root / "sbom.json"
    path.write_text('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"x"}]}')
    code, out, err = run(["sbom", "validate", str(path)])
    assert code == 3
    assert "$.components[0]" in out
    assert "sbom.json: not valid CycloneDX 1.6 JSON" in err


def test_valid_and_not_complete_says_both(bench: Bench) -> None:
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", STATUS[:-30]))
    path = bench.root / "sbom.json"
    run(["sbom", "generate", bench.target, "-o", str(path)])
    code, out, err = run(["sbom", "validate", str(path)])
    assert code == 0
    assert "valid CycloneDX" in out
    assert "not complete: dpkg database" in err


def test_a_list_of_purls_is_judged_and_never_passes(bench: Bench) -> None:
    path = bench.root / "list.purls"
    run(["sbom", "generate", bench.target, "-f", "purl", "-o", str(path)])
    bench.target = str(path)
    code, _, err = check(bench)
    assert code == 3
    assert "a list of purls does not say whether it is all" in err


def test_the_same_image_gives_the_same_bytes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    first, second = (run(["sbom", "generate", bench.target])[1] for _ in range(2))
    assert first == second
    assert json.loads(first)["metadata"]["timestamp"] == "2025-10-09T08:53:20Z"


def test_bytes_do_not_depend_on_the_process(bench: Bench) -> None:
    """Sets and dictionaries are ordered by hashes that differ from run to run."""
    packages = [
        file(
            f"srv/site-packages/{name}-1.dist-info/METADATA", f"Name: {name}\nVersion: 1\n".encode()
        )
        for name in ("six", "flask", "jinja2", "click")
    ]
    bench.image(*DEBIAN, *packages)
    written: dict[str, set[bytes]] = {name: set() for name in (*FORMATS, "purl")}
    for seed in ("1", "2", "3"):
        for name, found in written.items():
            arguments = ["sbom", "generate", bench.target, "-f", name, "--now", "2026-11-02"]
            run = subprocess.run(
                [sys.executable, "-m", "gate.cli", *arguments, "--cache", "off"],
                env={"PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]},
                capture_output=True,
                check=True,
            )
            found.add(run.stdout)
    assert {name: len(found) for name, found in written.items()} == dict.fromkeys(written, 1)


@pytest.mark.parametrize("name", ["cyclonedx", "cyclonedx-xml", "spdx", "spdx3"])
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


@pytest.mark.parametrize("name", ["cyclonedx", "cyclonedx-xml", "spdx", "spdx3"])
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
