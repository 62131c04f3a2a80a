"""What a release says of itself, and what is no release."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from gate import __version__
from gate.evidence import canonical
from release import build


def test_a_tag_that_the_code_does_not_name_is_no_release() -> None:
    with pytest.raises(SystemExit, match=r"the tag is v99\.0\.0, the code is"):
        build.check_tag("v99.0.0")


def test_the_notes_are_those_of_this_version(tmp_path: Path) -> None:
    build.notes(tmp_path)
    text = (tmp_path / "NOTES.md").read_text()
    assert text.startswith("## ")
    assert text.count("\n## ") == 0
    assert "patchgate check" in text


def test_provenance_names_every_file_and_the_locks(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"a")
    (tmp_path / "b.deb").write_bytes(b"b")
    digests = build.checksums(tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == (
        f"{hashlib.sha256(b'a').hexdigest()}  a.whl\n{hashlib.sha256(b'b').hexdigest()}  b.deb\n"
    )
    statement = canonical.decode(build.provenance(digests, "v1.2.3"))
    assert [subject["name"] for subject in statement["subject"]] == ["a.whl", "b.deb"]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["tag"] == "v1.2.3"
    lock = (build.ROOT / "requirements" / "run.txt").read_bytes()
    assert {
        "name": "requirements/run.txt",
        "digest": {"sha256": hashlib.sha256(lock).hexdigest()},
    } in (definition["resolvedDependencies"])


def test_the_sbom_is_of_what_is_shipped(tmp_path: Path) -> None:
    build.sbom(tmp_path)
    text = (tmp_path / f"patchgate-{__version__}.cdx.json").read_text()
    assert "pkg:pypi/msgspec@" in text
    assert "pytest" not in text


def test_the_wheel_holds_the_code_its_data_and_no_tests(tmp_path: Path) -> None:
    build.wheel(tmp_path / "a")
    build.wheel(tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [f"patchgate-{__version__}-py3-none-any.whl", f"patchgate-{__version__}.tar.gz"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / names[0]) as archive:
        held = set(archive.namelist())
    assert {"gate/cli/main.py", "gate/report/report.css", "gate/catalog/known_bases.json"} <= held
    assert not any(name.startswith(("tests/", "release/")) for name in held)
