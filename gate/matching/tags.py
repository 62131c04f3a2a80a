"""Tags of repositories: which of them name one version.

Source of the rules: the way the OSV service compares the versions of C and C++
projects, which have no package registry, with the tags that a record lists: the
numbers and pre-release words count, what is written around them does not
(``curl-8_5_0`` is 8.5.0), nor does the name of the repository in front.
"""

from __future__ import annotations

import re

_COUNTS = re.compile(r"[0-9]+|(?<![a-z])(?:rc|alpha|beta|preview)[0-9]*", re.IGNORECASE)


def plain_tag(tag: str, address: str) -> str:
    """Return what of a tag names the version; the whole tag where nothing does.

    `address` is that of the repository, as `gate.advisories.ecosystems.repository` has it.
    """
    for part in address.lower().split("/")[-2:]:
        tag = tag.removeprefix(f"{part}-")
    return "-".join(_COUNTS.findall(tag)).lower() or tag
