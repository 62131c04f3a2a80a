"""How a subject is named to other tools: a purl for every kind of subject."""

from __future__ import annotations

import re

from packageurl import PackageURL

from gate.bom.model import Subject, SubjectKind

_REPOSITORY = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::\d{1,5})?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def resource_uri(subject: Subject) -> str:
    """Return a URI for `subject`, as a VSA's ``resourceUri`` wants one.

    An image with a usable reference is ``pkg:oci`` with its digest, repository
    and tag (purl type oci); everything else is ``pkg:generic/<kind>/<name>``
    with its digest as ``checksum``.
    """
    digest = f"sha256:{subject.digests['sha256']}"
    if subject.kind is SubjectKind.IMAGE:
        repository, tag = _reference(subject)
        if repository:
            qualifiers = {"tag": tag} if tag else {}
            if "/" in repository:
                qualifiers["repository_url"] = repository
            name = repository.rpartition("/")[2]
            return PackageURL("oci", None, name, digest, qualifiers).to_string()
    # A purl needs a name, and drops white space and slashes at its ends.
    name = subject.name if any(map(str.isalnum, subject.name)) else "unnamed"
    kind = subject.kind.value
    return PackageURL("generic", kind, name, None, {"checksum": digest}).to_string()


def _reference(subject: Subject) -> tuple[str, str]:
    """Split an image reference into repository and tag; both empty where it is none."""
    name = subject.name.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{folder}{slash}{last}"
    if not _REPOSITORY.fullmatch(repository) or (tag and not _TAG.fullmatch(tag)):
        return "", ""
    return repository, tag
