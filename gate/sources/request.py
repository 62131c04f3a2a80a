"""What the caller asks of a target, beside its name."""

from __future__ import annotations

import msgspec

from gate.sources.wanted import Wanted


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
