"""The result as JUnit XML: the report that GitLab, Jenkins and most other CI systems show.

There is no standard; written is what the readers have in common (the format of Apache
Ant's junitreport, and GitLab's "Unit test reports").  A rule is a test case, and so
is a package that breaks the policy; what kept the target from being judged is an
`error`.  CI systems show such a file as passed when it has no failure and no error,
so a run that is not PASS always has one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gate import __version__
from gate.policy.verdict import Cause, Outcome, RuleOutcome, RuleResult
from gate.report.encoding import log_line, visible
from gate.report.identity import logical_name
from gate.report.judged import Judged, advice, is_judged, judged, raised_to, urgency
from gate.run.result import Result

_PACKAGES = 1000
_LINES = 100
_TEXT = 1000
_NAME = 200


class _Case(NamedTuple):
    """One test case; `kind` is failure, error, skipped, or "" for one that passed."""

    group: str
    name: str
    kind: str = ""
    message: str = ""
    lines: tuple[str, ...] = ()


def render(result: Result, exit_code: int) -> bytes:
    """Return one suite: the rules, what was not judged, the packages that break the policy."""
    image = logical_name(result.target)
    cases = [*_rules(result), *_reasons(result), *_packages(result)]
    if result.verdict.outcome is not Outcome.PASS and not any(
        case.kind in {"failure", "error"} for case in cases
    ):
        kind = "failure" if result.verdict.outcome is Outcome.FAIL else "error"
        cases.append(_Case("verdict", "verdict", kind, result.verdict.outcome.value))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.kind == "failure" for case in cases)),
        "errors": str(sum(case.kind == "error" for case in cases)),
    }
    root = Element("testsuites", {"name": "patchgate", **counts, "time": "0"})
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": f"patchgate {image}",
            **counts,
            "skipped": str(sum(case.kind == "skipped" for case in cases)),
            "time": "0",
            "timestamp": f"{result.now:%Y-%m-%dT%H:%M:%S}",
        },
    )
    _properties(suite, result, exit_code)
    for case in cases:
        _case(suite, case, image)
    indent(root, " ")
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _properties(suite: Element, result: Result, exit_code: int) -> None:
    values = {
        "verdict": result.verdict.outcome.value,
        "exit-code": str(exit_code),
        "target": result.target,
        "policy": f"{result.policy.name} {result.policy.digest}",
        "advisories": result.snapshot,
        "evidence": result.evidence.file or result.evidence.why_not,
        "patchgate": __version__,
    }
    if result.bom is not None:
        values["sha256"] = result.bom.subject.digests.get("sha256", "")
    properties = SubElement(suite, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": visible(value, _TEXT)})


def _case(suite: Element, case: _Case, image: str) -> None:
    # Readers split class names at dots to fold them: those of an image are no packages.
    place = f"patchgate.{image.replace('.', '_')}.{case.group}"
    element = SubElement(
        suite, "testcase", {"classname": place, "name": visible(case.name, _NAME), "time": "0"}
    )
    message = visible(case.message, _TEXT)
    lines = [message, *(visible(line, _TEXT) for line in case.lines[:_LINES])]
    if len(case.lines) > _LINES:
        lines.append(f"and {len(case.lines) - _LINES} more")
    text = "\n".join(map(log_line, lines))
    if case.kind:
        shown = SubElement(element, case.kind, {"message": message})
        if case.kind != "skipped":
            shown.set("type", case.group)
            shown.text = text
    elif case.message:
        SubElement(element, "system-out").text = text


def _rules(result: Result) -> Iterator[_Case]:
    whole = is_judged(result)
    for rule in result.verdict.rules:
        match rule.outcome:
            case RuleOutcome.FAILED:
                yield _rule(rule, "failure", rule.message)
            case RuleOutcome.WARNED:
                yield _rule(rule, "", f"warning: {rule.message}")
            case RuleOutcome.OFF:
                pass
            case RuleOutcome.NOT_APPLICABLE:
                yield _rule(rule, "skipped", rule.message)
            case _ if whole:
                yield _rule(rule, "", rule.message)
            case _:
                # Nothing that was read breaks it, and not everything was read.
                yield _rule(
                    rule, "skipped", f"not decided, since not all was judged: {rule.message}"
                )


def _rule(rule: RuleResult, kind: str, message: str) -> _Case:
    remedy = (f"what to do: {rule.remedy}",) if rule.remedy else ()
    return _Case("rules", rule.rule, kind, message, (*remedy, *rule.details))


def _reasons(result: Result) -> Iterator[_Case]:
    """Yield what is no rule's: several reasons of one kind are one test case."""
    rules = {rule.rule.replace("_", "-") for rule in result.verdict.rules}
    by_code: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for reason in result.verdict.reasons:
        if reason.cause is Cause.POLICY and reason.code in rules:
            continue
        by_code[reason.code].append(reason.message)
        if kinds.get(reason.code) != "error":
            kinds[reason.code] = "failure" if reason.cause is Cause.POLICY else "error"
    for code, (first, *others) in by_code.items():
        hint = result.failure.hint if result.failure is not None else ""
        more = (f"what to do: {hint}",) if hint else ()
        yield _Case("judged", code, kinds[code], first, (*more, *others))


def _packages(result: Result) -> Iterable[_Case]:
    """Return the packages that break the policy, by name: versions change between builds."""
    broken: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for item in judged(result):
        if item.decision.broken:
            broken[item.component.type, item.package].append(item)
    targets = raised_to(result)
    for (type_, name), items in list(broken.items())[:_PACKAGES]:
        message = _headline(items, targets.get(items[0].component.ref, ""))
        yield _Case("packages", f"{name} ({type_})", "failure", message, _flaws(items))
    if len(broken) > _PACKAGES:
        left = f"{len(broken) - _PACKAGES} more packages break the policy; the JSON result has all"
        yield _Case("packages", "more packages", "failure", left)


def _headline(items: list[Judged], to: str) -> str:
    first = min(items, key=lambda item: urgency(item.decision))
    flaws = len({item.finding.id for item in items})
    more = f" and {flaws - 1} more" if flaws > 1 else ""
    return (
        f"{first.package} {first.component.version} has {first.finding.id}{more}. "
        f"{advice(first, to if first.finding.fixed else '')}"
    )


def _flaws(items: list[Judged]) -> tuple[str, ...]:
    return tuple(
        f"{item.finding.id} ({item.decision.severity.value}) in {item.component.version}. "
        f"{advice(item)} {item.finding.summary}".rstrip()
        for item in items
    )
