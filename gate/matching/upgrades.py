"""What to change: the version to raise each package to, so that its findings close."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from gate.advisories.lookup import Lookup
from gate.bom.model import Bom, Component
from gate.matching.findings import Finding, Findings
from gate.versions import key_function


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """Packages of one source to raise together."""

    packages: tuple[str, ...]
    """Names of the installed packages, sorted."""
    refs: tuple[str, ...]
    """Their `Component.ref`, in the order of `packages`."""
    version: str
    """Installed."""
    to: str
    """The oldest version that closes every finding that has a fix; "" if none has."""
    findings: tuple[str, ...]
    """Identifiers of the flaws that `to` closes, sorted; of all where `to` is ""."""
    unfixed: tuple[str, ...] = ()
    """Identifiers of the flaws that stay, because nobody has fixed them yet."""


def upgrades(bom: Bom, lookup: Lookup, findings: Findings) -> tuple[Upgrade, ...]:
    """Return what to raise, sorted by package name."""
    schemes = {query.ref: query.scheme for query in lookup.queries}
    by_ref: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings.findings:
        by_ref[finding.ref].append(finding)
    groups: dict[tuple[str, str, str], list[Component]] = defaultdict(list)
    for component in bom.components:
        if component.ref in by_ref:
            target = _target(by_ref[component.ref], schemes.get(component.ref, ""))
            source = component.source_name or component.name
            groups[source, component.version, target].append(component)
    return tuple(
        _upgrade(components, target, by_ref)
        for (_, _, target), components in sorted(groups.items(), key=lambda item: item[0])
    )


def _target(findings: list[Finding], scheme: str) -> str:
    fixes = {finding.fixed for finding in findings if finding.fixed}
    if not scheme:
        return max(fixes, default="")
    key_of = key_function(scheme)
    return max(fixes, key=lambda fix: (key_of(fix) or "", fix), default="")


def _upgrade(components: list[Component], target: str, by_ref: dict[str, list[Finding]]) -> Upgrade:
    components = sorted(components, key=lambda component: (component.name, component.ref))
    findings = [finding for component in components for finding in by_ref[component.ref]]
    closed = {finding.id for finding in findings if finding.fixed or not target}
    return Upgrade(
        packages=tuple(component.name for component in components),
        refs=tuple(component.ref for component in components),
        version=components[0].version,
        to=target,
        findings=tuple(sorted(closed)),
        unfixed=tuple(sorted({finding.id for finding in findings} - closed)),
    )
