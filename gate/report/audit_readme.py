"""The README of an exported archive: what is in it, and how to verify it without this program."""

from __future__ import annotations

import shlex
from importlib import resources

from gate.estate.audit import Audit
from gate.estate.controls import NOT_PROVEN, Framework
from gate.report.encoding import visible
from gate.report.oscal import VERSION


def render(audit: Audit, framework: Framework) -> bytes:
    """Return Markdown, UTF-8."""
    template = resources.files("gate.report").joinpath("audit_readme.md").read_text("utf-8")
    rows = {rows for control in framework.controls for rows in control.rows}
    values = {
        "FRAMEWORK": framework.title,
        "ID": framework.id,
        "PERIOD": audit.period.written,
        "AS_OF": f"{audit.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "NOW": f"{audit.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "EVERY": f"{audit.every.days}d",
        "ORIGIN": visible(audit.origin),
        "SIZE": f"{audit.size}",
        "ROOT": audit.root.hex(),
        "KEYS": ", ".join(visible(used.name) for used in audit.keys) or "none",
        "OSCAL": VERSION,
        "ASSETS": (" --assets assets.csv" if audit.asset_list else "")
        + "".join(f" --ref {shlex.quote(visible(ref))}" for ref in audit.refs),
        "NOT_PROVEN": "\n".join(
            f"- {one.value}: {text}." for one, text in NOT_PROVEN.items() if one in rows
        ),
    }
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template.encode()
