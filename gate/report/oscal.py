"""An audit as OSCAL assessment results, version 1.2.1 (NIST, assessment-results model).

It says what was observed: systems as inventory items, the checks of each as an
observation, flaws past their time as risks.  A finding is made only where something is
not satisfied; that a control is satisfied, an assessor may say, and not this.
Identifiers are UUIDs of version 5 over what they name, so that the same evidence gives
the same document.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.estate.audit import Audit, System
from gate.estate.controls import NOT_PROVEN, Framework, Rows
from gate.estate.figures import breaches, share
from gate.estate.lives import Life, Standing
from gate.report.encoding import visible, visible_json

VERSION = "1.2.1"
_NAMESPACE = uuid.UUID("8a4a32f9-59a2-5f14-9a3e-51b8a3f2c7d1")
_PROPS = "https://patchgate.dev/ns/oscal"
_MOST = 10_000

Node = dict[str, Any]


def render(audit: Audit, framework: Framework) -> bytes:
    """Return the document, as JSON."""
    document = {"assessment-results": _Writer(audit, framework).document()}
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return visible_json(data) + b"\n"


class _Writer:
    def __init__(self, audit: Audit, framework: Framework) -> None:
        self.audit, self.framework = audit, framework
        self.scope = f"{audit.origin} {audit.root.hex()} {audit.period.written} {framework.id}"

    def document(self) -> Node:
        audit, framework = self.audit, self.framework
        title = f"Patch evidence for {framework.title}, {audit.period.written}"
        return {
            "uuid": self.uuid("document"),
            "metadata": {
                "title": title,
                "last-modified": _time(audit.as_of),
                "version": f"{audit.size}",
                "oscal-version": VERSION,
                "props": [_prop("tool-version", __version__)],
            },
            "import-ap": {"href": f"#{self.uuid('policies')}"},
            "results": [self.result(title)],
            "back-matter": {"resources": [self.policies()]},
        }

    def result(self, title: str) -> Node:
        audit = self.audit
        observations = [self.observation(system) for system in audit.systems]
        past = [life for life in audit.lives if life.standing(audit.as_of) is Standing.EXCEPTED]
        risks = [self.risk(life) for life in (*breaches(audit), *past)]
        total = share(audit.lives, audit.as_of)
        result: Node = {
            "uuid": self.uuid("result"),
            "title": title,
            "description": (
                f"{total.kept} of {total.total} flaws whose time to patch was kept or ran out were "
                f"fixed in time, {total.excepted} accepted by approved exceptions, "
                f"{total.breached} breached it."
            ),
            "start": _time(audit.period.begin),
            "end": _time(audit.as_of),
            "props": [
                _prop("ledger-origin", audit.origin),
                _prop("ledger-root", audit.root.hex()),
                _prop("evidence-verified", "yes" if audit.verified else "no"),
            ],
            "reviewed-controls": {
                "control-selections": [
                    {
                        "include-controls": [
                            {"control-id": control.oscal} for control in self.framework.controls
                        ]
                    }
                ]
            },
        }
        if audit.systems:
            items = [self.item(system) for system in audit.systems]
            result["local-definitions"] = {"inventory-items": items}
        # An empty list is not allowed anywhere in OSCAL.
        for name, found in (
            ("observations", observations),
            ("risks", risks),
            ("findings", list(self.findings(risks))),
        ):
            if found:
                result[name] = found
        return result

    def item(self, system: System) -> Node:
        props = [_prop("asset-id", system.name)]
        if system.owner:
            props.append(_prop("owner", system.owner))
        return {
            "uuid": self.uuid("system", system.name),
            "description": _text(f"{system.kind or 'system'} {system.name}"),
            "props": props,
        }

    def observation(self, system: System) -> Node:
        gaps = "".join(
            f" No check from {gap.begin:%Y-%m-%d} for {gap.days} days." for gap in system.gaps
        )
        whole = sum(check.whole for check in system.checks)
        node: Node = {
            "uuid": self.uuid("observation", system.name),
            "title": _text(f"Checks of {system.name}"),
            "description": _text(
                f"{len(system.checks)} checks, of which {whole} saw everything.{gaps} "
                f"Does not prove {NOT_PROVEN[Rows.CHECKS]}."
            ),
            "methods": ["TEST"],
            "types": ["historic"],
            "subjects": [
                {"subject-uuid": self.uuid("system", system.name), "type": "inventory-item"}
            ],
            "collected": _time(system.last.line.decided_at if system.last else self.audit.as_of),
        }
        evidence = [
            {
                "href": f"evidence/{quote(check.line.run_id)}.intoto.jsonl",
                "description": f"{check.line.verdict.value}, {_time(check.line.decided_at)}",
            }
            for check in system.checks[-_MOST:]
        ]
        if evidence:
            node["relevant-evidence"] = evidence
        return node

    def risk(self, life: Life) -> Node:
        audit = self.audit
        excepted = life.standing(audit.as_of) is Standing.EXCEPTED
        status = "closed" if life.ended else "deviation-approved" if excepted else "open"
        versions = " to ".join(part for part in (life.before, life.after) if part)
        node: Node = {
            "uuid": self.uuid("risk", life.system, life.id, life.purl, _time(life.first_seen)),
            "title": _text(f"{life.id} in {life.package} on {life.system}"),
            "description": _text(
                f"{life.severity.value} flaw in {life.package} {versions}, first seen "
                f"{life.first_seen:%Y-%m-%d}, {life.days_late(audit.as_of)} days past its time."
            ),
            "statement": _text(
                f"The policy allows {life.allowed} from {life.clock.replace('_', ' ')}. "
                + (
                    f"Accepted by {', '.join(one.exception for one in life.accepted)}."
                    if excepted
                    else "No approved exception covers it."
                )
            ),
            "props": [_prop("severity", life.severity.value)],
            "status": status,
            "related-observations": [{"observation-uuid": self.uuid("observation", life.system)}],
        }
        if life.due is not None:
            node["deadline"] = _time(life.due)
        return node

    def findings(self, risks: list[Node]) -> Iterator[Node]:
        """Yield what is not satisfied; never that something is."""
        audit = self.audit
        late = {
            self.uuid("risk", life.system, life.id, life.purl, _time(life.first_seen))
            for life in breaches(audit)
        }
        seen = [{"risk-uuid": risk["uuid"]} for risk in risks if risk["uuid"] in late]
        gaps = [system for system in audit.systems if system.gaps]
        for control in self.framework.controls:
            faults = []
            if Rows.FLAWS in control.rows and seen:
                faults.append(f"{len(seen)} flaws were past their time without an exception.")
            if Rows.GAPS in control.rows and gaps:
                faults.append(f"{len(gaps)} systems were not checked often enough.")
            if not audit.verified:
                faults.append("Some of the evidence does not verify.")
            if not faults:
                continue
            node: Node = {
                "uuid": self.uuid("finding", control.id),
                "title": f"{control.id}: {control.asks}",
                "description": " ".join(faults),
                "target": {
                    "type": "objective-id",
                    "target-id": control.oscal,
                    "status": {"state": "not-satisfied"},
                },
                "remarks": f"Not shown here: {control.beyond}.",
            }
            if Rows.FLAWS in control.rows and seen:
                node["related-risks"] = seen
            if Rows.GAPS in control.rows and gaps:
                node["related-observations"] = [
                    {"observation-uuid": self.uuid("observation", system.name)} for system in gaps
                ]
            yield node

    def policies(self) -> Node:
        """Return the resource that stands for the plan: the policies that runs applied."""
        node: Node = {
            "uuid": self.uuid("policies"),
            "title": "The policies that ruled the runs",
            "description": "Each run applied a policy, which its record names by digest. There is "
            "no other assessment plan.",
        }
        links = [
            {
                "href": f"evidence/blobs/sha256/{digest[:2]}/{digest}",
                "hashes": [{"algorithm": "SHA-256", "value": digest}],
            }
            for used in self.audit.policies
            if (digest := used.name.removeprefix("sha256:"))
        ]
        if links:
            node["rlinks"] = links
        return node

    def uuid(self, *parts: str) -> str:
        return str(uuid.uuid5(_NAMESPACE, "\0".join((self.scope, *parts))))


def _prop(name: str, value: str) -> Node:
    return {"name": name, "ns": _PROPS, "value": _text(value)}


def _text(text: str) -> str:
    """Return a text as OSCAL wants it: on one line, something, without blanks at its ends."""
    return visible(text, 4000).strip() or "not named"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
