"""Compare our inventory of the benchmark image with what the package managers say.

    python -m benchmarks.images.exactness [--folder DIR]

The truth comes from the root file system that the image was made of, by each
manager's own tool: dpkg-query, Python's importlib.metadata, `npm ls --all`,
`go version -m`, the section that cargo-auditable wrote, and the
pom.properties in every jar.  Exit 1 where a package is missing, invented or of another version.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.images.build import GO, PLACE
from gate.bom.model import Bom
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice

Packages = set[tuple[str, str]]
"""Names and versions."""
_SHOWN = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=PLACE)
    place: Path = parser.parse_args().folder
    image, root = place / "bench.docker.tar", place / "root"
    if not image.exists():
        print("no image: python -m benchmarks.images.build")
        return 1
    bom = read_bom(str(image), Choice(), Budget())
    wrong = 0
    for kind, (tool, truth) in TRUTHS.items():
        expected, found = truth(root), ours(bom, kind)
        missing, invented = sorted(expected - found), sorted(found - expected)
        if kind == "maven":
            # An archive that Maven did not build has no pom.properties to compare with.
            invented = []
        print(f"{kind:8} {tool:24} {len(expected):5} there, {len(found):5} found, "
              f"{len(missing)} missing, {len(invented)} invented")  # fmt: skip
        for sign, names in (("-", missing), ("+", invented)):
            for name, version in names[:_SHOWN]:
                print(f"    {sign} {name} {version}")
        wrong += len(missing) + len(invented)
    silent = jars(root) - {
        place.path.partition("!")[0] for c in bom.components for place in c.locations
    }
    print(f"jars without any component: {sorted(silent)}")
    return 1 if wrong else 0


def ours(bom: Bom, kind: str) -> Packages:
    """Return what we found of one purl type, named as its manager names it."""
    separator = ":" if kind == "maven" else "/"
    return {
        (
            f"{c.namespace}{separator}{c.name}" if c.namespace and kind != "deb" else c.name,
            c.version,
        )
        for c in bom.components
        if c.type == kind and not all(_is_vendored(place.path) for place in c.locations)
    }


def _is_vendored(path: str) -> bool:
    """Say whether a package was copied into another (pip's urllib3), of which no manager tells."""
    return path.endswith(("_vendor/vendor.txt", "_vendor/vendored.txt"))


def dpkg(root: Path) -> Packages:
    form = "${db:Status-Abbrev} ${Package} ${Version}\\n"
    lines = _run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", form).splitlines()
    return {(name, version) for state, name, version in map(str.split, lines) if state == "ii"}


def python(root: Path) -> Packages:
    sites = [str(path) for path in root.glob("opt/app/venv/lib/python3*/site-packages")]
    return {
        (_normal(found.metadata["Name"]), found.version)
        for found in importlib.metadata.distributions(path=sites)
    }


def _normal(name: str) -> str:
    return "-".join(
        part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part
    )


def npm(root: Path) -> Packages:
    listed = subprocess.run(
        ["npm", "ls", "--all", "--json"], cwd=root / "opt/app/web", capture_output=True, check=False
    )
    found: Packages = set()
    pending: list[dict[str, Any]] = [json.loads(listed.stdout)]
    while pending:
        for name, entry in pending.pop().get("dependencies", {}).items():
            if "version" in entry:
                found.add((name, entry["version"]))
            pending.append(entry)
    return found


def go(root: Path) -> Packages:
    found: Packages = set()
    for module in GO:
        name = module.partition("@")[0].removesuffix("/v4").rpartition("/")[2]
        lines = _run("go", "version", "-m", str(root / "usr/local/bin" / name)).splitlines()
        found.add(("stdlib", lines[0].split()[1].removeprefix("go")))
        for line in lines[1:]:
            fields = line.split("\t")[1:]
            if fields[0] in {"mod", "dep"} or fields[0] == "=>":
                found.add((fields[1], fields[2]))
    return found


def rust(root: Path) -> Packages:
    with tempfile.NamedTemporaryFile() as out:
        program = root / "usr/local/bin/bench"
        _run("objcopy", "--dump-section", f".dep-v0={out.name}", str(program), "/dev/null")
        document = json.loads(zlib.decompress(Path(out.name).read_bytes()))
    return {(p["name"], p["version"]) for p in document["packages"] if p.get("kind") != "build"}


def jars(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in (root / "opt").rglob("*.jar")}


def maven(root: Path) -> Packages:
    return {stated for name in jars(root) for stated in _properties(root / name)}


def _properties(jar: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith("META-INF/maven/") and name.endswith("/pom.properties"):
                lines = archive.read(name).decode().splitlines()
                fields = dict(line.strip().split("=", 1) for line in lines if "=" in line)
                yield f"{fields['groupId']}:{fields['artifactId']}", fields["version"]


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


TRUTHS: dict[str, tuple[str, Callable[[Path], Packages]]] = {
    "deb": ("dpkg-query -W", dpkg),
    "pypi": ("importlib.metadata", python),
    "npm": ("npm ls --all", npm),
    "golang": ("go version -m", go),
    "cargo": (".dep-v0", rust),
    "maven": ("pom.properties", maven),
}

if __name__ == "__main__":
    raise SystemExit(main())
