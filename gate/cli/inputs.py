"""From option values to what a run is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from gate.cli.places import cache_folder, policies_folder, policy_file
from gate.errors import UsageError
from gate.run.bases import BaseSources
from gate.run.inventories import Inventories
from gate.run.policies import LoadedPolicy, built_in_policy, load_policy, read_bytes
from gate.run.request import PolicyInUse
from gate.sources.budget import Budget


def read_policy(given: str | None) -> PolicyInUse:
    """Return the policy to use; UsageError where it cannot be read or is not valid."""
    return find_policy(given).in_use


def find_policy(given: str | None) -> LoadedPolicy:
    """Return the policy to use with the documents it is made of; UsageError as above."""
    path = policy_file(given)
    return built_in_policy() if path is None else read_policy_file(path)


def read_policy_file(path: Path, read: Callable[[Path], bytes] = read_bytes) -> LoadedPolicy:
    """Return the policy in `path` with what it extends, which is fetched once and kept."""
    return load_policy(path, read, policies_folder())


def read_budget(limits: tuple[str, ...]) -> Budget:
    """Return the budget with the limits that ``--limit NAME=N`` changes."""
    names = {field.name: field.type for field in msgspec.structs.fields(Budget)}
    changes: dict[str, float] = {}
    for limit in limits:
        name, equals, value = limit.partition("=")
        if not equals or name not in names or not value.replace("_", "").isdecimal():
            raise UsageError(
                f"'{limit}' sets no limit",
                where="--limit",
                hint=f"write NAME=N with one of: {', '.join(names)}",
            )
        changes[name] = int(value)
    return msgspec.structs.replace(Budget(), **changes)


def find_inventories(
    cache: str | None, budget: Budget, *, include_owned: bool = False
) -> Inventories | None:
    """Return where inventories are kept (`--cache`), None where they are switched off."""
    folder = cache_folder(cache)
    return None if folder is None else Inventories(folder, budget, include_owned=include_owned)


def read_bases(catalogs: tuple[str, ...], dockerfile: str | None) -> BaseSources:
    """Return where base images are known from (`--bases`, `--dockerfile`)."""
    return BaseSources(
        catalogs=tuple(Path(name) for name in catalogs),
        dockerfile=Path(dockerfile) if dockerfile else None,
    )
