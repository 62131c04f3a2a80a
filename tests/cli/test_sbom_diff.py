"""`patchgate sbom diff`, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import DEBIAN, Image, docker_archive_old, file, tar, write
from tests.cli.bad_inputs import run

STATUS = "Package: openssl\nStatus: install ok installed\nVersion: {}\nArchitecture: amd64\n\n"


def image(folder: Path, name: str, version: str) -> str:
    items = [DEBIAN[0], file("var/lib/dpkg/status", STATUS.format(version).encode())]
    return str(write(folder / f"{name}.tar", tar(docker_archive_old(Image([tar(items)])))))


@pytest.fixture
def targets(tmp_path: Path) -> tuple[str, str]:
    return image(tmp_path, "old", "3.0.1-1"), image(tmp_path, "new", "3.0.2-1")


def test_a_table_and_its_exit_code(targets: tuple[str, str]) -> None:
    code, output, _ = run(["sbom", "diff", *targets])
    assert output.splitlines() == ["↑ deb  openssl (amd64)  3.0.1-1 → 3.0.2-1", "1 upgraded"]
    assert code == 0
    assert run(["sbom", "diff", "--exit-code", *targets])[0] == 1
    same = run(["sbom", "diff", "--exit-code", targets[0], targets[0]])
    assert same[:2] == (0, "no difference\n")


def test_json(targets: tuple[str, str]) -> None:
    _, output, _ = run(["sbom", "diff", "-o", "json", *targets])
    (item,) = json.loads(output)["differences"]
    assert item == {
        "after": "3.0.2-1", "arch": "amd64", "before": "3.0.1-1",
        "change": "upgraded", "name": "openssl", "type": "deb",
    }  # fmt: skip


def test_an_sbom_stands_for_its_image(targets: tuple[str, str], tmp_path: Path) -> None:
    sbom = tmp_path / "old.json"
    assert run(["sbom", "generate", targets[0], "-o", str(sbom)])[0] == 0
    assert run(["sbom", "diff", str(sbom), targets[0]])[1] == "no difference\n"


def test_what_was_not_read_whole_is_said(targets: tuple[str, str], tmp_path: Path) -> None:
    half = write(tmp_path / "half.tar", tar(docker_archive_old(Image([tar(DEBIAN[:1])]))))
    code, _, error = run(["sbom", "diff", targets[0], str(half)])
    assert code == 3
    assert "package database" in error
