"""`--target-attr NAME=VALUE`: what is said of a target for one run."""

from __future__ import annotations

import click
import msgspec

from gate.errors import UsageError
from gate.policy.context import Attributes

_TRUTH = {"true": True, "false": False}

attributes_option = click.option(
    "--target-attr",
    "attributes",
    metavar="NAME=VALUE",
    multiple=True,
    help="Say something of the target: environment=WORD, internet_facing=true|false, "
    "classification=WORD. It outranks what the policy says.",
)


def read_attributes(given: tuple[str, ...]) -> Attributes:
    """Return the attributes in `given`; UsageError for one that is unknown or twice there."""
    names = {field.name for field in msgspec.structs.fields(Attributes)}
    values: dict[str, str | bool] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in names or not equals or not value or name in values:
            raise UsageError(
                f"'{text}' says nothing of a target",
                where="--target-attr",
                hint=f"write NAME=VALUE once for one of: {', '.join(sorted(names))}",
            )
        if name == "internet_facing":
            if value not in _TRUTH:
                raise UsageError(
                    f"'{text}' is neither true nor false", where="--target-attr", hint="write one"
                )
            values[name] = _TRUTH[value]
        else:
            values[name] = value
    return msgspec.convert(values, Attributes)
