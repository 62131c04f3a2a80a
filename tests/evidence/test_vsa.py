"""The verification summary against SLSA's predicate, and how strictly it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gate.errors import VerificationError
from gate.evidence import vsa
from gate.evidence.extension import RUN_EXTENSION, RunExtension, RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.summary import summarise

# slsa.dev/spec/v1.1/verification_summary, "Schema", and v1.2 for verifier.version.
REQUIRED = {
    "verifier", "timeVerified", "resourceUri", "policy", "verificationResult", "verifiedLevels",
}  # fmt: skip
OPTIONAL = {"inputAttestations", "dependencyLevels", "slsaVersion"}

Path = tuple[str | int, ...]
EXTENSION: Path = ("predicate", RUN_EXTENSION)


@pytest.fixture
def payload(facts: RunFacts) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(vsa.encode(summarise(facts)))
    return loaded


def changed(payload: dict[str, Any], path: Path, value: Any) -> bytes:
    """`payload` with the value at `path` replaced, or removed for `...`."""
    copy = json.loads(json.dumps(payload))
    place = copy
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(copy).encode()


def test_field_names_are_those_of_the_predicate(payload: dict[str, Any]) -> None:
    predicate = payload["predicate"]
    assert predicate.keys() >= REQUIRED
    assert predicate.keys() - REQUIRED - OPTIONAL == {RUN_EXTENSION}
    assert predicate["verifier"].keys() == {"id", "version"}
    assert predicate["policy"].keys() == {"uri", "digest"}
    assert payload["predicateType"] == "https://slsa.dev/verification_summary/v1"


@pytest.mark.parametrize(
    ("verdict", "result", "levels"),
    [
        (RunVerdict.PASS, "PASSED", ["PATCHGATE_POLICY_PASSED"]),
        (RunVerdict.FAIL, "FAILED", ["FAILED"]),
        (RunVerdict.INDETERMINATE, "FAILED", ["FAILED"]),
    ],
)
def test_only_a_pass_is_passed(
    make_facts: Callable[[RunVerdict], RunFacts],
    verdict: RunVerdict,
    result: str,
    levels: list[str],
) -> None:
    predicate = json.loads(vsa.encode(summarise(make_facts(verdict))))["predicate"]
    assert predicate["verificationResult"] == result
    assert predicate["verifiedLevels"] == levels
    assert predicate[RUN_EXTENSION]["verdict"] == verdict
    assert not any(level.startswith("SLSA_") for level in predicate["verifiedLevels"])


def test_what_is_written_reads_back(facts: RunFacts) -> None:
    run = summarise(facts)
    assert vsa.decode(vsa.encode(run)) == run


def test_unknown_fields_are_ignored(payload: dict[str, Any], facts: RunFacts) -> None:
    for path in (
        ("predicate", "slsaVersion"),
        ("predicate", "https://example.com/more"),
        ("predicate", "verifier", "more"),
        (*EXTENSION, "mood"),
        (*EXTENSION, "actor", "team"),
    ):
        assert vsa.decode(changed(payload, path, "x")) == summarise(facts)


@pytest.mark.parametrize(
    "name",
    [field.encode_name for field in msgspec.structs.fields(RunExtension) if field.required],
)
def test_every_field_of_the_extension_is_required(payload: dict[str, Any], name: str) -> None:
    with pytest.raises(VerificationError, match=name):
        vsa.decode(changed(payload, (*EXTENSION, name), ...))


@pytest.mark.parametrize("name", [*sorted(REQUIRED), "inputAttestations", RUN_EXTENSION])
def test_every_field_of_the_predicate_is_required(payload: dict[str, Any], name: str) -> None:
    with pytest.raises(VerificationError):
        vsa.decode(changed(payload, ("predicate", name), ...))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("predicateType",), "https://in-toto.io/attestation/svr/v0.2"),
        (("predicate", "verifier", "id"), "https://example.com/verifier"),
        (("predicate", "timeVerified"), "2026-11-23T20:32:51+02:00"),
        (("predicate", "timeVerified"), "2026-11-23T18:32:51"),
        (("predicate", "timeVerified"), "yesterday"),
        (("predicate", "verificationResult"), "passed"),
        (("predicate", "verificationResult"), "PASSED_WITH_WARNINGS"),
        (("predicate", "verifiedLevels"), "FAILED"),
        (("predicate", "policy", "uri"), ""),
        (("predicate", "policy", "digest"), {}),
        (("predicate", "policy", "digest"), {"sha1": "00" * 20}),
        (("predicate", "inputAttestations", 0, "digest"), {}),
        (("predicate", "inputAttestations", 0, "digest", "sha256"), "../../etc/passwd"),
        ((*EXTENSION, "verdict"), "OK"),
        ((*EXTENSION, "run_id"), "../../20261123T183251Z-0123456789abcdef"),
        ((*EXTENSION, "run_id"), "20261123T183251Z-0123456789abcdef\n"),
        ((*EXTENSION, "idempotency_key"), "0123"),
        ((*EXTENSION, "policy_digest"), "5a" * 32),
        ((*EXTENSION, "reasons_omitted"), -1),
        ((*EXTENSION, "coverage", "readings"), "2"),
        ((*EXTENSION, "coverage", "incomplete"), None),
        ((*EXTENSION, "clock", "now"), "2026-11-23T20:32:51+02:00"),
        ((*EXTENSION, "clock", "basis"), "guessed"),
        ((*EXTENSION, "actor", "verified"), "yes"),
        ((*EXTENSION, "target", "kind"), "planet"),
        ((*EXTENSION, "advisories", "sources", 0, "as_of"), "2026-11-23T20:32:51+02:00"),
        ((*EXTENSION, "advisories", "sources", 0, "newest_modified"), "2026-11-23T20:32:51+02:00"),
        ((*EXTENSION, "advisories", "snapshot"), ""),
    ],
)
def test_refuses_what_is_not_a_run_record(payload: dict[str, Any], path: Path, value: Any) -> None:
    with pytest.raises(VerificationError):
        vsa.decode(changed(payload, path, value))


def test_an_expired_date_in_another_zone_is_refused(
    make_facts: Callable[[RunVerdict], RunFacts],
) -> None:
    payload = json.loads(vsa.encode(summarise(make_facts(RunVerdict.PASS))))
    path: Path = (*EXTENSION, "exceptions", 0, "expires")
    vsa.decode(changed(payload, path, "2026-12-31T00:00:00Z"))
    with pytest.raises(VerificationError, match="UTC"):
        vsa.decode(changed(payload, path, "2026-12-31T00:00:00-01:00"))
