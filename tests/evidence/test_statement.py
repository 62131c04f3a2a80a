"""Statements against the in-toto specification: its field names, its examples, its rules."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.errors import VerificationError
from gate.evidence import statement
from gate.evidence.statement import ResourceDescriptor, Statement

DIGEST = {"sha256": "5a" * 32}
GOOD: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "web", "digest": DIGEST}],
    "predicateType": "https://example.com/p/v1",
    "predicate": {"a": 1},
}


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def test_field_names_are_those_of_the_specification() -> None:
    # statement.md, "Schema"; resource_descriptor.md, "Schema".
    assert fields(Statement) == {"_type", "subject", "predicateType", "predicate"}
    assert fields(ResourceDescriptor) <= {
        "name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations",
    }  # fmt: skip


def test_field_names_stand_in_the_text_of_the_specification(shared: Path) -> None:
    specification = shared / "vectors" / "in-toto-attestation" / "spec" / "v1"
    for struct, page in (
        (Statement, "statement.md"),
        (ResourceDescriptor, "resource_descriptor.md"),
    ):
        schema = re.search(r"```jsonc?\n(.*?)```", (specification / page).read_text(), re.DOTALL)
        assert schema is not None
        for name in fields(struct):
            assert f'"{name}"' in schema[1]
    constants = (specification / "statement.md").read_text()
    assert f"`{statement.STATEMENT_TYPE}`" in constants
    assert f"`{statement.PAYLOAD_TYPE}`" in (specification / "envelope.md").read_text()


def test_what_is_written_reads_back() -> None:
    subject = (ResourceDescriptor(name="web", digest=DIGEST),)
    payload = statement.encode(subject, "https://example.com/p/v1", subject[0])
    read = statement.decode(payload)
    assert read.subject == subject
    assert read.predicate_type == "https://example.com/p/v1"
    assert json.loads(bytes(read.predicate)) == {"digest": DIGEST, "name": "web"}
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"


def test_unknown_fields_are_ignored_as_the_parsing_rules_ask() -> None:
    value = {**GOOD, "later": [1], "subject": [{"digest": DIGEST, "annotations": {"x": 1}}]}
    assert statement.decode(json.dumps(value).encode()).subject[0].sha256 == DIGEST["sha256"]


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"_type": None},
        {"subject": []},
        {"subject": {}},
        {"subject": [{"name": "web"}]},
        {"subject": [{"name": "web", "digest": {}}]},
        {"subject": [{"name": "web", "digest": {"sha1": "5a" * 20}}]},
        {"subject": [{"name": "web", "digest": {"sha256": "5A" * 32}}]},
        {"subject": [{"name": "web", "digest": {"sha256": "5a" * 31}}]},
        {"subject": [{"name": "web", "digest": {"sha256": "5a" * 32 + "\n"}}]},
        {"subject": [{"name": "web", "digest": {**DIGEST, "../x": "1"}}]},
        {"subject": [{"digest": DIGEST}, {"name": "second"}]},
        {"predicateType": 1},
        {"predicateType": None},
    ],
)
def test_refuses_a_statement_that_names_nothing_for_certain(change: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        statement.decode(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("name", GOOD)
def test_every_field_is_required(name: str) -> None:
    value = {key: item for key, item in GOOD.items() if key != name}
    with pytest.raises(VerificationError):
        statement.decode(json.dumps(value).encode())


def test_refuses_what_two_readers_would_read_differently() -> None:
    text = json.dumps(GOOD)
    for wrong in (
        text.replace('"predicate":', '"predicate": {"a": 2}, "predicate":'),
        text.replace('"a": 1', '"a": 1.5'),
        text.replace('"web"', '"\\ud800"'),
        text + "{}",
    ):
        assert wrong != text
        with pytest.raises(VerificationError):
            statement.decode(wrong.encode())


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001 - a time without a zone is the case
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_only_utc_is_a_timestamp(moment: datetime) -> None:
    with pytest.raises(ValueError, match="not in UTC"):
        statement.check_utc(moment)
    statement.check_utc(datetime(2026, 1, 1, tzinfo=UTC))
