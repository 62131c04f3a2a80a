"""From a catalog of base images to the rule that asks for one, and where a finding comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import OS_RELEASE, STATUS, Image, docker_archive_new, file, tar, write
from tests.cli.bad_inputs import Bench, check, run, sound

LOWER = [
    file("etc/os-release", OS_RELEASE),
    file("var/lib/dpkg/status", STATUS.replace(b"3.0.9-1", b"3.0.7-1")),
]
NGINX = b"Package: nginx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22\n\n"
UPPER = [file("var/lib/dpkg/status", LOWER[1].content + NGINX)]
POLICY = """\
version: 1
rules: {base_image: {action: fail, approved: ["team/base:*"], proven: true}, image_age: {max: 400d}}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    base = Image([tar(LOWER)], tags=["team/base:1"])
    write(tmp_path / "base.tar", tar(docker_archive_new(base)))
    bench.archive(tar(docker_archive_new(Image([tar(LOWER), tar(UPPER)]))))
    bench.policy(POLICY)
    return bench


def result(bench: Bench) -> dict[str, Any]:
    return json.loads((bench.root / "result.json").read_text())  # type: ignore[no-any-return]


def add(bench: Bench) -> str:
    catalog = bench.root / "bases.json"
    code, _, err = run(
        ["sbom", "base", str(bench.root / "base.tar"), "--catalog", str(catalog),
         "--sbom", "base.cdx.json"]
    )  # fmt: skip
    assert code == 0, err
    assert "team/base:1: 1 layers" in err
    return str(catalog)


def test_an_unknown_base_breaks_the_rule(bench: Bench) -> None:
    assert check(bench)[0] == 1
    assert result(bench)["base"] is None


def test_a_known_base_is_recognised_by_its_layers(bench: Bench) -> None:
    bench.arguments += ["--bases", add(bench)]
    code, _, err = check(bench)
    assert code == 0, err
    base = result(bench)["base"]
    assert (base["name"], base["basis"], base["layers"]) == ("team/base:1", "layers", 1)
    origins = {
        finding["component"]["name"]: finding["component"]["origin"]
        for finding in result(bench)["findings"]
    }
    assert origins["openssl"]["base"] is True
    assert (origins["openssl"]["number"], origins["openssl"]["instruction"]) == (1, "step 0")
    assert origins["nginx"]["base"] is False
    assert (bench.root / "base.cdx.json").is_file()


def test_the_record_knows_the_base(bench: Bench) -> None:
    bench.arguments += ["--bases", add(bench)]
    check(bench)
    record = next(bench.evidence.glob("*.intoto.jsonl"))
    trust = str(bench.key.with_suffix(".pub.pem"))
    assert run(["evidence", "replay", str(record), "--trust", trust])[0] == 0


def test_a_dockerfile_is_a_claim(bench: Bench) -> None:
    dockerfile = write(bench.root / "Dockerfile", b"ARG V=1\nFROM team/base:$V\n")
    bench.arguments += ["--dockerfile", str(dockerfile)]
    assert check(bench)[0] == 1
    assert result(bench)["base"] == {"name": "team/base:1", "basis": "dockerfile"}
    assert "claimed by dockerfile" in " ".join(r["message"] for r in result(bench)["reasons"])


def test_a_catalog_that_cannot_be_read(bench: Bench) -> None:
    bench.arguments += ["--bases", str(bench.root / "none.json")]
    assert check(bench)[0] == 2
    bench.arguments[-1] = str(write(bench.root / "bad.json", b"{}"))
    assert check(bench)[0] == 3


def test_a_catalog_keeps_one_image_of_a_name(bench: Bench) -> None:
    catalog = Path(add(bench))
    first = catalog.read_bytes()
    add(bench)
    assert catalog.read_bytes() == first
