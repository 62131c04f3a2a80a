"""A large inventory made from what advisories name: 3,000 components of one host."""

from __future__ import annotations

import json
import random
import zipfile
from collections import defaultdict
from pathlib import Path

from gate.advisories.ecosystems import scheme_of
from gate.bom.model import Bom, Component, Distro, Subject, SubjectKind
from gate.versions import key_function

SHARES = {"AlmaLinux": 0.70, "PyPI": 0.12, "Go": 0.10, "crates.io": 0.08}
"""What the components are: a host with its packages, and applications on it."""
NAMED = 0.5
"""Share of the components that any advisory names: 10 of 23 in the AlmaLinux 9 image, 14 of
96 in the Debian 12 image."""
_TYPES = {"AlmaLinux": "rpm", "PyPI": "pypi", "Go": "golang", "crates.io": "cargo"}


def large_bom(osv: Path, count: int, behind: float) -> Bom:
    """Return `count` components; the same for the same advisories.

    A share of `behind` has a random fixed version of the package, the others
    the newest.
    """
    chance = random.Random(3000)
    components: dict[str, Component] = {}
    for source, share in SHARES.items():
        fixes = _fixes(osv / source / "all.zip", source)
        names = sorted(fixes)
        wanted = round(count * share)
        for name in chance.sample(names, min(wanted, len(names))):
            versions = fixes[name]
            version = chance.choice(versions) if chance.random() < behind else versions[-1]
            suffix = "" if chance.random() < NAMED else "-unnamed"
            component = _component(_TYPES[source], name + suffix, version)
            components[component.ref] = component
    subject = Subject(kind=SubjectKind.HOST, source="host", name="large")
    return Bom(
        subject=subject,
        distro=Distro(id="almalinux", version_id="9.4"),
        components=tuple(components[ref] for ref in sorted(components)),
    )


def _component(kind: str, name: str, version: str) -> Component:
    namespace, _, short = name.rpartition("/") if kind == "golang" else ("", "", name)
    return Component(
        ref=f"{kind}:{name}@{version}",
        type=kind,
        namespace=namespace,
        name=short,
        version=version,
        purl=f"pkg:{kind}/{name}@{version}",
    )


def _fixes(archive: Path, source: str) -> dict[str, list[str]]:
    """Return the fixed versions of each package, oldest first."""
    found: dict[str, set[str]] = defaultdict(set)
    ecosystem = "AlmaLinux:9" if source == "AlmaLinux" else source
    with zipfile.ZipFile(archive) as opened:
        for member in opened.namelist():
            for entry in json.loads(opened.read(member)).get("affected", []):
                package = entry.get("package", {})
                if package.get("ecosystem") == ecosystem:
                    events = [e for r in entry.get("ranges", []) for e in r["events"]]
                    found[package["name"]].update(e["fixed"] for e in events if "fixed" in e)
    key_of = key_function(scheme_of(ecosystem))
    return {
        name: sorted((v for v in versions if key_of(v) is not None), key=lambda v: key_of(v) or "")
        for name, versions in found.items()
        if any(key_of(v) is not None for v in versions)
    }
