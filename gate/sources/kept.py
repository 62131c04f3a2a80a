"""Layers of registries that were read before, so that they are not fetched again.

A registry names a layer by the digest of its stored bytes, so what was read of
those bytes once holds for as long as the code and the budget that read them do;
whoever keeps it (`gate.run.inventories`) sees to that.  What a reading does not
hold is fetched when it is asked for, and checked again.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from gate.sources.layer import LayerIndex


class KeptLayer(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a layer."""

    diff_id: str
    """``sha256:…`` of its uncompressed bytes."""
    size: int
    """Stored bytes."""
    index: LayerIndex


class KeptLayers(Protocol):
    """Where layers are kept, by the digest of their stored bytes."""

    def layer(self, digest: str) -> KeptLayer | None:
        """Return what was read of a layer before, None where it is not known."""
        ...

    def keep_layer(self, digest: str, layer: KeptLayer) -> None:
        """Keep what was read of a layer whose bytes had this digest."""
        ...


class NoLayers:
    """Keeps nothing.  Implements `KeptLayers`."""

    def layer(self, digest: str) -> KeptLayer | None:
        """Know no layer."""
        del digest
        return None

    def keep_layer(self, digest: str, layer: KeptLayer) -> None:
        """Keep nothing."""
        del digest, layer
