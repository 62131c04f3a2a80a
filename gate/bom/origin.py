"""Where a component of an image comes from: its base, or a layer that was added to it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gate.bom.model import Bom


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which layer brought a component."""

    layer: str
    """diff_id."""
    number: int
    """Of the layer, counted from 1, lowest first."""
    instruction: str = ""
    """From the image history, verbatim."""
    base: bool | None = None
    """Whether it came with the base image; None where the layers of the base are not known."""


def origins(bom: Bom) -> Mapping[str, Origin]:
    """Return the origin of each component, by `ref`; those of unknown origin are left out."""
    layers = bom.subject.layers
    numbers = {layer.diff_id: number for number, layer in enumerate(layers, start=1)}
    count = bom.base.layers if bom.base is not None else 0
    return {
        component.ref: _origin(bom, numbers[component.added_in], count)
        for component in bom.components
        if component.added_in in numbers
    }


def inherited(bom: Bom) -> set[str]:
    """Return the components that come with the base: those that no later layer brought.

    Where the layers of the base are not known, that is all of them.
    """
    found: Mapping[str, Origin] = origins(bom)
    return {
        component.ref
        for component in bom.components
        if component.ref not in found or found[component.ref].base is not False
    }


def _origin(bom: Bom, number: int, base_layers: int) -> Origin:
    layer = bom.subject.layers[number - 1]
    return Origin(
        layer=layer.diff_id,
        number=number,
        instruction=layer.created_by,
        base=number <= base_layers if base_layers else None,
    )
