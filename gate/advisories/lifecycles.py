"""Until when distributions and language runtimes are supported.

The dates come from one data file beside this module, made by
``scripts/make_lifecycles.py``; it names its source, licence and day.  What the
file does not know is unknown, and never supported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources

import msgspec


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One release of a product."""

    cycle: str
    """``12``, ``3.18``, ``22.04``: how the product counts its releases."""
    end: date | None = None
    """The last day of free support; None where none is announced."""
    extended: date | None = None
    """The last day of paid or long-term support, where there is such."""
    ended: bool = False
    """Support has ended on a day the source does not know."""


class Lifecycles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data file, or the part of it that one run asked for."""

    as_of: date | None = None
    """The day its source was read; None where there is no data."""
    source: str = ""
    digest: str = ""
    """``sha256:…`` of the whole data file."""
    products: dict[str, tuple[Release, ...]] = {}

    def of(self, products: Iterable[str]) -> Lifecycles:
        """Return the part about `products`: what evidence keeps."""
        return msgspec.structs.replace(
            self,
            products={
                name: self.products[name] for name in sorted(set(products)) if name in self.products
            },
        )

    def release(self, product: str, version: str) -> Release | None:
        """Return the release that `version` belongs to: the longest cycle that begins it."""
        fitting = [
            release
            for release in self.products.get(product, ())
            if version == release.cycle or version.startswith(f"{release.cycle}.")
        ]
        return max(fitting, key=lambda release: len(release.cycle), default=None)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    as_of: date
    source: str
    licence: str
    products: dict[str, tuple[Release, ...]]


@cache
def built_in() -> Lifecycles:
    """Return the data that this patchgate comes with."""
    content = resources.files("gate.advisories").joinpath("lifecycles.json").read_bytes()
    file = msgspec.json.decode(content, type=_File)
    return Lifecycles(
        as_of=file.as_of,
        source=file.source,
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
        products=file.products,
    )
