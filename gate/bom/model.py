"""Subject, component and bom: the values every later room works on.

All are immutable and hold no reference to a file, a clock or the machine they
were made on.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class SubjectKind(StrEnum):
    """What was looked at."""

    IMAGE = "image"
    ROOTFS = "rootfs"
    HOST = "host"
    SOURCE = "source"
    """A folder of sources with the lock files of its dependencies."""
    SBOM = "sbom"


class Layer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer of an image, lowest first in `Subject.layers`."""

    diff_id: str
    """``sha256:…`` of the uncompressed tar, as checked while reading."""
    digest: str = ""
    """``sha256:…`` of the stored blob; empty where the format names none."""
    created_by: str = ""
    """The instruction from the image history, verbatim."""


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Identity of the target: what the verdict and its evidence are about."""

    kind: SubjectKind
    source: str
    """How it was read: docker-archive, oci, daemon, registry, rootfs, rootfs-tar,
    host, sbom."""
    name: str
    """Image reference, file name or host name; never a path of this machine."""
    digests: dict[str, str] = {}
    """Algorithm to hex digest. Always holds sha256 once reading has ended: of the
    image manifest where there is one, else of the image configuration, the
    archive, the inventory (rootfs, host) or the SBOM file."""
    image_id: str = ""
    """``sha256:…`` of the image configuration: what `docker images` calls the image ID."""
    repo_digests: tuple[str, ...] = ()
    """``name@sha256:…`` under which registries know the image, where the source says so."""
    created: datetime | None = None
    """UTC; None where the source does not say."""
    created_basis: str = ""
    """Where `created` comes from: config, newest-file, sbom."""
    newest_file: datetime | None = None
    """UTC: of an image, when the newest file in its layers was last changed."""
    pushed: datetime | None = None
    """UTC: when it came to its registry; None where nobody says so."""
    pushed_basis: str = ""
    """Who says so: registry (its Last-Modified), given (``--pushed``)."""
    architecture: str = ""
    os: str = ""
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    layers: tuple[Layer, ...] = ()


class Distro(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The distribution as os-release(5) names it."""

    id: str
    version_id: str = ""
    codename: str = ""
    pretty_name: str = ""
    id_like: tuple[str, ...] = ()
    cpe_name: str = ""


class Location(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """Where a component was seen: the file that says so, and its layer."""

    path: str
    layer: str = ""
    """diff_id of the layer that holds `path`; empty outside images."""


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One installed package, as its package manager states it."""

    ref: str
    """bom-ref: unique within the bom and derived from content."""
    type: str
    """purl type: deb, apk, rpm, pypi, golang, …"""
    name: str
    version: str
    """In the form its scheme compares: dpkg ``[epoch:]upstream[-revision]``,
    rpm ``[epoch:]version-release`` with the epoch left out when it is 0."""
    purl: str
    namespace: str = ""
    other_namespaces: tuple[str, ...] = ()
    """Where the package does not state its namespace: others that it may be of.  Advisories
    of any of them count."""
    arch: str = ""
    source_name: str = ""
    """Source package; equal to `name` where the package manager names no other."""
    source_version: str = ""
    module: str = ""
    """rpm modularity label ``name:stream:version:context``; empty for other packages."""
    vendor: str = ""
    licenses: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()
    added_in: str = ""
    """diff_id of the layer that brought this version; `Location.layer` is the one whose
    file states it, which a database that is written anew hides."""
    installed_at: datetime | None = None
    """UTC, to the second; None where the system keeps no time."""
    owned_by: str = ""
    """`ref` of the distribution's package that it is a part of.  What is owned is judged
    as that package, and is in a bom only when asked for."""


class ReadingStatus(StrEnum):
    """How completely something was read."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Coverage: one thing that was to be read, and what came of it.

    Anything other than COMPLETE keeps the verdict from being PASS.
    """

    what: str
    """dpkg database, os-release, layer, …"""
    status: ReadingStatus
    path: str = ""
    layer: str = ""
    components: int = 0
    reason: str = ""
    """Why it is not complete, for a person; empty when it is."""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """Something odd about the input that did not keep it from being read."""

    code: str
    """Stable name: duplicate-path, absolute-name, parent-name, link-outside-root, …"""
    message: str
    path: str = ""
    layer: str = ""


class BaseImage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The image that the subject was built from, as far as that can be known."""

    name: str
    """Reference of the base, as its catalog, label or Dockerfile writes it."""
    basis: str
    """How it was found: layers, labels, dockerfile."""
    digest: str = ""
    """``sha256:…`` of the base's manifest, where it is known."""
    layers: int = 0
    """How many of the subject's lowest layers are the base's; 0 where that is not known."""
    created: datetime | None = None
    """UTC."""
    catalog: str = ""
    """Which catalog named it; empty for labels and Dockerfiles."""


class Kernel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """An installed kernel of a host."""

    release: str
    """As `uname -r` would say it."""
    package: str = ""
    """`ref` of the component it belongs to; empty where none is known."""


class StaleProcess(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """A process that still runs code of files that were removed or replaced."""

    pid: int
    name: str
    paths: tuple[str, ...]


class Host(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What only a machine has: what runs, since when, and what is to be restarted."""

    machine_id: str = ""
    """SHA-256 hex of machine-id(5) and a fixed label; the id itself is confidential."""
    running_kernel: str = ""
    """`uname -r`; empty for a mounted root."""
    booted_at: datetime | None = None
    """UTC."""
    kernels: tuple[Kernel, ...] = ()
    reboot_required: bool | None = None
    """Whether the system says so itself; None where it has no way to say."""
    reboot_reasons: tuple[str, ...] = ()
    stale_processes: tuple[StaleProcess, ...] = ()
    repositories: tuple[str, ...] = ()
    """URLs that packages are configured to come from, without credentials, sorted."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, and why, for a person."""


class Bom(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is known to be installed, and how completely that is known."""

    subject: Subject
    distro: Distro | None = None
    components: tuple[Component, ...] = ()
    """Sorted by `ref`."""
    readings: tuple[Reading, ...] = ()
    notes: tuple[Note, ...] = ()
    base: BaseImage | None = None
    host: Host | None = None

    @property
    def unowned(self) -> tuple[Component, ...]:
        """Components that are judged for themselves: those that are no part of another."""
        return tuple(component for component in self.components if not component.owned_by)
