"""From option values to what a run is given."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gate.cli.places import cache_folder, policy_file
from gate.errors import UsageError
from gate.policy.document import parse_policy
from gate.policy.model import DEFAULT
from gate.policy.template import DEFAULT_DOCUMENT
from gate.run.check import PolicyInUse
from gate.run.inventories import Inventories
from gate.sources.budget import Budget


def read_policy(given: str | None) -> PolicyInUse:
    """Return the policy to use; UsageError where it cannot be read or is not valid."""
    path = policy_file(given)
    if path is None:
        return PolicyInUse(policy=DEFAULT, document=DEFAULT_DOCUMENT.encode(), source="built-in")
    document, text = read_text(path)
    return PolicyInUse(policy=parse_policy(text, path.name), document=document, source=path.name)


def read_text(path: Path) -> tuple[bytes, str]:
    """Return a configuration file as bytes and as text; UsageError where it is neither."""
    try:
        document = path.read_bytes()
        return document, document.decode("utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(path)) from error


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


def find_inventories(cache: str | None, budget: Budget) -> Inventories | None:
    """Return where inventories are kept (`--cache`), None where they are switched off."""
    folder = cache_folder(cache)
    return None if folder is None else Inventories(folder, budget)
