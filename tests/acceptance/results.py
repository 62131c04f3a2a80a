"""Run the whole gate on real input, as a user would, and read what it wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from gate.report.document import json_schema
from tests.cli.bad_inputs import run

NOW = "2026-08-22T00:00:00Z"
POLICY = "version: 1\nname: real\nadvisories: {fail_after: 520w}\n"


@dataclass(frozen=True)
class Checked:
    """What a run came to."""

    code: int
    result: dict[str, Any]
    bom: dict[str, Any]
    evidence: Path

    @property
    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.result["findings"]
        return found


def check_real(target: Path | str, advisories: Sequence[Path], place: Path) -> Checked:
    """Import, make a key, check; everything is kept in `place`."""
    store, key, evidence = place / "db", place / "key.pem", place / "evidence"
    assert run(["db", "import", "--db", str(store), *map(str, advisories)])[0] == 0
    if not key.exists():
        assert run(["evidence", "keygen", "--key", str(key)])[0] == 0
    (place / "policy.yaml").write_text(POLICY)
    code, _, err = run(
        [
            "check", str(target), "--db", str(store), "--now", NOW,
            "--policy", str(place / "policy.yaml"),
            "--evidence", str(evidence), "--key", str(key),
            "-o", f"json={place / 'result.json'}", "-o", f"cyclonedx={place / 'bom.json'}",
        ]
    )  # fmt: skip
    assert (place / "result.json").exists(), err
    result = json.loads((place / "result.json").read_bytes())
    jsonschema.Draft202012Validator(json.loads(json_schema())).validate(result)
    bom = json.loads((place / "bom.json").read_bytes())
    latest = max(evidence.glob("*.intoto.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    trust = str(key.with_suffix(".pub.pem"))
    assert run(["evidence", "verify", "--trust", trust, str(latest)])[0] == 0
    return Checked(code=code, result=result, bom=bom, evidence=latest)
