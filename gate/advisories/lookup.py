"""From a bom to the questions its components ask of the advisories.

Pure data mapping: which ecosystem, name and version each component is looked
up under.  A component that cannot ask is a `Gap`, never left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from gate.advisories.ecosystems import (
    DERIVATIVES,
    DISTROS,
    LANGUAGES,
    ROOT,
    DistroRule,
    Names,
    normalise,
    scheme_of,
)
from gate.advisories.model import Query
from gate.advisories.releases import suffixes_of
from gate.advisories.upstream import ECOSYSTEM as UPSTREAM
from gate.advisories.upstream import asked_of_upstream, asked_of_vendor
from gate.bom.model import Bom, Component, Distro
from gate.bom.vendors import is_foreign

DISTRO_TYPES = frozenset({"deb", "apk", "rpm", "alpm"})
"""purl types whose packages belong to a distribution."""

_DEBIAN_SIGNED_KERNEL = re.compile(r"linux-signed-[a-z0-9]+\Z")
_PATCHED_BY_ROOT = ("rootio-", "rootio_")
_ROOT_SCOPE = "@rootio"
_UBUNTU_SIGNED_KERNEL = re.compile(r"linux-signed((?:-[a-z0-9.]+)*)\Z")


class Gap(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A component that cannot be looked up, and why."""

    code: str
    """unknown-distro, unmapped-distro, unknown-release, foreign-package, foreign-vendor,
    no-ecosystem, no-version; the matcher adds no-advisories."""
    message: str
    ref: str


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """All questions of one bom; both tuples are sorted."""

    queries: tuple[Query, ...]
    gaps: tuple[Gap, ...]
    assumed: tuple[str, ...] = ()
    """Rules by which packages are asked for as somebody else's, for a person."""


def lookup(bom: Bom) -> Lookup:
    """Return what each component of `bom` asks; parts of others ask nothing."""
    distro = _DistroLookup(bom)
    queries: set[Query] = set()
    gaps: list[Gap] = []
    released: dict[tuple[str, str], list[Component]] = defaultdict(list)
    for component in bom.unowned:
        foreign = distro.is_foreign(component)
        upstream = asked_of_vendor(component) if foreign else asked_of_upstream(component)
        if component.type in LANGUAGES:
            # Without a version, as Go's programs have for their own module, every
            # advisory of the name is asked for, and none can be ruled out.
            queries.update(_language_queries(component))
        elif not component.version:
            gaps.append(_gap("no-version", "has no version that could be compared", component))
        elif upstream is not None:
            released[upstream].append(component)
        elif foreign:
            gaps.append(_gap("foreign-vendor", distro.of_another(component), component))
        elif component.type in DISTRO_TYPES:
            asked = distro.ask(component)
            if isinstance(asked, Gap):
                gaps.append(asked)
            else:
                queries.update(asked)
        else:
            message = f"packages of type '{component.type}' have no OSV ecosystem"
            gaps.append(_gap("no-ecosystem", message, component))
    queries.update(_upstream_queries(released))
    return Lookup(
        queries=tuple(sorted(queries)),
        gaps=tuple(sorted(gaps)),
        assumed=(*distro.assumed(queries), *_as_released(released)),
    )


Released = Mapping[tuple[str, str], Sequence[Component]]
"""What came straight from upstream, by the name and version that are asked for."""


def _as_released(released: Released) -> tuple[str, ...]:
    """Return the rule for what came straight from upstream, where it was used."""
    if not released:
        return ()
    names = {f"{one.name} {one.version}" for same in released.values() for one in same}
    by = f"by {UPSTREAM}'s advisories, which speak of upstream's versions"
    return (f"judged {by}: {', '.join(sorted(names))}",)


def _upstream_queries(released: Released) -> Iterator[Query]:
    """Ask once for a vendor's package and for the program that was found in it."""
    for (name, version), same in released.items():
        packages = [one for one in same if one.type in DISTRO_TYPES]
        for component in packages or same:
            yield Query(
                ref=component.ref,
                ecosystem=UPSTREAM,
                name=name,
                version=version,
                scheme=scheme_of(UPSTREAM),
            )


class _DistroLookup:
    """The part of the mapping that is the same for all packages of a distribution."""

    def __init__(self, bom: Bom) -> None:
        self.distro = bom.distro
        identity = bom.distro.id if bom.distro else ""
        self.base = DERIVATIVES.get(identity, "")
        self.rule = DISTROS.get(self.base or identity)
        self.ecosystems: tuple[str, ...] = ()
        if bom.distro is not None and self.rule is not None:
            self.ecosystems = _ecosystems(bom.distro, self.rule, bom.components)

    def assumed(self, queries: Iterable[Query]) -> tuple[str, ...]:
        """Return the rule for derivatives where it was used."""
        asked = {query.ecosystem for query in queries} & set(self.ecosystems)
        if not self.base or not asked or self.distro is None:
            return ()
        where = ", ".join(sorted(asked))
        name = self.distro.pretty_name or self.distro.id
        return (f"{name} is judged as {where}: '{self.distro.id}' installs from its archive",)

    def is_foreign(self, component: Component) -> bool:
        """Return whether a package was made for this distribution by somebody else."""
        if component.type not in DISTRO_TYPES or component.name.startswith(_PATCHED_BY_ROOT):
            return False
        identity = self.base or (self.distro.id if self.distro else "")
        return is_foreign(identity, component.type, component.vendor, component.version)

    def of_another(self, component: Component) -> str:
        """Say why the distribution's advisories do not count for what somebody else made."""
        name = self.distro.pretty_name or self.distro.id if self.distro else "the distribution"
        made = component.vendor.partition("<")[0].strip() or "somebody else"
        return f"{made} made it, of whose packages the advisories of {name} say nothing"

    def ask(self, component: Component) -> list[Query] | Gap:
        if self.distro is None:
            message = "no os-release says which distribution it belongs to"
            return _gap("unknown-distro", message, component)
        if self.rule is None:
            message = f"no OSV ecosystem is known for distribution '{self.distro.id}'"
            return _gap("unmapped-distro", message, component)
        if component.type != self.rule.type:
            message = f"a {component.type} package on distribution '{self.distro.id}'"
            return _gap("foreign-package", message, component)
        if not self.ecosystems:
            message = f"os-release of '{self.distro.id}' names no release"
            return _gap("unknown-release", message, component)
        if component.name.startswith(_PATCHED_BY_ROOT):
            ecosystems = frozenset(map(_of_root, self.ecosystems))
        else:
            # A row that names no release speaks of every one (schema, affected[].package).
            ecosystems = frozenset((*self.ecosystems, self.rule.ecosystem))
        return [
            Query(
                ref=component.ref,
                ecosystem=ecosystem,
                name=normalise(ecosystem, name),
                version=version,
                scheme=scheme_of(ecosystem),
            )
            for ecosystem in ecosystems
            for name, version in _names(component, self.rule)
        ]


def _ecosystems(
    distro: Distro, rule: DistroRule, components: tuple[Component, ...]
) -> tuple[str, ...]:
    suffixes = suffixes_of(rule, distro)
    if rule.ecosystem == "Ubuntu" and any("esm" in component.version for component in components):
        # A "+esmN" version can only come from an Ubuntu Pro archive, so the
        # Pro advisories speak of this system as well.
        suffixes = tuple(name for suffix in suffixes for name in (suffix, f"Pro:{suffix}"))
    return tuple(f"{rule.ecosystem}:{suffix}".rstrip(":") for suffix in suffixes)


def _names(component: Component, rule: DistroRule) -> list[tuple[str, str]]:
    binary = (component.name, component.version)
    source = (
        component.source_name or component.name,
        component.source_version or component.version,
    )
    if rule.names is Names.BINARY:
        return [binary]
    if rule.type == "deb":
        source = _kernel_source(source)
    if rule.names is Names.SOURCE:
        return [source]
    return [binary] if source == binary else [binary, source]


def _kernel_source(source: tuple[str, str]) -> tuple[str, str]:
    """Name the source that kernel advisories name, behind a signed package.

    Debian signs in a package of its own, ``linux-signed-amd64 6.1.76+1``, made
    from ``linux 6.1.76-1``; Ubuntu in ``linux-signed`` of the same version.
    """
    name, version = source
    if _DEBIAN_SIGNED_KERNEL.match(name) and "+" in version:
        upstream, _, revision = version.rpartition("+")
        return "linux", f"{upstream}-{revision}"
    if signed := _UBUNTU_SIGNED_KERNEL.match(name):
        return f"linux{signed[1]}", version
    return source


def _language_queries(component: Component) -> list[Query]:
    queries = []
    for namespace in (component.namespace, *component.other_namespaces):
        ecosystem, name = asked_by(component.type, namespace, component.name)
        query = Query(
            ref=component.ref,
            ecosystem=ecosystem,
            name=name,
            version=component.version,
            scheme=scheme_of(ecosystem),
        )
        queries.append(query)
    return queries


def asked_by(type: str, namespace: str, name: str) -> tuple[str, str]:  # noqa: A002
    """Return ecosystem and name under which a language's package is looked up.

    Both are "" for a purl type that no ecosystem of a language has.
    """
    ecosystem = LANGUAGES.get(type, "")
    if not ecosystem:
        return "", ""
    if name.startswith(_PATCHED_BY_ROOT) or namespace == _ROOT_SCOPE:
        ecosystem = f"{ROOT}:{ecosystem}"
    separator = ":" if type == "maven" else "/"
    return ecosystem, normalise(ecosystem, f"{namespace}{separator}{name}" if namespace else name)


def _of_root(ecosystem: str) -> str:
    """Return Root's name of a release: ``Alpine:v3.18`` is its ``Root:Alpine:3.18``."""
    return f"{ROOT}:{ecosystem.replace(':v', ':', 1).removesuffix(':LTS')}"


def _gap(code: str, message: str, component: Component) -> Gap:
    return Gap(code=code, message=message, ref=component.ref)
