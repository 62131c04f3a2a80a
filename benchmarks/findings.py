"""Findings beside osv-scanner's, with the same advisories: what only one of the two finds.

    python -m benchmarks.findings [--peer PROGRAM] [--json FILE]

Targets are the images of ../shared, root file systems wrapped as images of one layer,
and a CycloneDX file of 3,350 components made from what the advisories name.  Both read
the same file and match it against ../shared/osv, offline.  A line is a package, a
version and an advisory; each that only one of the two has is printed, for
docs/comparison.md to explain.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import zstandard

from benchmarks.inventories import large_bom
from benchmarks.processes import side_by_side
from gate.advisories.ecosystems import scheme_of
from gate.advisories.lookup import lookup
from gate.advisories.store import Store
from gate.bom.cyclonedx_read import read_cyclonedx
from gate.bom.model import Bom
from gate.matching.match import match
from gate.versions import key_function

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
PLACE = REPOSITORY / ".patchgate" / "bench"
PATCHGATE = str(Path(sys.executable).with_name("patchgate"))
PEER = "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.0"
POLICY = "version: 1\nname: bench\nadvisories: {fail_after: 999w}\n"
COMPONENTS = {"PyPI": 1100, "Go": 900, "crates.io": 500, "Debian": 850}
_PURL = {"PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "Debian": "deb/debian"}
_RELEASE = "Debian:11"

Line = tuple[str, str, str, str]
"""Ecosystem, package, version, advisory."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peer", help="osv-scanner; it is built where it is not named")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print("the advisories and images of ../shared are not there")
        return 2
    peer = arguments.peer or _install()
    with tempfile.TemporaryDirectory(prefix="patchgate-findings-") as folder:
        place = Path(folder)
        _prepare(place)
        report: dict[str, Any] = {}
        for name, target in _targets(place):
            ours, theirs = _ours(place, target), _theirs(peer, place, target)
            only_ours, only_theirs = sorted(ours - theirs), sorted(theirs - ours)
            report[name] = {"both": len(ours & theirs), "ours": only_ours, "theirs": only_theirs}
            print(
                f"{name}: {len(ours & theirs)} in both, {len(only_ours)} only ours, "
                f"{len(only_theirs)} only osv-scanner's"
            )
            for mark, lines in (("+", only_ours), ("-", only_theirs)):
                for line in lines[:40]:
                    print(f"  {mark} {' '.join(line)}")
        _time(peer, place)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))
    return 0


def _install() -> str:
    program = PLACE / "peer" / "osv-scanner"
    if not program.exists():
        print("building osv-scanner to compare with …")
        program.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(program.parent)}
        subprocess.run(["go", "install", PEER], check=True, env=environment)
    return str(program)


def _prepare(place: Path) -> None:
    for source in sorted((SHARED / "osv").glob("*/all.zip")):
        target = place / "osv" / "osv-scalibr" / source.parent.name
        target.mkdir(parents=True)
        shutil.copy(source, target)
    (place / "policy.yaml").write_text(POLICY)
    run = [PATCHGATE, "db", "import", "--db", str(place / "db"), str(SHARED / "osv")]
    subprocess.run(run, check=True, capture_output=True)
    keys = [PATCHGATE, "evidence", "keygen", "--key", str(place / "key.pem")]
    subprocess.run(keys, check=True, capture_output=True)


def _targets(place: Path) -> Iterator[tuple[str, Path]]:
    for image in sorted((SHARED / "images").iterdir()):
        target = place / f"{image.name.partition('.tar')[0]}.tar"
        if image.suffix == ".zst":
            with image.open("rb") as source, target.open("wb") as out:
                zstandard.ZstdDecompressor().copy_stream(source, out)
        else:
            _wrap(image, target)
        yield image.name, target
    target = place / "large.cdx.json"
    target.write_text(json.dumps(large_document()))
    yield f"{sum(COMPONENTS.values()):,} components", target


def _wrap(root_file_system: Path, target: Path) -> None:
    """Write a root file system as an image of one layer, as `docker save` has it."""
    opener = lzma.open if root_file_system.suffix == ".xz" else gzip.open
    with opener(root_file_system, "rb") as packed:
        layer = packed.read()
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config: dict[str, Any] = {"architecture": "amd64", "os": "linux"}
    config |= {"rootfs": {"type": "layers", "diff_ids": [diff_id]}, "config": {}}
    manifest = [{"Config": "config.json", "RepoTags": ["bench:1"], "Layers": ["layer.tar"]}]
    files = {
        "layer.tar": layer,
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    with tarfile.open(target, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def large_document() -> dict[str, Any]:
    """Return a CycloneDX document of packages that advisories name, in versions near theirs."""
    chance = random.Random(3350)
    components = []
    for source, count in COMPONENTS.items():
        named = _named_versions(source)
        names = sorted(named)
        components += [
            _component(source, name, chance.choice(named[name]))
            for name in (chance.choice(names) for _ in range(count))
        ]
    unique = {component["purl"]: component for component in components}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": sorted(unique.values(), key=lambda component: str(component["purl"])),
    }


def _component(source: str, name: str, version: str) -> dict[str, str]:
    qualifiers = f"?arch=source&distro=debian-{_RELEASE[7:]}" if source == "Debian" else ""
    purl = f"pkg:{_PURL[source]}/{name}@{version.replace('+', '%2B')}{qualifiers}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _named_versions(source: str) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    ecosystem = _RELEASE if source == "Debian" else source
    key_of = key_function(scheme_of(ecosystem))
    with zipfile.ZipFile(SHARED / "osv" / source / "all.zip") as archive:
        for member in archive.namelist():
            for entry in json.loads(archive.read(member)).get("affected", []):
                if entry.get("package", {}).get("ecosystem") != ecosystem:
                    continue
                events = [
                    e for r in entry.get("ranges", []) if r["type"] != "GIT" for e in r["events"]
                ]
                stated = {value for event in events for value in event.values()} - {"0"}
                stated |= set(entry.get("versions", [])[-3:])
                usable = {one for one in stated if key_of(one) is not None}
                if usable:
                    found.setdefault(entry["package"]["name"], set()).update(usable)
    return {name: sorted(versions) for name, versions in found.items()}


def _ours(place: Path, target: Path) -> set[Line]:
    done = subprocess.run(_check_command(place, target), capture_output=True, check=False)
    findings = json.loads(done.stdout)["findings"]
    return {
        (
            match["ecosystem"].partition(":")[0],
            match["package"],
            match["version"],
            match["advisory"],
        )
        for finding in findings
        for match in finding["advisories"]
    }


def _check_command(place: Path, target: Path) -> list[str]:
    return [
        PATCHGATE, "check", str(target), "--db", str(place / "db"), "-o", "json",
        "--policy", str(place / "policy.yaml"), "--key", str(place / "key.pem"),
        "--evidence", str(place / "evidence"),
    ]  # fmt: skip


def _theirs(peer: str, place: Path, target: Path) -> set[Line]:
    done = subprocess.run(_peer_command(peer, place, target), capture_output=True, check=False)
    packages = [
        package
        for result in json.loads(done.stdout or b"{}").get("results", [])
        for package in result["packages"]
    ]
    return set(_lines_of(packages))


def _lines_of(packages: Iterable[dict[str, Any]]) -> Iterator[Line]:
    for package in packages:
        named = package["package"]
        for found in package.get("vulnerabilities", []):
            ecosystem = named["ecosystem"].partition(":")[0]
            yield ecosystem, named["name"], named["version"], found["id"]


def _peer_command(peer: str, place: Path, target: Path) -> list[str]:
    """Return its command; rpm databases are read by a plugin that is off by default."""
    image = ["image", "--experimental-plugins", "artifact,os/rpm", "--archive"]
    kind = image if target.suffix == ".tar" else ["source", "-L"]
    return [
        peer, "scan", kind[0], "--offline", "--local-db-path", str(place / "osv"),
        "--all-vulns", "--format", "json", *kind[1:], str(target),
    ]  # fmt: skip


def _time(peer: str, place: Path) -> None:
    """Measure whole runs, and what of them is loading advisories and matching.

    Theirs is a run with the archives less one with empty archives; ours is timed
    from opening the store to the findings, in one process.
    """
    target = place / "large.cdx.json"
    for source in (place / "osv" / "osv-scalibr").iterdir():
        empty = place / "none" / "osv-scalibr" / source.name / "all.zip"
        empty.parent.mkdir(parents=True)
        zipfile.ZipFile(empty, "w").close()
    bare = _peer_command(peer, place, target)
    bare[bare.index(str(place / "osv"))] = str(place / "none")
    commands: dict[str, Sequence[str]] = {
        "patchgate check, recorded and signed": _check_command(place, target),
        "osv-scanner": _peer_command(peer, place, target),
        "osv-scanner, empty archives": bare,
    }
    found = side_by_side(commands, 5, allowed=frozenset({0, 1, 3, 4}))
    for name, one in found.items():
        print(f"{name}: {one.best:.2f} s, {one.peak_bytes / 1e6:.0f} MB")
    loading = found["osv-scanner"].best - found["osv-scanner, empty archives"].best
    bom = read_cyclonedx(target.read_bytes(), "large")
    ours = min(matched(place / "db", bom) for _ in range(7))
    behind = large_bom(SHARED / "osv", sum(COMPONENTS.values()), 0.1)
    usual = min(matched(place / "db", behind) for _ in range(7))
    print(f"loading and matching: osv-scanner {loading:.2f} s, ours {ours:.2f} s", end="")
    print(f", and {usual:.2f} s where a tenth is not up to date")


def matched(store: Path, bom: Bom) -> float:
    """Return the seconds from opening a store to the findings."""
    begin = time.perf_counter()
    with Store.open(store) as opened:
        asked = lookup(bom)
        match(bom, asked, opened.select(asked.queries))
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
