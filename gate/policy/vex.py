"""Which VEX statement rules a finding.

Pure.  A statement speaks of a finding if it names the flaw by any of its
identifiers, and the component, or the subject that it is in.  A purl that names
no version means all, one that names qualifiers means only what has the same
(OpenVEX specification, "Product matching"; CSAF 2.0, profile 5).  The latest
statement rules; of two that are equally old the one that leaves the finding.
"Not affected" has to say why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, unquote

import msgspec

from gate.advisories.vex.model import Product, Statement, Status
from gate.bom.model import Bom, Component, Subject
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.verdict import Decision, State, VexNote

_OLDEST = datetime.min.replace(tzinfo=UTC)
_CLEARS = frozenset({Status.NOT_AFFECTED, Status.FIXED})


def apply_vex(
    facts: Facts, policy: Policy, decisions: tuple[Decision, ...]
) -> tuple[tuple[Decision, ...], list[str]]:
    """Return `decisions` with what statements say of them, and warnings."""
    if not facts.vex:
        return decisions, []
    warnings: list[str] = []
    by_name: dict[str, list[Statement]] = defaultdict(list)
    for statement in _accepted(facts.vex, policy, warnings):
        for name in statement.vulnerabilities:
            by_name[name].append(statement)
    components = {component.ref: component for component in facts.bom.components}
    marked = []
    for decision, finding in zip(decisions, facts.findings.findings, strict=True):
        said = [
            statement
            for name in finding.identifiers
            for statement in by_name.get(name, ())
            if _concerns(statement, facts.bom, components[finding.ref])
        ]
        marked.append(_ruled(decision, said) if said else decision)
    return tuple(marked), warnings


def _accepted(
    statements: tuple[Statement, ...], policy: Policy, warnings: list[str]
) -> Iterator[Statement]:
    patterns = policy.vex.authors
    refused: dict[str, int] = defaultdict(int)
    for statement in statements:
        if patterns and not any(fnmatchcase(statement.author, pattern) for pattern in patterns):
            refused[f"of {statement.author or 'nobody'}, whom the policy does not name"] += 1
        elif statement.status is Status.NOT_AFFECTED and not statement.justified:
            refused["that say 'not affected' and not why"] += 1
        else:
            yield statement
    warnings += [
        f"{count} VEX statements {why} do not count" for why, count in sorted(refused.items())
    ]


def _ruled(decision: Decision, said: list[Statement]) -> Decision:
    last = max(said, key=lambda one: (one.made or _OLDEST, one.status not in _CLEARS))
    note = VexNote(
        status=last.status,
        why=last.why,
        author=last.author,
        made=last.made,
        document=last.document,
    )
    state = State.NOT_AFFECTED if last.status in _CLEARS else decision.state
    return msgspec.structs.replace(decision, vex=note, state=state)


def _concerns(statement: Statement, bom: Bom, component: Component) -> bool:
    return any(_meant(product, bom, component) for product in statement.products)


def _meant(product: Product, bom: Bom, component: Component) -> bool:
    if not product.subcomponents:
        return _is_purl_of(product.id, component) or _is_subject(product, bom.subject)
    if not any(_is_purl_of(part, component) for part in product.subcomponents):
        return False
    return (
        not product.id
        or _is_subject(product, bom.subject)
        or any(_is_purl_of(product.id, whole) for whole in bom.components)
    )


def _is_subject(product: Product, subject: Subject) -> bool:
    """Return whether the product is what was judged: by digest, else by its whole name."""
    digests = {subject.digests.get("sha256", ""), subject.image_id.removeprefix("sha256:")}
    digests |= {one.partition("@sha256:")[2] for one in subject.repo_digests}
    digests.discard("")
    if not digests.isdisjoint(product.hashes):
        return True
    if not product.id.startswith("pkg:"):
        return bool(product.id) and product.id in {subject.name, *subject.tags}
    kind, version, qualifiers = _parts(product.id)
    if not kind.startswith(("pkg:oci/", "pkg:docker/")):
        return False
    if version.startswith("sha256:"):
        return version.removeprefix("sha256:") in digests
    # By name alone only where the product says in which repository it means the name.
    repository = qualifiers.get("repository_url", "")
    wanted = {f"{repository}:{tag}" for tag in (qualifiers.get("tag", ""), version) if tag}
    return bool(repository and wanted) and not wanted.isdisjoint({subject.name, *subject.tags})


def _is_purl_of(purl: str, component: Component) -> bool:
    if not purl.startswith("pkg:"):
        return False
    kind, version, qualifiers = _parts(purl)
    own_kind, own_version, own = _parts(component.purl)
    return (
        kind == own_kind
        and version in {"", own_version, component.version}
        and all(own.get(name) == value for name, value in qualifiers.items())
    )


def _parts(purl: str) -> tuple[str, str, Mapping[str, str]]:
    """Return type with namespace and name, version, and qualifiers of a purl, decoded."""
    plain, _, qualifiers = purl.partition("#")[0].partition("?")
    head, at, version = plain.rpartition("@")
    if not at or "/" in version:
        head, version = plain, ""
    kind, slash, rest = head.partition("/")
    return kind.lower() + slash + unquote(rest), unquote(version), dict(parse_qsl(qualifiers))
