"""The part of CycloneDX JSON that is written and read, typed.

Rules: CycloneDX 1.6 JSON schema (ECMA-424).  Older and newer versions are read
through the same types; what they lack or add is optional or ignored.
"""

from __future__ import annotations

import msgspec


class Property(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name and a value; names begin with who gives them a meaning."""

    name: str = ""
    value: str = ""


class HashValue(msgspec.Struct, frozen=True):
    """A digest."""

    alg: str
    content: str


class LicenceName(msgspec.Struct, frozen=True, omit_defaults=True):
    """A licence by SPDX id or by name."""

    id: str = ""
    name: str = ""


class LicenceChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A licence or an SPDX expression."""

    license: LicenceName | None = None
    expression: str = ""


class Organization(msgspec.Struct, frozen=True, omit_defaults=True):
    """A supplier."""

    name: str = ""


class Occurrence(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Where a component was found."""

    location: str
    additional_context: str = ""


class ComponentEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Evidence of a component."""

    occurrences: tuple[Occurrence, ...] | None = None


class CdxComponent(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """A component, also in the places where CycloneDX describes itself with one."""

    type: str = ""
    bom_ref: str = msgspec.field(default="", name="bom-ref")
    supplier: Organization | None = None
    group: str = ""
    name: str = ""
    version: str = ""
    description: str = ""
    hashes: tuple[HashValue, ...] | None = None
    licenses: tuple[LicenceChoice, ...] | None = None
    purl: str = ""
    components: tuple[CdxComponent, ...] | None = None
    evidence: ComponentEvidence | None = None
    properties: tuple[Property, ...] | None = None


class LegacyTool(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool as documents before 1.5 list it."""

    name: str = ""


class Tools(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tools since 1.5; before it was a plain list."""

    components: tuple[CdxComponent, ...] | None = None


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """About the document and its subject."""

    timestamp: str = ""
    tools: Tools | tuple[LegacyTool, ...] | None = None
    component: CdxComponent | None = None
    properties: tuple[Property, ...] | None = None


class VulnerabilitySource(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who says it."""

    name: str = ""
    url: str = ""


class VulnerabilityReference(msgspec.Struct, frozen=True):
    """Another identifier of the same vulnerability."""

    id: str
    source: VulnerabilitySource


class VulnerabilityRating(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One statement about severity."""

    source: VulnerabilitySource
    severity: str
    method: str
    score: float | None = None
    vector: str = ""


class Analysis(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is made of a vulnerability in this subject."""

    state: str
    response: tuple[str, ...] | None = None
    detail: str = ""


class AffectedVersion(msgspec.Struct, frozen=True):
    """Whether one version has the vulnerability."""

    version: str
    status: str


class Affects(msgspec.Struct, frozen=True, omit_defaults=True):
    """A component that has the vulnerability."""

    ref: str
    versions: tuple[AffectedVersion, ...] | None = None


class CdxVulnerability(
    msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True
):
    """One vulnerability."""

    bom_ref: str = msgspec.field(name="bom-ref")
    id: str
    source: VulnerabilitySource
    references: tuple[VulnerabilityReference, ...] | None = None
    ratings: tuple[VulnerabilityRating, ...] | None = None
    description: str = ""
    recommendation: str = ""
    published: str = ""
    analysis: Analysis
    affects: tuple[Affects, ...]
    properties: tuple[Property, ...] | None = None


class Composition(msgspec.Struct, frozen=True, omit_defaults=True):
    """How complete a part of the document is."""

    aggregate: str
    assemblies: tuple[str, ...] | None = None
    vulnerabilities: tuple[str, ...] | None = None


class Document(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """A CycloneDX document."""

    schema: str = msgspec.field(default="", name="$schema")
    bom_format: str = ""
    spec_version: str = ""
    serial_number: str = ""
    version: int = 0
    metadata: Metadata | None = None
    components: tuple[CdxComponent, ...] | None = None
    compositions: tuple[Composition, ...] | None = None
    vulnerabilities: tuple[CdxVulnerability, ...] | None = None
