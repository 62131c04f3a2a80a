"""`patchgate schema`: the JSON Schemas of patchgate's own formats."""

from __future__ import annotations

from collections.abc import Callable

import click

from gate.policy.exceptions.model import json_schema as exceptions_schema
from gate.policy.model import json_schema as policy_schema
from gate.report.document import json_schema as result_schema
from gate.report.verification import json_schema as verification_schema

_SCHEMAS: dict[str, Callable[[], bytes]] = {
    "exceptions": exceptions_schema,
    "policy": policy_schema,
    "result": result_schema,
    "verification": verification_schema,
}


@click.command(name="schema")
@click.argument("name", type=click.Choice(list(_SCHEMAS)))
def command(name: str) -> None:
    """Print the JSON Schema of a policy, a file of exceptions, a result or a verification."""
    click.echo(_SCHEMAS[name](), nl=False)
