"""What a decision rests on besides the bom and the advisories.

All of it comes in as values, and all of it goes into evidence: a verdict is
decided again from these bytes, not from what the world says later.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.advisories.exploitation import Exploitation
from gate.advisories.lifecycles import Lifecycles


class Attributes(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What its owner says of a target; None is "not said"."""

    environment: str | None = None
    """production, staging, …: any word the policy uses."""
    internet_facing: bool | None = None
    """Not said counts as yes wherever that is the stricter answer."""
    classification: str | None = None
    """Of its data: public, confidential, …: any word the policy uses."""


class Previous(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run before this one, on a subject of the same name."""

    at: datetime
    """UTC."""
    components: int


class Sighting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When runs here first saw a flaw in a package, and a fix for it.  All times are UTC."""

    flaw: datetime
    """The first run that saw it, on any system."""
    after: datetime | None = None
    """The last run before on the same system, which did not see it; None where there was none."""
    fix: datetime | None = None
    """The first run that saw a fixed version; None while there is none."""
    fix_after: datetime | None = None
    """The last run before on the same system, which saw no fix."""
    here: datetime | None = None
    """The first run that saw it on this system."""


class Sightings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the ledger of first sights says of the findings."""

    kept: bool = False
    """Whether there is a ledger that this run adds to."""
    head: str = ""
    """``sha256:…`` of its last line before this run; empty where there is none."""
    looked: datetime | None = None
    """UTC: the last run before on this system; None where none is known."""
    seen: dict[str, Sighting] = {}
    """``<finding id> <purl without version>`` to when it was first seen."""


class TagNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the tag of a base image meant in its registry when that was asked."""

    reference: str
    asked: datetime
    """UTC."""
    digests: tuple[str, ...] = ()
    """``sha256:…`` of what the tag leads to, and of the manifest for the platform."""
    diff_ids: tuple[str, ...] = ()
    """Of its layers, lowest first."""
    created: datetime | None = None
    """UTC: when it was built, as it says itself."""
    problem: str = ""
    """Why nothing is known of it; empty where something is."""


class BaseSigners(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who has signed a base image, of those that the policy names, as its registry told."""

    asked: datetime
    """UTC."""
    digests: tuple[str, ...] = ()
    """Of the base, that were asked for."""
    keyids: tuple[str, ...] = ()
    """Whose signatures verify."""
    problem: str = ""
    """Why nothing is known of it; empty where something is."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An earlier state: thresholds count only what was not there yet."""

    source: str
    """Which run, or which file."""
    findings: tuple[str, ...] = ()
    """``<finding id> <purl without version>``, sorted."""


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything else that is known when a subject is judged."""

    attributes: Attributes = Attributes()
    """As given for this run; they outrank those of the policy's target."""
    exploitation: Exploitation = Exploitation()
    """About the flaws that were found."""
    lifecycles: Lifecycles = Lifecycles()
    """About the products that are installed."""
    previous: Previous | None = None
    """None where no earlier run is known."""
    first_seen: dict[str, datetime] = {}
    """``<finding id> <purl without version>`` to when an earlier run first saw it, UTC."""
    sightings: Sightings = Sightings()
    base_now: TagNow | None = None
    """None where no rule asks for it, or no base is known."""
    base_signers: BaseSigners | None = None
    """Likewise."""
    baseline: Baseline | None = None
    fail_within: str = ""
    """What will fail within this time (``7d``) fails today; empty: it does not."""
    remarks: tuple[str, ...] = ()
    """What the run has to say of its own inputs; warnings of the verdict."""


NO_CONTEXT = Context()


def encode_context(context: Context) -> bytes:
    """Return the context as canonical JSON: what evidence keeps."""
    return msgspec.json.encode(context, order="sorted")


decode_context = msgspec.json.Decoder(Context).decode
"""The inverse of `encode_context`; msgspec.DecodeError for anything else."""
