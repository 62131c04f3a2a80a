"""`patchgate db test`: a line in, a line out."""

from __future__ import annotations

import json
from pathlib import Path

from tests.advisories.zips import record
from tests.cli.bad_inputs import run

PACKAGE = {"ecosystem": "Debian:12", "name": "openssl", "version": "3.0.9-1"}


def lines(path: Path, *content: object) -> list[dict[str, object]]:
    path.write_text("\n".join(c if isinstance(c, str) else json.dumps(c) for c in content) + "\n")
    code, out, err = run(["db", "test", str(path)])
    found = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert code == (2 if any("error" in line for line in found) else 0)
    return found


def test_answers(tmp_path: Path) -> None:
    advisory = record("DSA-1")
    found = lines(
        tmp_path / "x.jsonl",
        {"package": PACKAGE, "advisory": advisory},
        {"package": {**PACKAGE, "version": "3.0.11-1"}, "advisory": advisory},
        {"package": {**PACKAGE, "version": "?!"}, "advisory": advisory},
    )
    assert [line["affected"] for line in found] == [True, False, None]
    assert found[0] == {
        "line": 1,
        "affected": True,
        "reason": {
            "record": "DSA-1",
            "package": "openssl",
            "ecosystem": "Debian:12",
            "why": "introduced 0, fixed 3.0.11-1",
            "fixed": "3.0.11-1",
        },
    }


def test_a_line_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    good = {"package": PACKAGE, "advisory": record("DSA-1")}
    found = lines(
        tmp_path / "x.jsonl", "{", good, "", "[]", {"package": PACKAGE}, "[" * 100_000, good
    )
    assert [line["line"] for line in found] == [1, 2, 4, 5, 6, 7]
    assert ["error" in line for line in found] == [True, False, True, True, True, False]


def test_a_file_that_is_not_there() -> None:
    code, out, err = run(["db", "test", "/no/such/file"])
    assert (code, out) == (2, "")
    assert "cannot be read" in err
