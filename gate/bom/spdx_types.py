"""The part of SPDX 2.3 JSON that is written and read, typed.

Rules: SPDX specification 2.3 and its JSON schema.
"""

from __future__ import annotations

import msgspec

NO_ASSERTION = "NOASSERTION"


class ExternalRef(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A reference of a package to the world outside; purls stand here."""

    reference_category: str = ""
    reference_type: str = ""
    reference_locator: str = ""


class Checksum(msgspec.Struct, frozen=True, rename="camel"):
    """A digest."""

    algorithm: str
    checksum_value: str


class Annotation(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A remark; ours carry what SPDX has no field for."""

    annotation_date: str
    annotation_type: str
    annotator: str
    comment: str


class SpdxPackage(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """A package."""

    name: str
    spdx_id: str = msgspec.field(name="SPDXID")
    version_info: str = ""
    supplier: str = ""
    download_location: str = ""
    files_analyzed: bool | None = None
    checksums: tuple[Checksum, ...] | None = None
    license_concluded: str = ""
    license_declared: str = ""
    copyright_text: str = ""
    source_info: str = ""
    external_refs: tuple[ExternalRef, ...] | None = None
    primary_package_purpose: str = ""
    annotations: tuple[Annotation, ...] | None = None


class Relationship(msgspec.Struct, frozen=True, rename="camel"):
    """How two elements belong together."""

    spdx_element_id: str
    related_spdx_element: str
    relationship_type: str


class CreationInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who made the document, and when."""

    created: str = ""
    creators: tuple[str, ...] = ()


class SpdxDocument(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """An SPDX document."""

    spdx_version: str = ""
    data_license: str = ""
    spdx_id: str = msgspec.field(default="", name="SPDXID")
    name: str = ""
    document_namespace: str = ""
    creation_info: CreationInfo | None = None
    document_describes: tuple[str, ...] | None = None
    packages: tuple[SpdxPackage, ...] | None = None
    relationships: tuple[Relationship, ...] | None = None
    annotations: tuple[Annotation, ...] | None = None
