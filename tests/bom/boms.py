"""Boms of all shapes, with every field filled in and strings chosen by an enemy."""

from __future__ import annotations

import lzma
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from gate.bom.model import (
    BaseImage,
    Bom,
    Component,
    Distro,
    Host,
    Kernel,
    Layer,
    Location,
    Note,
    Reading,
    ReadingStatus,
    StaleProcess,
    Subject,
    SubjectKind,
)
from gate.bom.purl import PackageName, distro_qualifier, write_purl
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.sources.budget import Meter
from gate.sources.request import Choice, Request
from gate.sources.targets import open_target

NOW = datetime(2026, 11, 23, 18, 32, 51, tzinfo=UTC)
IMAGES = ("alpine-minirootfs-3.11.13-x86_64.tar.gz", "almalinux-9-micro-20221101-aarch64.tar.xz")
TYPES = ("apk", "deb", "rpm", "npm", "pypi", "golang", "maven", "cargo", "generic")

hostile = st.text(max_size=20) | st.sampled_from(
    [
        "\x00\x1b[2J\x07\x9b31m",
        "\r\n{}\"\\'</script>",
        "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
        "語" * 1000,
        "patchgate:subject={}",
        "NOASSERTION",
        "NONE",
        " ",
        "\N{GRINNING FACE}",
    ]
)
named = hostile.filter(bool)
plain = st.from_regex(r"[a-z0-9][a-z0-9.+-]{0,8}", fullmatch=True)
versions = st.from_regex(r"([1-9]:)?[0-9][0-9a-z.~+]{0,6}-[0-9]", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
layer_names = st.just("") | digests.map("sha256:{}".format)

distros = st.builds(
    Distro,
    id=plain,
    version_id=plain | st.just(""),
    codename=hostile,
    pretty_name=hostile,
    id_like=st.lists(plain, max_size=2).map(tuple),
    cpe_name=hostile,
)
subjects = st.builds(
    Subject,
    kind=st.sampled_from(SubjectKind),
    source=plain,
    name=named,
    digests=st.fixed_dictionaries({"sha256": digests}),
    image_id=hostile,
    repo_digests=st.lists(hostile, max_size=2).map(tuple),
    created=st.none() | st.datetimes(timezones=st.just(UTC)),
    created_basis=hostile,
    architecture=hostile,
    os=hostile,
    tags=st.lists(hostile, max_size=2).map(tuple),
    labels=st.dictionaries(hostile, hostile, max_size=2),
    layers=st.lists(st.builds(Layer, diff_id=hostile, created_by=hostile), max_size=2).map(tuple),
)
readings = st.builds(
    Reading,
    what=hostile,
    status=st.sampled_from(ReadingStatus),
    path=hostile,
    layer=layer_names,
    components=st.integers(0, 9),
    reason=hostile,
)
notes = st.builds(Note, code=plain, message=hostile, path=hostile, layer=layer_names)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
bases = st.builds(
    BaseImage,
    name=hostile,
    basis=plain,
    digest=hostile,
    layers=st.integers(0, 9),
    created=moments,
    catalog=hostile,
)
hosts = st.builds(
    Host,
    running_kernel=hostile,
    booted_at=moments,
    kernels=st.lists(st.builds(Kernel, release=hostile, package=hostile), max_size=2).map(tuple),
    reboot_required=st.none() | st.booleans(),
    reboot_reasons=st.lists(hostile, max_size=2).map(tuple),
    stale_processes=st.lists(
        st.builds(
            StaleProcess,
            pid=st.integers(1, 9),
            name=hostile,
            paths=st.lists(hostile, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    unseen=st.lists(hostile, max_size=2).map(tuple),
)
locations = st.builds(Location, path=hostile, layer=layer_names)


@st.composite
def components(draw: st.DrawFn, ref: str, distro: Distro | None) -> Component:
    kind, name, version = draw(st.sampled_from(TYPES)), draw(plain), draw(versions)
    package = PackageName(
        type=kind,
        name=name,
        namespace=draw(plain | st.just("")),
        version=version,
        arch=draw(plain | st.just("")),
        source_name=draw(plain | st.just(name)),
        source_version=draw(versions | st.just(version)),
        distro=distro_qualifier(distro),
    )
    return Component(
        ref=ref,
        type=kind,
        name=draw(st.just(name) | named),
        version=draw(st.just(version) | hostile),
        purl=write_purl(package),
        namespace=package.namespace,
        arch=package.arch,
        source_name=package.source_name,
        source_version=package.source_version,
        module=draw(hostile),
        vendor=draw(hostile),
        licenses=tuple(draw(st.lists(named, max_size=2))),
        locations=tuple(draw(st.lists(locations, max_size=2))),
        added_in=draw(layer_names),
        installed_at=draw(moments),
        owned_by=draw(hostile),
    )


@st.composite
def boms(draw: st.DrawFn) -> Bom:
    distro = draw(st.none() | distros)
    refs = draw(st.sets(named | st.sampled_from(["subject", "os:debian@12"]), max_size=3))
    return Bom(
        subject=draw(subjects),
        distro=distro,
        components=tuple(draw(components(ref, distro)) for ref in sorted(refs)),
        readings=tuple(draw(st.lists(readings, max_size=2))),
        notes=tuple(draw(st.lists(notes, max_size=2))),
        base=draw(st.none() | bases),
        host=draw(st.none() | hosts),
    )


def real_bom(data: Path, name: str) -> Bom:
    """Return our own inventory of one of the images in tests/data."""
    meter = Meter()
    request = Request(wanted=wanted_by_all(), choice=Choice())
    opened = open_target(str(data / "images" / name), request, meter)
    assert not isinstance(opened, Bom)
    return take_inventory(opened, meter)


def sample(data: Path, name: str) -> bytes:
    """Return one of the SBOMs of other tools."""
    ending = ".xz" if name.endswith((".json", ".xml")) else ".json.xz"
    return lzma.decompress((data / "sbom" / f"{name}{ending}").read_bytes())
