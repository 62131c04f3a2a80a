"""`patchgate init`: a policy, a CI file and the pre-push hook, for the repository it stands in."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import click

from gate import __version__
from gate.cli import exits
from gate.cli.hook_install import install
from gate.cli.init_files import SYSTEMS, Wanted, beside, filled, find_system
from gate.cli.output import write_file
from gate.cli.places import POLICY_NAME, key_file
from gate.errors import GateError
from gate.policy.presets import PRESETS
from gate.policy.template import DEFAULT_DOCUMENT
from gate.report.encoding import visible
from gate.run.git import Repository, repository_around

_NAMES = tuple(system.name for system in SYSTEMS)


@click.command(name="init")
@click.option(
    "--ci",
    type=click.Choice(["auto", "none", *_NAMES]),
    default="auto",
    show_default=True,
    help="For which CI system; auto: the one whose files or host the repository has.",
)
@click.option("--target", default="", help="What CI judges. Default: what a Dockerfile builds.")
@click.option("--action", default="", metavar="OWNER/REPO@COMMIT", help="The action, for GitHub.")
@click.option("--preset", type=click.Choice(sorted(PRESETS)), help="Policy of a framework.")
@click.option("--no-hook", is_flag=True, help="Leave the pre-push hook out.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
def command(
    *, ci: str, target: str, action: str, preset: str | None, no_hook: bool, force: bool
) -> int:
    """Set up the repository around this folder: policy, CI file and pre-push hook.

    What is there already is left alone: a CI file is then written beside it.
    """
    repository = repository_around(Path.cwd())
    top = repository.folder
    steps = ["read patchgate.yaml: it is your policy, and the defaults are strict"]
    _write(top, POLICY_NAME, DEFAULT_DOCUMENT if preset is None else PRESETS[preset], force=force)
    wanted = Wanted(
        target=target,
        action=action or _own_action(),
        version=__version__,
        branch=_branch(repository),
        has_dockerfile=(top / "Dockerfile").is_file(),
    )
    steps += _ci_files(repository, ci, wanted, force=force)
    if not no_hook:
        steps += _hook(repository)
    click.echo("\nNext:", err=True)
    for number, step in enumerate(steps, start=1):
        click.echo(f"  {number}. {visible(step, 300)}", err=True)
    return exits.PASS


def _ci_files(repository: Repository, ci: str, wanted: Wanted, *, force: bool) -> list[str]:
    """Write what the CI system needs; return what is left to do."""
    if ci == "none":
        return []
    remotes = repository.word("remote", "--verbose")
    system = find_system(repository.folder, remotes)
    if ci != "auto":
        system = next(one for one in SYSTEMS if one.name == ci)
    if system is None:
        return [f"no CI system is recognised; name one: patchgate init --ci {'|'.join(_NAMES)}"]
    steps = []
    for template, path in system.files:
        text = filled(template, wanted)
        if not _write(repository.folder, path, text, force=force):
            other = beside(path)
            if _write(repository.folder, other, text, force=force):
                steps.append(f"join {other} into {path}, which was there")
        if "OWNER/patchgate@COMMIT" in text:
            steps.append(f"in {path}, name the action's repository and commit (40 digits)")
    key = key_file(None)
    if not key.exists():
        steps.append(f"patchgate evidence keygen makes the key that signs evidence: {key}")
    kind = (
        "the CI/CD variable PATCHGATE_KEY, of type File"
        if system.name == "gitlab"
        else ("the secret PATCHGATE_KEY; the CI file says how it is used")
    )
    steps.append(f"give the key to {system.name}: its content becomes {kind}")
    return steps


def _hook(repository: Repository) -> list[str]:
    try:
        install(repository)
    except GateError as error:
        click.echo(f"left out  the hook: {visible(str(error))}", err=True)
        return []
    return ["patchgate hook warm reads the images that HEAD names, so that the hook knows them"]


def _write(top: Path, path: str, text: str, *, force: bool) -> bool:
    """Write a file if there is none; say what was done, and return whether it is there now."""
    target = top / path
    if target.exists() and not force:
        same = target.is_file() and target.read_bytes() == text.encode()
        click.echo(f"left as is  {path}", err=True)
        return same
    write_file(target, text.encode())
    click.echo(f"wrote  {path}", err=True)
    return True


def _branch(repository: Repository) -> str:
    head = repository.word("symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    name = head.removeprefix("origin/") or repository.word("symbolic-ref", "--short", "HEAD")
    # It is written into YAML: what is not a plain word is not the default branch of anybody.
    return name if name.replace("-", "").replace("/", "").replace(".", "").isalnum() else "main"


def _own_action() -> str:
    """Return the action that belongs to this installation, if pip installed it from GitHub."""
    try:
        said = metadata.distribution("patchgate").read_text("direct_url.json") or "{}"
        origin = json.loads(said)
        address, commit = urlsplit(origin["url"]), origin["vcs_info"]["commit_id"]
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return ""
    if address.hostname != "github.com":
        return ""
    return f"{address.path.strip('/').removesuffix('.git')}@{commit}"
