"""`patchgate comment`: post a summary on the pull or merge request, once."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gate.cli import exits
from gate.errors import UsageError
from gate.forges.asking import ask
from gate.forges.comments import find_forge, post

_LARGEST = 4 * 1024 * 1024
_TOKENS = ("PATCHGATE_COMMENT_TOKEN", "GITHUB_TOKEN")


@click.command(name="comment")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--job",
    metavar="NAME",
    help="Tells apart the comments of several jobs on one image. Default: the CI job's name.",
)
def command(*, path: Path, job: str | None) -> int:
    """Post FILE, a summary by `check -o markdown=FILE`, on the pull or merge request.

    A comment that an earlier run posted for this image and job is updated. The
    request is the one that the pipeline runs for (GitHub, GitLab); outside of
    one nothing is posted. The token is PATCHGATE_COMMENT_TOKEN, else GITHUB_TOKEN.
    Exit 7 where the token may not comment.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from error
    environment = os.environ
    token = next((environment[name] for name in _TOKENS if environment.get(name)), "")
    forge = find_forge(environment, token, ask)
    if forge is None:
        click.echo("patchgate: no pull or merge request here, so nothing is posted", err=True)
        return exits.PASS
    if not token:
        raise UsageError(
            "there is no token to comment with",
            where=_TOKENS[0],
            hint="GitHub: ${{ github.token }} with pull-requests: write; GitLab: a project "
            "access token with the scope api",
        )
    named = environment.get("GITHUB_JOB") or environment.get("CI_JOB_NAME") or ""
    done = post(forge, text, job if job is not None else named)
    click.echo(f"patchgate: comment {done}", err=True)
    return exits.PASS
