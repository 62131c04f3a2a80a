"""Small boms for tests."""

from __future__ import annotations

from gate.bom.model import Bom, Component, Distro, Subject, SubjectKind

ALMA9 = Distro(id="almalinux", version_id="9.0", pretty_name="AlmaLinux 9.0")
DEBIAN12 = Distro(id="debian", version_id="12", codename="bookworm")
ALPINE = Distro(id="alpine", version_id="3.20.3")


def component(type: str, name: str, version: str, **fields: str) -> Component:  # noqa: A002
    return Component(
        ref=f"{type}:{name}@{version}",
        type=type,
        name=name,
        version=version,
        purl=f"pkg:{type}/{name}@{version}",
        **fields,
    )


def bom(*components: Component, distro: Distro | None = None) -> Bom:
    return Bom(
        subject=Subject(kind=SubjectKind.IMAGE, source="test", name="test"),
        distro=distro,
        components=tuple(sorted(components, key=lambda c: c.ref)),
    )
