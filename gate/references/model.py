"""An image that a file of a repository names."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

ReadFile = Callable[[str], bytes | None]
"""From the path of a file in the repository to its content; None where it has no such file."""


class ImageReference(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One place that names an image.  Either `image` or `why` is filled."""

    path: str
    """Of the file, in the repository, with ``/``."""
    line: int
    """Counted from 1."""
    written: str
    """As it stands there."""
    image: str = ""
    """With its variables filled in; "" where that cannot be known from the repository."""
    platform: str = ""
    """``os/architecture`` where the file asks for one."""
    why: str = ""
    """Why it is not known which image it is, for a person."""
