"""Trees over a few files, for tests of what works on trees."""

from __future__ import annotations

from gate.sources.budget import Meter
from gate.sources.layer import Content, scan
from gate.sources.overlay import OverlayTree
from gate.sources.streams import ChunkReader
from gate.sources.wanted import NOTHING
from tests.builders import Item, tar


def tree_of(*items: Item) -> OverlayTree:
    """Return a tree of one layer, called ``layer0``."""
    data = memoryview(tar(items))
    index = scan(ChunkReader([data], "test"), NOTHING, Meter(), keep=False)
    return OverlayTree([("layer0", Content(index, "test", mapped=data))], Meter(), "test")
