"""`patchgate check` where the policy wants to know who started it."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_inputs import Bench, check, sound
from tests.forges.tokens import issuer, token
from tests.run.test_identity import RUN, SAID


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for name, value in RUN.items():
        monkeypatch.setenv(name, value)
    return sound(tmp_path)


def policy(bench: Bench, url: str, require: str) -> None:
    actor = f"actor: {{require: {require}, issuers: ['{url}']}}"
    bench.policy(f"version: 1\nadvisories: {{fail_after: 52w}}\n{actor}\n")


def recorded_actor(bench: Bench) -> dict[str, Any]:
    (path,) = bench.evidence.glob("*.jsonl")
    envelope = json.loads(path.read_text().splitlines()[0])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    actor: dict[str, Any] = statement["predicate"]["https://patchgate.dev/run/v1"]["actor"]
    return actor


@pytest.mark.parametrize("require", ["claimed", "verified"])
def test_a_token_of_this_run(bench: Bench, monkeypatch: pytest.MonkeyPatch, require: str) -> None:
    now = int(time.time())
    with issuer() as forge:
        policy(bench, forge.url, require)
        claims = {**SAID, "iss": forge.url, "aud": "patchgate", "exp": now + 300}
        written = token(claims)
        monkeypatch.setenv("PATCHGATE_ID_TOKEN", written)
        code, out, err = check(bench)
    assert code == 0, err
    actor = recorded_actor(bench)
    assert (actor["verified"], actor["claims"]["actor"]) == (True, "kim")
    everything = b"".join(path.read_bytes() for path in bench.root.rglob("*") if path.is_file())
    signature = written.rpartition(".")[2]
    assert signature.encode() not in everything
    assert signature not in out + err


def test_a_token_of_another_run_is_no_pass(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    with issuer() as forge:
        claims = {**SAID, "iss": forge.url, "aud": "patchgate", "exp": now + 300, "run_id": "1"}
        monkeypatch.setenv("PATCHGATE_ID_TOKEN", token(claims))
        policy(bench, forge.url, "verified")
        code, _, err = check(bench)
        assert code == 5
        assert "who started this is not verified" in err
        assert not list(bench.evidence.glob("*.jsonl"))
        policy(bench, forge.url, "claimed")
        code, _, err = check(bench)
    assert code == 0
    assert "the actor is only claimed: the identity token is of another run" in err
    actor = recorded_actor(bench)
    assert (actor["claimed"], actor["verified"], actor["claims"]) == ("kim", False, {})


def test_without_a_token_nothing_passes_that_has_to_be_verified(bench: Bench) -> None:
    policy(bench, "https://gitlab.example", "verified")
    code, _, err = check(bench)
    assert code == 5
    assert "the job has no identity token" in err
