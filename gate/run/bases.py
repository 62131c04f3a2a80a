"""Where base images are known from: catalogs, the built-in one among them, and a Dockerfile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gate.bom.model import BaseImage, Bom
from gate.catalog.bases import NamedCatalog, find_base, read_catalog
from gate.errors import GateError, UsageError
from gate.policy.context import BaseSigners, TagNow
from gate.policy.kinds import Action
from gate.policy.model import Policy
from gate.sources.dockerfile import base_of

if TYPE_CHECKING:
    from gate.evidence.keys import VerifyingKey
    from gate.sources.registry.pushing import Repository

BUILT_IN = "built-in"
_LARGEST = 64 * 1024 * 1024


class BaseSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is given to recognise a base image."""

    catalogs: tuple[Path, ...] = ()
    dockerfile: Path | None = None


def with_base(bom: Bom, given: BaseSources) -> Bom:
    """Return `bom` with the image it was built from; an SBOM that names one keeps it.

    UsageError where a file of `given` cannot be read, InputError where it is no catalog.
    """
    if bom.base is not None or not bom.subject.layers:
        return bom
    catalogs = [read_catalog(_read(path), path.name) for path in given.catalogs]
    base = find_base(bom, [*catalogs, built_in()], _of_dockerfile(given.dockerfile))
    return bom if base is None else msgspec.structs.replace(bom, base=base)


def built_in() -> NamedCatalog:
    """Return the catalog that comes with patchgate."""
    content = resources.files("gate.catalog").joinpath("known_bases.json").read_bytes()
    return read_catalog(content, BUILT_IN)


def _of_dockerfile(path: Path | None) -> BaseImage | None:
    if path is None:
        return None
    found = base_of(_read(path).decode("utf-8", "replace"))
    if found is None:
        raise UsageError("has no FROM", where=str(path), hint="give the Dockerfile of the image")
    if not found.image or found.image.lower() == "scratch":
        return None
    return BaseImage(name=found.image, basis="dockerfile", digest=found.digest)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error


def signing_keys(policy: Policy) -> tuple[str, ...]:
    """Return the keys that some rule of `policy`, or of its targets, wants a base signed by."""
    rules = (policy.rules, *(target.rules for target in policy.targets))
    asking = (one.base_image for one in rules if one.base_image.action is not Action.OFF)
    return tuple(dict.fromkeys(key for rule in asking for key in rule.signed_by))


def signers_now(bom: Bom, keys: Sequence[str], now: datetime) -> BaseSigners | None:
    """Ask the registry of the base who has signed it; None where no base is known.

    Trouble is an answer, too: the rule says that it is not known.
    """
    if bom.base is None or not keys:
        return None
    from gate.run.attested_images import load_keys  # noqa: PLC0415 - only for this rule
    from gate.sources.registry.artifact import read_tag  # noqa: PLC0415
    from gate.sources.registry.pushing import Repository  # noqa: PLC0415
    from gate.sources.registry.reference import parse_reference  # noqa: PLC0415

    digest, name = bom.base.digest, bom.base.name.partition("@")[0]
    if not digest:
        return BaseSigners(asked=now, problem="its digest is not known")
    try:
        repository, digests, trusted = Repository(parse_reference(name)), [digest], load_keys(keys)
        found = _signers(repository, digest, trusted)
        if not found:
            # Publishers sign the index; what was built on is the manifest of one platform.
            tag = read_tag(name, bom.subject.os, bom.subject.architecture)
            same = tag.digests if digest in tag.digests else ()
            digests += [one for one in same if one != digest]
            for other in digests[1:]:
                found |= _signers(repository, other, trusted)
    except GateError as error:
        return BaseSigners(asked=now, digests=(digest,), problem=str(error))
    return BaseSigners(asked=now, digests=tuple(digests), keyids=tuple(sorted(found)))


def _signers(repository: Repository, digest: str, trusted: Sequence[VerifyingKey]) -> set[str]:
    from gate.run.attested_images import signed_about  # noqa: PLC0415 - only for this rule

    attached = signed_about(repository, digest, trusted)
    return {key for one in attached if one.is_signature for key in one.keyids}


def asks_tag(policy: Policy) -> bool:
    """Return whether a rule of `policy`, or of one of its targets, asks what the base's tag is."""
    rules = (policy.rules, *(target.rules for target in policy.targets))
    return any(
        one.base_image.action is not Action.OFF
        and (one.base_image.current or one.base_image.rebuild_within is not None)
        for one in rules
    )


def tag_now(bom: Bom, now: datetime) -> TagNow | None:
    """Ask the registry what the tag of the base means; None where no base is known.

    Trouble is an answer, too: the rule says that it is not known.
    """
    if bom.base is None:
        return None
    from gate.sources.registry.artifact import read_tag  # noqa: PLC0415 - only for this rule

    name = bom.base.name.partition("@")[0]
    try:
        tag = read_tag(name, bom.subject.os, bom.subject.architecture)
    except GateError as error:
        return TagNow(reference=name, asked=now, problem=str(error))
    return TagNow(
        reference=tag.reference,
        asked=now,
        digests=tag.digests,
        diff_ids=tag.diff_ids,
        created=tag.created,
    )
