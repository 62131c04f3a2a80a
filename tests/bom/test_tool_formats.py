"""The own formats of syft, grype and trivy, and GitHub's snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gate.bom.detect import read_bom
from gate.bom.model import Distro, ReadingStatus, SubjectKind
from tests.bom.boms import sample
from tests.bom.documents import read, reason

SYFT = {
    "artifacts": [
        {
            "id": "1",
            "name": "libssl3",
            "version": "3.0.9-1",
            "type": "deb",
            "purl": "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12&upstream=openssl",
            "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:1"}],
            "licenses": [{"value": "Apache-2.0"}, "MIT"],
        }
    ],
    "source": {"type": "image", "name": "x", "metadata": {"userInput": "example/app:1"}},
    "distro": {"id": "debian", "versionID": "12"},
    "descriptor": {"name": "syft", "version": "1.18.1"},
}


def encoded(document: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps(document | fields).encode()


def test_what_syft_really_writes_of_an_image(data: Path) -> None:
    bom = read_bom(sample(data, "made.syft.json"), "made.json")
    assert [(c.name, c.version, c.source_name) for c in bom.components] == [
        ("libssl3", "3.0.9-1", "openssl"),
        ("openssl", "3.0.9-1", "openssl"),
    ]
    assert bom.readings[0].status is ReadingStatus.COMPLETE
    assert bom.subject.kind is SubjectKind.IMAGE
    assert bom.subject.digests["sha256"].startswith("15e5aaecd669d787")
    assert bom.subject.image_id.startswith("sha256:e6b1cf34f559112e")
    assert bom.distro is not None
    assert (bom.distro.id, bom.distro.version_id) == ("debian", "12")
    assert all(c.locations[0].path == "var/lib/dpkg/status" for c in bom.components)


def test_syft_keeps_licences_and_places() -> None:
    (component,) = read(encoded(SYFT)).components
    assert component.licenses == ("Apache-2.0", "MIT")
    assert component.locations[0].layer == "sha256:1"


def test_what_syft_could_not_make_out_is_not_complete() -> None:
    files = [{"location": {"path": "/app/x.jar"}, "unknowns": ["broken"]}]
    assert reason(encoded(SYFT, files=files)) == "syft could not make out 1 files (/app/x.jar)"


def test_a_package_of_syft_without_a_purl_is_counted() -> None:
    assert "no purl" in reason(encoded(SYFT, artifacts=[{"name": "module", "id": "2"}]))


def test_grype_lists_only_what_it_found_flaws_in() -> None:
    match = {"artifact": SYFT["artifacts"][0], "vulnerability": {"id": "CVE-1"}}  # type: ignore[index]
    grype = {
        "matches": [match, match],
        "source": {"type": "image", "target": {"userInput": "example/app:1"}},
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {"name": "grype"},
    }
    bom = read(encoded(grype))
    assert [c.name for c in bom.components] == ["libssl3"]
    assert bom.distro == Distro(id="debian", version_id="12")
    assert bom.subject.name == "example/app:1"
    assert bom.readings[0].status is ReadingStatus.PARTIAL
    assert "only the packages that it found flaws in" in bom.readings[0].reason


TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "ArtifactName": "debian:12",
    "ArtifactType": "container_image",
    "Metadata": {
        "OS": {"Family": "debian", "Name": "12.5"},
        "RepoDigests": ["debian@sha256:" + "ab" * 32],
    },
    "Results": [
        {
            "Target": "debian:12 (debian 12.5)",
            "Class": "os-pkgs",
            "Type": "debian",
            "Packages": [
                {
                    "Name": "login",
                    "Identifier": {
                        "PURL": "pkg:deb/debian/login@4.13-1?distro=debian-12.5&epoch=1"
                    },
                    "Version": "4.13",
                    "SrcName": "shadow",
                    "SrcVersion": "4.13",
                    "SrcRelease": "1",
                    "SrcEpoch": 1,
                    "Licenses": ["GPL-2.0"],
                    "Layer": {"DiffID": "sha256:1"},
                }
            ],
        },
        {"Target": "secrets", "Class": "secret"},
    ],
}


def test_what_trivy_lists() -> None:
    bom = read(encoded(TRIVY))
    (component,) = bom.components
    assert (component.version, component.source_name, component.source_version) == (
        "1:4.13-1",
        "shadow",
        "1:4.13-1",
    )
    assert bom.distro == Distro(id="debian", version_id="12.5")
    assert bom.subject.digests["sha256"] == "ab" * 32
    assert bom.readings[0].status is ReadingStatus.COMPLETE


def test_trivy_lists_packages_only_when_asked() -> None:
    bare = [{"Target": "debian:12", "Class": "os-pkgs", "Vulnerabilities": []}]
    for results in (bare, [], None):
        assert "--list-all-pkgs" in reason(encoded(TRIVY, Results=results))


def test_systems_that_trivy_calls_its_own_way() -> None:
    system = {"OS": {"Family": "amazon", "Name": "2 (Karoo)"}}
    assert read(encoded(TRIVY, Metadata=system, Results=[])).distro == Distro(
        id="amzn", version_id="2"
    )
