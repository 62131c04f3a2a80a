"""What stays the same from build to build: the names under which alerts live on."""

from __future__ import annotations

import hashlib
import re

from gate.report.encoding import visible
from gate.report.judged import Judged

_NAME = 200
_TAG = re.compile(r"(?:@[^/]*|:[^:/@]*)$")


def logical_name(target: str) -> str:
    """Return the name of an image without tag and digest, escaped: alerts must outlive them."""
    name = target
    while (shorter := _TAG.sub("", name)) not in {name, ""}:
        name = shorter
    return visible(name, _NAME)


def fingerprint(*parts: str) -> str:
    """Return the SHA-256 of `parts` as hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def finding_fingerprint(item: Judged, image: str) -> str:
    """Return the fingerprint of a finding: flaw, package and image, without any version."""
    package = item.component
    return fingerprint(item.finding.id, package.type, package.namespace, package.name, image)
