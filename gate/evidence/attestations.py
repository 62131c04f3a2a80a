"""The other statements of a run: findings, results of rules, SBOM, for readers of each.

They stand in the bundle after the verification summary, one signed envelope a
line, and the summary names them by the SHA-256 of their payload: its signature
binds them, and its ledger entry the exact bytes of all.  Each follows from the
facts that are attached anyway, so that verification makes it again and compares
(`check_statements`).

* ``https://in-toto.io/attestation/vulns/v0.2`` (vulns.md, "Schema")
* ``https://in-toto.io/attestation/test-result/v0.1`` (test-result.md, "Schema")
* ``https://cyclonedx.org/bom`` (cyclonedx.md, "Model")

Pure: values in, bytes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import canonical, statement
from gate.evidence.extension import AdvisorySource, RunVerdict
from gate.evidence.facts import SBOM, VERDICT, FoundFlaw, RunFacts
from gate.evidence.problems import Code, Problem
from gate.evidence.statement import PAYLOAD_TYPE, ResourceDescriptor
from gate.evidence.verdict_document import VerdictDocument, read_verdict_document
from gate.evidence.vsa import VERIFIER_ID, RunStatement

VULNS = "https://in-toto.io/attestation/vulns/v0.2"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
CYCLONEDX = "https://cyclonedx.org/bom"
NAMES = {
    "statement-cyclonedx": CYCLONEDX,
    "statement-test-result": TEST_RESULT,
    "statement-vulns": VULNS,
}
"""Names in `inputAttestations` and what kind of statement each is, in the order of the lines."""

_NEVER = "1970-01-01T00:00:00Z"
"""`lastUpdate` is required; where nothing was looked up there is no honest newer one."""
_WARNED = frozenset({"warned", "accepted"})


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that is to be signed."""

    name: str
    payload: bytes

    @property
    def descriptor(self) -> ResourceDescriptor:
        """How the summary names it."""
        digest = hashlib.sha256(self.payload).hexdigest()
        return ResourceDescriptor(
            name=self.name, media_type=PAYLOAD_TYPE, digest={"sha256": digest}
        )


def attest(
    facts: RunFacts, subject: tuple[ResourceDescriptor, ...], sources: tuple[AdvisorySource, ...]
) -> tuple[Attestation, ...]:
    """Return the statements about a run, sorted by name; `sources` as the summary has them.

    One that nothing is attached for is left out: there is no SBOM of what could not
    be read.  EvidenceError where the attached documents cannot be restated.
    """
    attached = {item.name: item.content for item in facts.attachments}
    predicates: dict[str, Any] = {}
    if SBOM in attached:
        predicates["statement-cyclonedx"] = _restated(attached[SBOM])
    if VERDICT in attached:
        document = _verdict(attached[VERDICT])
        predicates["statement-test-result"] = _test_result(
            document, facts.policy_uri, facts.policy_digest, facts.ci.url if facts.ci else ""
        )
        predicates["statement-vulns"] = _vulns(facts, sources)
    return tuple(
        Attestation(name=name, payload=statement.encode(subject, NAMES[name], predicate))
        for name, predicate in predicates.items()
    )


def check_statements(
    run: RunStatement, payloads: Mapping[str, bytes], attached: Mapping[str, bytes]
) -> list[Problem]:
    """Return where the statements say something else than the record and its attachments.

    `payloads` are those whose digest is the signed one, by name; `attached` are the
    attachments that could be read.
    """
    problems = []
    for name, payload in payloads.items():
        try:
            problems += _check_statement(run, name, payload, attached)
        except VerificationError as error:
            problems.append(_disagrees(name, error.what))
    return problems


def _check_statement(
    run: RunStatement, name: str, payload: bytes, attached: Mapping[str, bytes]
) -> list[Problem]:
    read = statement.decode(payload)
    if read.predicate_type != NAMES.get(name):
        return [_disagrees(name, f"is of type {read.predicate_type[:200]!r}")]
    if read.subject != run.subject:
        return [_disagrees(name, "is about another subject than the record")]
    predicate = msgspec.json.decode(read.predicate)
    if read.predicate_type == CYCLONEDX and SBOM in attached:
        if canonical.encode(canonical.decode(attached[SBOM])) != canonical.encode(predicate):
            return [_disagrees(name, "is not the attached SBOM")]
    elif read.predicate_type == TEST_RESULT and VERDICT in attached:
        summary = run.summary
        url = summary.run.ci.url if summary.run.ci else ""
        expected = _test_result(
            read_verdict_document(attached[VERDICT]),
            summary.policy.uri,
            summary.run.policy_digest,
            url,
        )
        if canonical.encode(expected) != canonical.encode(predicate):
            return [_disagrees(name, "and the attached verdict give different results of rules")]
    elif read.predicate_type == VULNS and VERDICT in attached:
        return _check_vulns(name, predicate, read_verdict_document(attached[VERDICT]))
    return []


class _Annotations(msgspec.Struct):
    component: str
    severity: str
    state: str = ""


class _Result(msgspec.Struct):
    id: str
    annotations: tuple[_Annotations]


class _Scanner(msgspec.Struct):
    result: tuple[_Result, ...]


class _Vulns(msgspec.Struct):
    scanner: _Scanner


def _check_vulns(name: str, predicate: object, document: VerdictDocument) -> list[Problem]:
    try:
        results = msgspec.convert(predicate, _Vulns).scanner.result
    except msgspec.ValidationError as error:
        return [_disagrees(name, f"cannot be read: {error}")]
    found = sorted(
        (one.id, one.annotations[0].component, one.annotations[0].severity) for one in results
    )
    decided = sorted((one.id, one.ref, one.severity) for one in document.decisions)
    if found != decided:
        return [_disagrees(name, "and the attached verdict list different findings")]
    return []


def _disagrees(name: str, message: str) -> Problem:
    return Problem(code=Code.VERDICT_DISAGREES, message=message, where=name)


def _restated(document: bytes) -> Any:
    """Return a JSON document that we wrote as a plain value, to be written canonically."""
    try:
        return _plain.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise EvidenceError(f"the SBOM cannot be restated as evidence: {error}") from error


def _refuse_float(text: str) -> NoReturn:
    raise ValueError(f"it holds the number {text[:40]}, which has no one written form")


_plain = msgspec.json.Decoder(float_hook=_refuse_float)


def _verdict(content: bytes) -> VerdictDocument:
    try:
        return read_verdict_document(content)
    except VerificationError as error:
        raise EvidenceError(error.what) from error


def _test_result(
    document: VerdictDocument, policy_uri: str, policy_digest: str, url: str
) -> dict[str, Any]:
    """Return the predicate for what the rules came to; rules that are off are no tests."""
    passed = sorted(line.rule for line in document.rules if line.outcome == "passed")
    warned = sorted(line.rule for line in document.rules if line.outcome in _WARNED)
    failed = {line.rule for line in document.rules if line.outcome == "failed"}
    if document.outcome is RunVerdict.INDETERMINATE:
        failed.add("coverage")
    elif document.outcome is RunVerdict.FAIL and not failed:
        failed = {reason.code for reason in document.reasons}
    result = "PASSED" if document.outcome is RunVerdict.PASS else "FAILED"
    return {
        "result": "WARNED" if result == "PASSED" and warned else result,
        "configuration": [
            {
                "name": "policy",
                "uri": policy_uri,
                "digest": {"sha256": policy_digest.removeprefix("sha256:")},
            }
        ],
        **({"url": url} if url else {}),
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": sorted(failed),
    }


def _vulns(facts: RunFacts, sources: tuple[AdvisorySource, ...]) -> dict[str, Any]:
    """Return the predicate for what was found; the one time of a run begins and ends it."""
    as_of = [f"{source.as_of:%Y-%m-%dT%H:%M:%SZ}" for source in sources]
    return {
        "scanner": {
            "uri": VERIFIER_ID,
            "version": facts.tool.version,
            "db": {
                "uri": f"urn:patchgate:snapshot:{facts.snapshot}",
                "version": facts.snapshot,
                # The oldest source bounds what can have been seen.
                "lastUpdate": min(as_of, default=_NEVER),
            },
            "result": [
                _result(flaw) for flaw in sorted(facts.flaws, key=lambda one: (one.id, one.ref))
            ],
        },
        "metadata": {
            "scanStartedOn": facts.clock.now,
            "scanFinishedOn": facts.clock.now,
        },
    }


def _result(flaw: FoundFlaw) -> dict[str, Any]:
    annotations = {"component": flaw.ref, "severity": flaw.severity}
    if flaw.fixed:
        annotations["fixed"] = flaw.fixed
    if flaw.state:
        annotations["state"] = flaw.state
    scores = flaw.scores or (("policy", flaw.severity),)
    return {
        "id": flaw.id,
        "severity": [{"method": method, "score": score} for method, score in scores],
        "annotations": [annotations],
    }
