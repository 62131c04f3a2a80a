"""After a rotation the clocks that start at first sight go on, or the verdict warns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_inputs import Bench, run, sound


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    for name in ("PATCHGATE_POLICY", "PATCHGATE_FORMER_KEYS", "PATCHGATE_FIRST_SIGHTS"):
        monkeypatch.delenv(name, raising=False)
    return sound(tmp_path)


def check(bench: Bench, day: str, key: Path, *more: str) -> Any:
    file = bench.root / f"{day}.json"
    run(
        ["check", bench.target, "--db", str(bench.store), "--now", f"{day}T00:00:00Z",
         "--key", str(key), "--evidence", str(bench.evidence), "-o", f"json={file}", *more]
    )  # fmt: skip
    return json.loads(file.read_bytes())


def warnings(result: Any) -> list[str]:
    return [text for text in result["warnings"] if "by other keys" in text]


def test_a_new_key_knows_what_the_old_one_saw(bench: Bench) -> None:
    assert warnings(check(bench, "2026-11-02", bench.key)) == []
    new = bench.root / "new.pem"
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    assert run(["evidence", "keygen", "--key", str(new)])[0] == 0
    place = ["--evidence", str(bench.evidence)]
    assert run(["evidence", "rotate", *place, *trust, "--key", str(new)])[0] == 0

    alone = check(bench, "2026-11-03", new)
    (warning,) = warnings(alone)
    assert warning.startswith("an earlier record of this system by other keys does not count")
    assert "since" not in alone or not alone["since"]

    together = check(bench, "2026-11-04", new, *trust)
    assert warnings(together) == []
    assert together["since"]
