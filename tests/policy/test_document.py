"""The policy document: strict YAML, and errors that point at the place."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.policy.document import compose, merged, parse_policy, read_document
from gate.policy.kinds import Action
from gate.policy.model import DEFAULT, json_schema
from gate.policy.origins import effective
from gate.policy.presets import PRESETS
from gate.policy.rules import RULES
from gate.policy.settings import Rules
from gate.policy.strict_yaml import load_strict
from gate.policy.template import DEFAULT_DOCUMENT

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
        ("version: 1\nzzz: 1\n", "known keys: actor, advisories, coverage, evidence"),
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
        (
            (
                "version: 1\nrules:\n  patch_sla:\n    conditions:\n"
                "      - name: x\n        match: {known_exploitd: true}\n        allow: 1d\n"
            ),
            (
                "line 6, column 17: unknown key "
                "'rules.patch_sla.conditions.0.match.known_exploitd' "
                "(did you mean 'known_exploited'?)"
            ),
        ),
        (
            "version: 1\ntargets:\n  - name: x\n    match: {image: [a]}\n    ruls: {}\n",
            "line 5, column 5: unknown key 'targets.0.ruls' (did you mean 'rules'?)",
        ),
        ("version: 1\ntargets:\n  - {name: x, match: {}}\n", "matches every target"),
        (
            (
                "version: 1\ntargets:\n- {name: x, match: {kind: [host]}}\n"
                "- {name: x, match: {kind: [image]}}\n"
            ),
            "line 4, column 4: 'x' is the name of another target",
        ),
        ("version: 1\ntargets:\n  - {name: x, match: {image: ['*']}}\n", "'*' fits everything"),
        ("version: 1\nrules: {base_image: {approved: ['**']}}\n", "'**' fits everything"),
        ("version: 1\nrules: {packages: {forbidden: [telnetd]}}\n", "is not a purl pattern"),
        (
            "version: 1\nrules: {patch_sla: {calendar: {holidays: [2026-02-30]}}}\n",
            "2026-02-30 is in no calendar",
        ),
        (
            "version: 1\nrules: {patch_sla: {calendar: {holidays: [tomorrow]}}}\n",
            "rules.patch_sla.calendar.holidays.0: expected a day: 2026-12-25",
        ),
        (
            "version: 1\nrules: {patch_sla: {calendar: {utc_offset: Europe/Berlin}}}\n",
            "expected hours and minutes ahead of UTC, in quotes: '+01:00'",
        ),
        (
            (
                "version: 1\nrules: {patch_sla: {calendar: {weekend: [monday, tuesday, wednesday,"
                " thursday, friday, saturday, sunday]}}}\n"
            ),
            "leaves no day to work",
        ),
        ("version: 1\nrules: {risk_threshold: {cvss: 10.1}}\n", "rules.risk_threshold.cvss"),
        ("version: 1\nrules: {risk_threshold: {cvss: high}}\n", "rules.risk_threshold.cvss"),
        ("version: 1\nrules: {end_of_life: }\n", "rules.end_of_life: expected `object`"),
        ("version: 1\ncoverage: {accept_unread: [x]}\n", "expected sha256: and 64 hex digits"),
        ("version: 1\nextends: {path: a, sha256: 1}\n", "extends.sha256: expected `str`"),
        (
            f"version: 1\nextends: {{path: a.yaml, sha256: {'0' * 63}a}}\n",
            "line 2, column 1: extends 'a.yaml', which is not at hand",
        ),
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


SHA = f"sha256: '{'0' * 64}'"
EXTENSION = (
    f"path: a.yaml, {SHA}",
    f"path: a.yaml, revision: v1, {SHA}",
    f"path: a.yaml, revision: v1, git: https://git.example/p, {SHA}",
    f"oci: registry.example/p:1, {SHA}",
    f"url: https://p.example/p.yaml, {SHA}",
)
NO_EXTENSION = (
    "path: a.yaml",
    SHA,
    f"url: https://p.example/p.yaml, path: a.yaml, {SHA}",
    f"oci: registry.example/p:1, revision: v1, {SHA}",
    f"git: https://git.example/p, path: a.yaml, {SHA}",
)


def test_the_schema_agrees_with_the_reader() -> None:
    schema = json.loads(json_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(load_strict(FULL, "x")[0])
    for way in EXTENSION:
        text = f"version: 1\nextends: {{{way}}}"
        validator.validate(load_strict(text, "x")[0])
        assert read_document(text, "x").extends is not None
    for bad in (
        "version: 2",
        "version: 1\nrules: {patch_sla: {allow: {high: 5}}}",
        "version: 1\nx: 1",
        *(f"version: 1\nextends: {{{way}}}" for way in NO_EXTENSION),
    ):
        assert not validator.is_valid(load_strict(bad, "x")[0])
        refused(bad)


def test_decimals_are_numbers_where_the_format_has_one() -> None:
    text = "version: 1\nname: 1.10\nrules: {risk_threshold: {cvss: 7.50, epss: 0.00001}}\n"
    policy = parse_policy(text, "p.yaml")
    assert policy.name == "1.10"
    assert policy.rules.risk_threshold.cvss == 7.5
    assert policy.rules.risk_threshold.epss == 0.00001


BASE = """\
version: 1
name: company
rules:
  patch_sla: {allow: {critical: 24h, high: 7d}, clock: fix_available}
  image_age: {max: 30d}
targets:
  - {name: hosts, match: {kind: [host]}, rules: {image_age: {action: "off"}}}
"""
CHILD = f"""\
version: 1
extends: {{path: company.yaml, sha256: {"0" * 64}}}
rules:
  patch_sla: {{allow: {{high: 3d}}}}
targets:
  - {{name: web, match: {{image: [web*]}}, rules: {{patch_sla: {{allow: {{low: 5d}}}}}}}}
"""


def test_a_policy_is_put_over_the_one_it_extends() -> None:
    child, base = read_document(CHILD, "child"), read_document(BASE, "base")
    policy = parse_policy(msgspec.json.encode(merged([child, base])).decode(), "both")
    assert policy == compose([child, base])
    allow = policy.rules.patch_sla.allow
    assert (allow.critical, allow.high, allow.medium) == ("24h", "3d", "30d")
    assert policy.name == "company"
    assert [target.name for target in policy.targets] == ["web", "hosts"]
    web = policy.targets[0].rules
    assert (web.patch_sla.allow.high, web.patch_sla.allow.low) == ("3d", "5d")
    assert web.image_age.max == "30d"
    assert policy.targets[1].rules.image_age.action is Action.OFF


def test_every_value_has_its_origin() -> None:
    documents = [read_document(CHILD, "child"), read_document(BASE, "base")]
    policy = compose(documents)

    def origins(target: str) -> dict[str, tuple[str, str]]:
        lines = effective(policy, documents, target)
        return {line.name: (line.value, line.origin) for line in lines}

    own = origins("")
    assert own["rules.patch_sla.allow.high"] == ('"3d"', "child, line 4")
    assert own["rules.patch_sla.allow.critical"] == ('"24h"', "base, line 4")
    assert own["rules.patch_sla.allow.low"] == ('"90d"', "default")
    assert own["name"] == ('"company"', "base, line 2")
    web = origins("web")
    assert web["rules.patch_sla.allow.low"] == ('"5d"', "child, line 6")
    assert web["rules.image_age.max"] == ('"30d"', "base, line 5")
    assert origins("hosts")["rules.image_age.action"] == ('"off"', "base, line 7")


def test_a_list_decides_for_all_that_is_in_it() -> None:
    above = read_document(
        "version: 1\nrules: {patch_sla: {conditions: [{name: a, match: {}, allow: 1d}]}}\n", "above"
    )
    below = read_document(
        "version: 1\nrules: {patch_sla: {conditions: [{name: b, match: {severity: [low]}, "
        "allow: 2d, clock: kev_added}]}}\n",
        "below",
    )
    lines = {line.name: line for line in effective(compose([above, below]), [above, below])}
    assert lines["rules.patch_sla.conditions.0.clock"].origin == "default"
    assert lines["rules.patch_sla.conditions.0.match.severity"].origin == "default"
    assert lines["rules.patch_sla.conditions.0.allow"].origin == "above, line 2"


def test_every_rule_has_its_settings() -> None:
    assert [field.name for field in msgspec.structs.fields(Rules)] == list(RULES)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_agree_with_the_schema(name: str) -> None:
    assert parse_policy(PRESETS[name], name).name == name
    jsonschema.Draft202012Validator(json.loads(json_schema())).validate(
        yaml.safe_load(PRESETS[name])
    )


def test_the_default_document_is_the_default_policy() -> None:
    assert parse_policy(DEFAULT_DOCUMENT, "default") == DEFAULT


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


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_what_is_nested_without_end_is_refused(opening: str) -> None:
    """The YAML library would exhaust its stack, and end the process without a word."""
    with pytest.raises(UsageError, match=r"nested too deep|is not valid YAML"):
        load_strict(f"a: {opening * 50_000}", "policy.yaml")
