"""What a verdict is made of: the inventory, what it asks, and a store that answers."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime

import msgspec

from gate.advisories.lookup import Lookup, lookup
from gate.advisories.store import Store
from gate.bom.model import Bom
from gate.run.bases import with_base
from gate.run.reading import read_bom
from gate.run.request import CheckRequest


def _as_pushed(bom: Bom, pushed: datetime | None) -> Bom:
    if pushed is None:
        return bom
    subject = msgspec.structs.replace(bom.subject, pushed=pushed, pushed_basis="given")
    return msgspec.structs.replace(bom, subject=subject)


def _read_target(request: CheckRequest) -> Bom:
    return read_bom(
        request.target,
        request.choice,
        request.budget,
        request.inventories,
        include_owned=request.include_owned,
        cross_mounts=request.cross_mounts,
    )


def gather(request: CheckRequest, held: ExitStack) -> tuple[Bom, Lookup, Store]:
    """Return the inventory, what it asks, and a store that answers; `held` closes it."""
    if not request.api:
        # It is hashed while the target is read.
        store = held.enter_context(Store.open(request.store))
        bom = _inventory(request)
        return bom, lookup(bom), store
    from gate.advisories.api import asked_store  # noqa: PLC0415 - only where it is asked

    bom = _inventory(request)
    asked = lookup(bom)
    with request.watch(f"asking {request.api}"):
        answers = asked_store(request.api, asked.queries, request.clock.now)
        return bom, asked, held.enter_context(answers)


def _inventory(request: CheckRequest) -> Bom:
    with request.watch(f"reading {request.target}") as step:
        bom = with_base(request.bom or _read_target(request), request.bases)
        step.found(f"{len(bom.components):,} components")
    return _as_pushed(bom, request.pushed)
