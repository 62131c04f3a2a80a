"""The policy document: strict YAML, and errors that point at the place."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.policy.document import load_strict, parse_policy
from gate.policy.model import DEFAULT, Action, json_schema

FULL = """\
version: 1
name: production
severity: {unknown: critical}
advisories: {warn_after: 1d, fail_after: 1w}
coverage:
  accept_unmatched: ["pkg:generic/*"]
evidence: optional
rules:
  patch_sla:
    action: warn
    clock: fix_available
    allow: {critical: 24h, high: 7d, medium: 2w, low: none}
  severity_threshold: {action: fail, at_least: high, only_fixable: true}
  image_age: {action: "off", max: 30d}
"""


def refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_policy(text, "p.yaml")
    return str(caught.value)


def test_a_full_document() -> None:
    policy = parse_policy(FULL, "p.yaml")
    assert policy.name == "production"
    assert policy.rules.patch_sla.allow.low == "none"
    assert policy.rules.image_age.action is Action.OFF
    assert parse_policy("version: 1\n", "p.yaml") == DEFAULT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is not a policy"),
        ("- 1\n", "is not a policy"),
        ("name: x\n", "missing required field `version`"),
        ("version: 2\n", "line 1, column 1: version: invalid enum value 2 (allowed: 1)"),
        ("version: '1'\n", "version: expected `int`"),
        (
            "version: 1\nrules:\n  patch_slaa: {}\n",
            "line 3, column 3: unknown key 'rules.patch_slaa' (did you mean 'patch_sla'?)",
        ),
        ("version: 1\nzzz: 1\n", "known keys: advisories, coverage, evidence"),
        ("version: 1\nrules: 5\n", "line 2, column 1: rules: expected `object`"),
        (
            "version: 1\nrules:\n  patch_sla:\n    allow:\n      high: soon\n",
            "line 5, column 7: rules.patch_sla.allow.high: expected a span of time",
        ),
        (
            "version: 1\nrules:\n  patch_sla:\n    action: no\n",
            "column 5: rules.patch_sla.action: invalid enum value 'no' (allowed: fail, off, warn)",
        ),
        ("version: 1\nseverity: {unknown: low, unknown: high}\n", "'unknown' is there twice"),
        ("version: 1\nname: !!python/name:os.system x\n", "the tag"),
        ("version: 1\nname: !local x\n", "the tag '!local'"),
        ("version: 1\nrules: !!set {}\n", "the tag"),
        ("version: 1\nname: &a x\nevidence: *a\n", "alias"),
        ("version: 1\n<<: {name: x}\n", "a key must be a word"),
        ("version: 1\n? [a]\n: 1\n", "a key must be a word"),
        ("version: 1\nname: [1\n", "is not valid YAML"),
        ("version: 1\n---\nversion: 1\n", "is not valid YAML"),
        ("version: 1\ncoverage: {accept_unmatched: ['*']}\n", "'*' is not a purl pattern"),
        ("version: 1\ncoverage: {accept_unmatched: ['pkg:*/x']}\n", "is not a purl pattern"),
        ("version: 1\nname: \x01\n", "is not valid YAML"),
        ("[" * 100 + "]" * 100, "too deep"),
        ("#" + "x" * 2_000_000, "larger than"),
    ],
)
def test_what_is_refused_and_where(text: str, expected: str) -> None:
    assert expected in refused(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1.10", "1.10"),
        ("012", "012"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
        ("true", True),
        ("~", None),
        ("-5", -5),
        ("'true'", "true"),
        ("0", 0),
    ],
)
def test_nothing_is_guessed(written: str, value: object) -> None:
    assert load_strict(f"key: {written}\n", "x")[0] == {"key": value}


def test_the_schema_agrees_with_the_reader() -> None:
    schema = json.loads(json_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(load_strict(FULL, "x")[0])
    for bad in (
        "version: 2",
        "version: 1\nrules: {patch_sla: {allow: {high: 5}}}",
        "version: 1\nx: 1",
    ):
        assert not validator.is_valid(load_strict(bad, "x")[0])
        refused(bad)


words = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)


@given(plain)
def test_json_is_yaml_and_reads_as_the_same_values(value: object) -> None:
    assume("<<" not in json.dumps(value))
    assert load_strict(json.dumps({"key": value}), "x")[0] == {"key": value}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_policy(text, "x")
    except UsageError:
        return
