"""The official JSON schemas of the SBOM formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

from gate.bom.validation import SPDX_2_3
from tests.conftest import REPOSITORY

SHIPPED = REPOSITORY / "gate" / "bom" / "schemas" / SPDX_2_3


def validator(data: Path, name: str) -> Draft7Validator:
    """Return a validator for the schema in the file `name`; it reaches no network."""
    schemas = [_read(path) for path in sorted((data / "schema").glob("*.json"))]
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas if "$id" in schema
    )
    schema = _read(SHIPPED if name == SPDX_2_3 else data / "schema" / name)
    return Draft7Validator(schema, registry=registry)


def complaints(validator: Draft7Validator, document: bytes) -> list[str]:
    """Return what is wrong with a document, without quoting the document."""
    errors = validator.iter_errors(json.loads(document))
    return [f"{error.json_path}: {error.validator}" for error in errors]


def _read(path: Path) -> Any:
    return json.loads(path.read_text())
