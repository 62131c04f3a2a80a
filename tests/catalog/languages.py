"""Runs catalogers of languages over trees of every kind."""

from __future__ import annotations

from pathlib import Path

from gate.bom.model import Bom, Component, Reading, ReadingStatus
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import OS_RELEASE, Image, Item, docker_archive_old, file, tar, write

BASE = (
    file("etc/os-release", OS_RELEASE),
    file(
        "var/lib/dpkg/status",
        b"Package: base-files\nStatus: install ok installed\nVersion: 12\n"
        b"Maintainer: S <s@debian.org>\n\n",
    ),
)


def take(
    tmp_path: Path,
    *layers: list[Item],
    compression: str = "none",
    budget: Budget | None = None,
    include_owned: bool = False,
) -> Bom:
    """Return the inventory of a Debian image with these layers on top of a small base."""
    image = Image([tar(BASE), *map(tar, layers)], compression=compression)
    path = write(tmp_path / f"{compression}.tar", tar(docker_archive_old(image)))
    return read_bom(str(path), Choice(), budget or Budget(), include_owned=include_owned)


def of(bom: Bom, kind: str) -> list[Component]:
    return [component for component in bom.components if component.type == kind]


def full_name(component: Component) -> str:
    return f"{component.namespace}/{component.name}" if component.namespace else component.name


def versions(bom: Bom, kind: str) -> dict[str, str]:
    """Return name to version of the components of one type."""
    return {full_name(component): component.version for component in of(bom, kind)}


def places(bom: Bom, kind: str) -> dict[str, str]:
    """Return the path of each component to its name and version."""
    return {
        place.path: f"{full_name(component)}@{component.version}"
        for component in of(bom, kind)
        for place in component.locations
    }


def reading(bom: Bom, what: str) -> Reading:
    (found,) = [reading for reading in bom.readings if reading.what == what]
    return found


def unread(bom: Bom) -> list[tuple[str, ReadingStatus, str]]:
    return [
        (reading.what, reading.status, reading.reason)
        for reading in bom.readings
        if reading.status is not ReadingStatus.COMPLETE
    ]
