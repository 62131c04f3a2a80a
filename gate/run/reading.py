"""From a target to its inventory, which may be known from before."""

from __future__ import annotations

import time

import msgspec

from gate.bom.model import Bom
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.run.inventories import Inventories
from gate.sources.budget import Budget, Meter
from gate.sources.request import Choice, Request
from gate.sources.targets import archive_file, open_target


def read_bom(
    target: str,
    choice: Choice,
    budget: Budget,
    inventories: Inventories | None = None,
    *,
    include_owned: bool = False,
    cross_mounts: bool = False,
) -> Bom:
    """Open a target and take its inventory, or find it among `inventories`.

    `include_owned` as in `take_inventory`; `inventories` are of the same kind.
    `cross_mounts` as in `Request`.
    Raises UsageError, InputError or UnreachableError.
    """
    request = Request(wanted=wanted_by_all(), choice=choice, later=True, cross_mounts=cross_mounts)
    if inventories is None:
        return _read(target, request, Meter(budget), include_owned)[0]
    file = archive_file(target)
    if file is not None and (known := inventories.file(target, file, choice)) is not None:
        return known
    began = time.time()
    request = msgspec.structs.replace(request, recall=inventories.image, layers=inventories)
    bom, key = _read(target, request, Meter(budget), include_owned)
    if file is not None:
        inventories.keep_file(target, file, choice, bom, began)
    inventories.keep_image(key, bom)
    inventories.keep_names(key, bom, choice)
    return bom


def _read(target: str, request: Request, meter: Meter, include_owned: bool) -> tuple[Bom, str]:
    """Return the inventory, and what to keep it under."""
    opened = open_target(target, request, meter)
    if isinstance(opened, Bom):
        return opened, ""
    if opened.known is not None:
        return msgspec.structs.replace(opened.known, subject=opened.subject), ""
    return take_inventory(opened, meter, include_owned=include_owned), opened.key
