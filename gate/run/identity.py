"""Who started a run: claimed by the environment, verified by the CI's identity token.

The environment of a job can be set by the job.  A token is signed by the forge and
says of which repository, commit, run and person it is.  Where it contradicts the
environment nothing is verified: one of the two is not of this run.
The token is never kept; its digest and what it says by an allow-list are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gate.errors import GateError, VerificationError
from gate.evidence.extension import Actor
from gate.run.environment import read_actor

_GITHUB = {
    "repository": "GITHUB_REPOSITORY",
    "sha": "GITHUB_SHA",
    "ref": "GITHUB_REF",
    "run_id": "GITHUB_RUN_ID",
    "run_attempt": "GITHUB_RUN_ATTEMPT",
    "actor": "GITHUB_ACTOR",
}
_GITLAB = {
    "project_path": "CI_PROJECT_PATH",
    "sha": "CI_COMMIT_SHA",
    "ref": "CI_COMMIT_REF_NAME",
    "pipeline_id": "CI_PIPELINE_ID",
    "job_id": "CI_JOB_ID",
    "user_login": "GITLAB_USER_LOGIN",
}
"""Claim to the variable that says the same."""
_KEPT = frozenset(
    {
        *_GITHUB,
        *_GITLAB,
        *("actor_id", "environment", "event_name", "job_workflow_ref", "repository_id"),
        *("repository_owner", "workflow_ref", "runner_environment", "ref_type"),
        *("project_id", "user_id", "namespace_path", "pipeline_source", "ref_protected"),
    }
)
_LONGEST = 500


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is, as far as that can be told."""

    actor: Actor
    fault: str = ""
    """Why it is not verified; "" where it is."""
    has_token: bool = False


def identify(
    environment: Mapping[str, str],
    now: datetime,
    issuers: Sequence[str] = (),
    key_file: Path | None = None,
) -> Identified:
    """Return who started the run.

    `issuers` are trusted beside those of github.com and gitlab.com; their keys are fetched,
    or read from `key_file`.  No failure is raised: then the actor is only claimed.
    UsageError where `key_file` holds no keys.
    """
    from gate.forges import idtoken, jwt  # noqa: PLC0415 - only where there may be a token

    claimed = read_actor(environment)
    try:
        token = idtoken.find_token(environment)
    except GateError as error:
        return Identified(actor=claimed, fault=str(error), has_token=True)
    if not token:
        return Identified(actor=claimed, fault="the job has no identity token")
    given = idtoken.keys_in(key_file) if key_file is not None else None
    try:
        issuer = jwt.issuer_of(token)
        if issuer not in {*idtoken.ISSUERS, *issuers}:
            raise VerificationError(
                f"the identity token is of '{issuer[:200]}', whom nobody trusts",
                hint="the policy names further issuers: actor.issuers",
            )
        keys = given if given is not None else idtoken.keys_of(issuer)
        claims = jwt.verify(token, keys, issuer=issuer, audience=idtoken.AUDIENCE, now=now)
        _compare(claims, environment)
    except GateError as error:
        return Identified(actor=claimed, fault=str(error), has_token=True)
    return Identified(actor=_actor(claimed, token, claims), has_token=True)


def _compare(claims: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Raise VerificationError where token and environment speak of different runs."""
    names = _GITLAB if "project_path" in claims else _GITHUB
    for claim, variable in names.items():
        stated, set_to = _text(claims.get(claim)), environment.get(variable, "")
        if stated and set_to and stated != set_to:
            raise VerificationError(
                f"the identity token is of another run: its {claim} is '{stated[:80]}', "
                f"{variable} is '{set_to[:80]}'"
            )


def _actor(claimed: Actor, token: str, claims: Mapping[str, Any]) -> Actor:
    kept = {name: _text(claims[name])[:_LONGEST] for name in sorted(_KEPT & claims.keys())}
    return Actor(
        claimed=claimed.claimed,
        verified=True,
        issuer=str(claims["iss"]),
        subject=str(claims["sub"])[:_LONGEST],
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        claims={name: text for name, text in kept.items() if text},
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else ""
