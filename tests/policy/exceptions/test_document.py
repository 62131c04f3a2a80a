"""Files of exceptions: one or many, strict, and what an approver signs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.policy.exceptions.document import read_exceptions
from gate.policy.exceptions.model import PolicyException, end_of_day, json_schema

WHOLE: dict[str, Any] = {
    "version": 1,
    "id": "EX-1",
    "vulnerabilities": ["CVE-2026-0001"],
    "systems": ["registry.example/team/*"],
    "reason": "needed",
    "risk": "low",
    "controls": ["no network"],
    "requester": "dev@example.com",
    "requested": "2026-05-01",
    "remediation": "2026-06-01",
    "expires": "2026-06-02",
}


def text(**changes: Any) -> str:
    fields = {**WHOLE, **changes}
    return msgspec.json.encode({k: v for k, v in fields.items() if v is not None}).decode()


def test_one_and_a_list_mean_the_same() -> None:
    (one,) = read_exceptions(text(), "a.yaml")
    fields = {name: value for name, value in WHOLE.items() if name != "version"}
    listed = msgspec.json.encode({"version": 1, "exceptions": [fields]}).decode()
    assert read_exceptions(listed, "b.yaml") == (one,)


def test_layout_does_not_matter_and_every_word_does() -> None:
    (one,) = read_exceptions(text(), "a.yaml")
    yaml = "\n".join(
        [
            "# a comment",
            "expires: 2026-06-02",
            *(
                f"{name}: {msgspec.json.encode(value).decode()}"
                for name, value in WHOLE.items()
                if name != "expires"
            ),
        ]
    )
    assert read_exceptions(yaml, "a.yaml")[0].digest == one.digest
    (other,) = read_exceptions(text(risk="lower"), "a.yaml")
    assert other.digest != one.digest


@given(st.sampled_from([name for name in WHOLE if name != "version"]))
def test_every_field_is_part_of_what_is_signed(field: str) -> None:
    changed = {
        "vulnerabilities": ["CVE-2026-0002"],
        "systems": ["registry.example/other/*"],
        "controls": ["none"],
        "requested": "2026-05-02",
        "remediation": "2026-05-31",
        "expires": "2026-06-03",
    }.get(field, "other")
    (before,) = read_exceptions(text(), "a.yaml")
    (after,) = read_exceptions(text(**{field: changed}), "a.yaml")
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version"),
        ({"expire": "2026-06-01"}, "did you mean 'expires'"),
        ({"vulnerabilities": None}, "accepts nothing"),
        ({"vulnerabilities": ["*"]}, "vulnerabilities.0"),
        ({"vulnerabilities": ["CVE-2026-*"]}, "vulnerabilities.0"),
        ({"systems": []}, "systems"),
        ({"systems": ["*"]}, "'*' fits everything"),
        ({"systems": ["*/*:*"]}, "fits everything"),
        ({"packages": ["pkg:deb/*"]}, "not a purl pattern with a name"),
        ({"packages": ["openssl"]}, "not a purl pattern with a name"),
        ({"packages": ["pkg:*/openssl"]}, "not a purl pattern with a name"),
        ({"controls": []}, "controls"),
        ({"reason": ""}, "reason"),
        ({"risk": None}, "risk"),
        ({"expires": "2026-02-30"}, "2026-02-30 is in no calendar"),
        ({"expires": "soon"}, "a day: 2026-12-25"),
        ({"expires": "2026-05-31"}, "the remediation is planned after the last day"),
        ({"earlier_terms": ["2026-13-01"]}, "2026-13-01 is in no calendar"),
        ({"rules": ["patch_sla"]}, "allowed: base_image"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_exceptions(text(**changes), "a.yaml")
    assert said in str(caught.value)
    assert "a.yaml" in str(caught.value)


def test_an_error_names_line_and_column() -> None:
    written = "version: 1\n" + "\n".join(
        f"{name}: {msgspec.json.encode(value).decode()}"
        for name, value in {**WHOLE, "systems": ["*"]}.items()
        if name != "version"
    )
    with pytest.raises(UsageError) as caught:
        read_exceptions(written, "a.yaml")
    line = written.splitlines().index('systems: ["*"]') + 1
    assert f"line {line}, column 11" in str(caught.value)


def test_the_last_day_counts_whole() -> None:
    assert end_of_day("2026-06-01").isoformat() == "2026-06-02T00:00:00+00:00"
    assert end_of_day("9999-12-31").year == 9999


def test_the_schema_names_every_field() -> None:
    schema = msgspec.json.decode(json_schema())
    fields = schema["$defs"]["PolicyException"]["properties"]
    assert set(fields) == {field.name for field in msgspec.structs.fields(PolicyException)}
