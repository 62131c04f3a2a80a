"""What the caller asks of a target, beside its name."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gate.bom.model import Bom
from gate.sources.kept import KeptLayers, NoLayers
from gate.sources.wanted import Wanted

Recall = Callable[[str], Bom | None]
"""From `Opened.key` to what was found in that image before."""


def nothing_known(image: str) -> Bom | None:
    """Know no image; a `Recall`."""
    del image
    return None


class Choice(msgspec.Struct, frozen=True):
    """Which image of several is meant; "" leaves it open."""

    image: str = ""
    """``name:tag``, a tag, or the beginning of a digest."""
    platform: str = ""
    """``os/architecture[/variant]``."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Which image to open, and what will be read from it."""

    wanted: Wanted
    choice: Choice = Choice()
    recall: Recall = nothing_known
    layers: KeptLayers = NoLayers()
    """Where layers of registries are kept between runs."""
    cross_mounts: bool = False
    """Whether other file systems that are mounted below a folder are searched as well."""
    later: bool = False
    """Leave it to `Opened.confirm` to hold what was read against the digests that name it:
    hashing goes on while the inventory is taken."""
