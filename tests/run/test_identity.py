"""Who started a run: a claim, unless an issuer that is trusted says so of this very run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.errors import UsageError
from gate.run.identity import Identified, identify
from tests.forges.tokens import KEYS, Issuer, issuer, token

RUN = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_ACTOR": "kim",
}
SAID = {
    "sub": "repo:acme/shop:ref:refs/heads/main",
    "repository": "acme/shop",
    "sha": "a" * 40,
    "ref": "refs/heads/main",
    "run_id": "4711",
    "run_attempt": "1",
    "actor": "kim",
    "actor_id": "17",
    "secret_note": "not on the list",
}
JOB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/shop",
    "CI_COMMIT_SHA": "b" * 40,
    "CI_COMMIT_REF_NAME": "main",
    "CI_PIPELINE_ID": "8",
    "CI_JOB_ID": "9",
    "GITLAB_USER_LOGIN": "sam",
}
SAID_BY_GITLAB = {
    "sub": "project_path:acme/shop:ref_type:branch:ref:main",
    "project_path": "acme/shop",
    "sha": "b" * 40,
    "ref": "main",
    "pipeline_id": "8",
    "job_id": "9",
    "user_login": "sam",
    "ref_protected": "true",
}


@pytest.fixture
def forge() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def claims(forge: Issuer, said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {"iss": forge.url, "aud": "patchgate", "iat": now, "nbf": now, "exp": now + 300}
    return {**base, **said, **changes}


def who(forge: Issuer, environment: dict[str, str], keys: Path | None = None) -> Identified:
    return identify(environment, datetime.now(UTC), (forge.url,), keys)


def test_github(forge: Issuer) -> None:
    forge.given = token(claims(forge, SAID))
    asked = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret",
    }
    found = who(forge, {**RUN, **asked})
    assert found.fault == ""
    actor = found.actor
    assert (actor.claimed, actor.verified, actor.issuer) == ("kim", True, forge.url)
    assert actor.subject == SAID["sub"]
    assert actor.token_sha256 == hashlib.sha256(forge.given.encode()).hexdigest()
    assert actor.claims["actor_id"] == "17"
    assert "secret_note" not in actor.claims
    assert forge.given not in repr(found)
    assert any("audience=patchgate" in path for path in forge.asked)


def test_gitlab(forge: Issuer) -> None:
    written = token(claims(forge, SAID_BY_GITLAB), alg="ES256", kid="e1")
    found = who(forge, {**JOB, "PATCHGATE_ID_TOKEN": written})
    assert found.fault == ""
    assert found.actor.claims["user_login"] == "sam"


@pytest.mark.parametrize(
    ("said", "environment", "changes"),
    [
        (SAID, RUN, {"repository": "acme/other"}),
        (SAID, RUN, {"sha": "c" * 40}),
        (SAID, RUN, {"actor": "mallory"}),
        (SAID, RUN, {"run_attempt": "2"}),
        (SAID_BY_GITLAB, JOB, {"project_path": "evil/shop"}),
        (SAID_BY_GITLAB, JOB, {"job_id": "10"}),
        (SAID_BY_GITLAB, JOB, {"user_login": "mallory"}),
    ],
)
def test_a_token_of_another_run(
    forge: Issuer, said: dict[str, Any], environment: dict[str, str], changes: dict[str, str]
) -> None:
    written = token(claims(forge, said, **changes))
    found = who(forge, {**environment, "PATCHGATE_ID_TOKEN": written})
    assert not found.actor.verified
    assert "is of another run" in found.fault
    assert found.has_token


def test_without_a_token() -> None:
    found = identify(RUN, datetime.now(UTC))
    assert (found.actor.claimed, found.actor.verified, found.has_token) == ("kim", False, False)


def test_an_issuer_that_nobody_trusts(forge: Issuer) -> None:
    written = token(claims(forge, SAID))
    found = identify({**RUN, "PATCHGATE_ID_TOKEN": written}, datetime.now(UTC))
    assert not found.actor.verified
    assert "whom nobody trusts" in found.fault
    assert forge.asked == []


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"jwks_uri": "https://evil.example/keys"},
        {"jwks_uri": 7},
    ],
)
def test_an_issuer_that_is_not_what_it_says(forge: Issuer, configuration: dict[str, Any]) -> None:
    forge.configuration |= configuration
    found = who(forge, {**RUN, "PATCHGATE_ID_TOKEN": token(claims(forge, SAID))})
    assert not found.actor.verified
    assert found.fault


def test_keys_that_are_somebody_else_s(forge: Issuer) -> None:
    forge.keys = []
    found = who(forge, {**RUN, "PATCHGATE_ID_TOKEN": token(claims(forge, SAID))})
    assert "has no RS256 key" in found.fault


def test_a_forge_that_gives_none(forge: Issuer) -> None:
    asked = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong",
    }
    found = who(forge, {**RUN, **asked})
    assert "gives no identity" in found.fault
    assert "id-token: write" in found.fault
    assert "wrong" not in found.fault


def test_nothing_is_asked_over_plain_http(forge: Issuer) -> None:
    asked = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://forge.example/token?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret",
    }
    assert "is no https address" in who(forge, {**RUN, **asked}).fault


def test_keys_in_a_file(forge: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": KEYS}))
    environment = {**RUN, "PATCHGATE_ID_TOKEN": token(claims(forge, SAID))}
    assert who(forge, environment, path).actor.verified
    assert forge.asked == []
    path.write_text("[]")
    with pytest.raises(UsageError, match="no JSON Web Key Set"):
        who(forge, environment, path)
