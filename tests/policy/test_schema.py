"""The JSON Schema that editors use accepts what the loader accepts, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.policy.document import read_document
from gate.policy.exceptions.model import ExceptionList
from gate.policy.exceptions.model import json_schema as exceptions_schema
from gate.policy.model import DEFAULT, Policy, json_schema
from gate.policy.presets import PRESETS
from gate.policy.strict_yaml import load_strict
from gate.policy.template import DEFAULT_DOCUMENT
from gate.policy.typed import typed

Spot = tuple[str | int, ...]

EXCEPTIONS = {
    "version": 1,
    "exceptions": [
        {
            "id": "EX-1",
            "vulnerabilities": ["CVE-2026-0001"],
            "rules": ["image_age"],
            "packages": ["pkg:deb/debian/openssl@*"],
            "systems": ["registry.example/team/*"],
            "reason": "the shop needs it",
            "risk": "low",
            "controls": ["no network"],
            "requester": "Dev <dev@example.com>",
            "requested": "2026-05-01",
            "remediation": "2026-06-01",
            "expires": "2026-06-10",
            "earlier_terms": ["2026-05-10"],
            "ticket": "RISK-7",
        }
    ],
}


def whole() -> dict[str, Any]:
    """Return a policy in which every field is written."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(DEFAULT))
    document |= {"version": 1, "extends": {"path": "company.yaml", "sha256": "0" * 64}}
    document["exceptions"]["approvers"] = [{"name": "Ada", "accounts": ["risks:ada"], "rules": []}]
    document["exceptions"]["trackers"] = [
        {
            "name": "risks",
            "kind": "jira",
            "url": "https://jira.example",
            "approved": ["Approved"],
            "keys": ["ssh-ed25519 AAAA"],
        }
    ]
    sla = document["rules"]["patch_sla"]
    sla["conditions"] = [{"name": "x", "match": {"known_exploited": True}, "allow": "kev_due"}]
    sla["calendar"]["holidays"] = ["2026-12-25"]
    document["targets"] = [
        {
            "name": "pay",
            "match": {"image": ["pay/*"], "labels": {"a": "b"}, "kind": ["image"]},
            "attributes": {"internet_facing": True},
            "rules": {"image_age": {"max": "30d"}},
        }
    ]
    return document


def spots(value: Any, here: Spot = ()) -> Iterator[Spot]:
    yield here
    if isinstance(value, dict):
        for key, item in value.items():
            yield from spots(item, (*here, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from spots(item, (*here, number))


@cache
def validator(schema: bytes) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema))


def both(document: Any, kind: type, schema: bytes) -> tuple[bool, bool]:
    """Return what the schema says of a document, and what the loader says of its types."""
    text = json.dumps(document)
    value, marks = load_strict(text, "x")
    try:
        typed(value, kind, marks, "x", hint="")
    except UsageError:
        read = False
    else:
        read = isinstance(value, dict)
    return validator(schema).is_valid(json.loads(text)), read


OTHERS: list[Any] = [
    None, True, False, 0, 1, -1, 101, "", "x", "no", "72h", "14d", "2w", "1y", "72 h", "none",
    "kev_due", "fail", "off", "high", "unknown", "2026-12-25", "2026-12-5", "+01:00", "+15:00",
    "sha256:" + "a" * 64, "a" * 64, [], {}, [1], ["x"], ["high"], [{}], {"x": 1}, {"a": "b"},
]  # fmt: skip


def changed(document: dict[str, Any], spot: Spot, how: Any) -> dict[str, Any]:
    """Return `document` with another value at `spot`, or with one key more or less there."""
    result = copy.deepcopy(document)
    place: Any = result
    for part in spot[:-1]:
        place = place[part]
    kind, value = how
    if kind == "value":
        place[spot[-1]] = value
    elif kind == "gone":
        del place[spot[-1]]
    elif isinstance(place[spot[-1]], dict):
        place[spot[-1]]["unknown_key"] = value
    return result


changes = st.tuples(st.sampled_from(["value", "value", "gone", "more"]), st.sampled_from(OTHERS))


@pytest.mark.parametrize("name", ["policy", "exceptions"])
def test_the_schema_is_one_and_accepts_the_whole(name: str) -> None:
    document, kind, schema = SIDES[name]
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    assert both(document, kind, schema) == (True, True)


SIDES: dict[str, tuple[dict[str, Any], type, bytes]] = {
    "policy": (whole(), Policy, json_schema()),
    "exceptions": (EXCEPTIONS, ExceptionList, exceptions_schema()),
}


@given(st.sampled_from(sorted(SIDES)), st.data())
@settings(max_examples=600)
def test_both_say_the_same_of_every_change(name: str, data: st.DataObject) -> None:
    """Of types and names; what `extends` may hold together is in test_document."""
    document, kind, schema = SIDES[name]
    places = [spot for spot in spots(document) if spot and spot[0] != "extends"]
    changed_once = changed(document, data.draw(st.sampled_from(places)), data.draw(changes))
    by_schema, by_loader = both(changed_once, kind, schema)
    assert by_schema == by_loader, changed_once


@pytest.mark.parametrize("text", [DEFAULT_DOCUMENT, *PRESETS.values()])
def test_what_init_writes_is_accepted(text: str) -> None:
    written = read_document(text, "x").value
    assert validator(json_schema()).is_valid(written)
