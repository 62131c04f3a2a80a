"""`patchgate hook install`: a pre-push hook for plain Git, beside one that is there."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from gate.cli import exits
from gate.errors import UsageError
from gate.run.git import Repository, repository_around

_MARK = "# patchgate pre-push hook"
_KEPT = "pre-push.before-patchgate"

_SCRIPT = """\
#!/bin/sh
{mark}, written by `patchgate hook install`; `patchgate hook uninstall` removes it.
# Git gives the name and address of the remote, and on standard input what is pushed.
pushed=$(cat)
before="$(dirname "$0")/{kept}"
if [ -x "$before" ]; then
	printf '%s\\n' "$pushed" | "$before" "$@" || exit $?
fi
patchgate={program}
if ! command -v "$patchgate" >/dev/null 2>&1; then patchgate=patchgate; fi
if ! command -v "$patchgate" >/dev/null 2>&1; then
	echo "pre-push: patchgate is not installed, so this push cannot be judged;" >&2
	echo "  install it, or remove this hook: $0" >&2
	exit 2
fi
if [ -z "$pushed" ]; then exit 0; fi
printf '%s\\n' "$pushed" | "$patchgate" hook run{options} "$@"
"""


@click.command(name="install")
@click.option(
    "--allow-unjudged", is_flag=True, help="Let pushes go that could not be judged, with a word."
)
@click.option(
    "--shared",
    is_flag=True,
    help="Also where core.hooksPath names a folder that other repositories use too.",
)
def install_command(*, allow_unjudged: bool, shared: bool) -> int:
    """Install the pre-push hook in the repository around this folder.

    It goes where Git looks for hooks: core.hooksPath, else the repository's own
    folder, which all its work trees share. A hook that is there is kept, and
    runs first; `patchgate hook uninstall` puts it back.
    """
    install(repository_around(Path.cwd()), allow_unjudged=allow_unjudged, shared=shared)
    click.echo("next: `patchgate hook warm` reads the images that HEAD names", err=True)
    return exits.PASS


def install(repository: Repository, *, allow_unjudged: bool = False, shared: bool = False) -> None:
    """Write the hook, and keep one that is there; UsageError where that cannot be."""
    folder = _hooks_folder(repository)
    if not shared and _is_elsewhere(repository, folder):
        raise UsageError(
            "core.hooksPath names this folder outside of the repository: a hook here runs for "
            "every repository that uses it",
            where=str(folder),
            hint="--shared installs it there; or `git config --local core.hooksPath "
            ".git/hooks` first",
        )
    hook, kept = folder / "pre-push", folder / _KEPT
    folder.mkdir(parents=True, exist_ok=True)
    if hook.is_symlink() or (hook.exists() and not _is_ours(hook)):
        if kept.exists():
            raise UsageError(
                "another hook was kept here before, and would be lost",
                where=str(kept),
                hint="move it away, or join the two, then install again",
            )
        hook.rename(kept)
        click.echo(f"the hook that was there runs first: {kept}", err=True)
    script = _SCRIPT.format(
        mark=_MARK,
        kept=_KEPT,
        program=shlex.quote(_program()),
        options=" --allow-unjudged" if allow_unjudged else "",
    )
    temporary = folder / f".pre-push.{os.getpid()}"
    temporary.write_text(script, encoding="utf-8")
    temporary.chmod(0o755)
    temporary.replace(hook)
    click.echo(f"installed {hook}", err=True)


@click.command(name="uninstall")
def uninstall_command() -> int:
    """Remove the hook, and put back the one that was there before."""
    folder = _hooks_folder(repository_around(Path.cwd()))
    hook, kept = folder / "pre-push", folder / _KEPT
    if not hook.is_file() or not _is_ours(hook):
        raise UsageError("is no hook of patchgate", where=str(hook), hint="nothing was changed")
    if kept.exists() or kept.is_symlink():
        kept.replace(hook)
        click.echo(f"put back {hook}", err=True)
    else:
        hook.unlink()
        click.echo(f"removed {hook}", err=True)
    return exits.PASS


def _hooks_folder(repository: Repository) -> Path:
    """Return where Git looks for hooks; relative paths are meant from the top (git-config(1))."""
    return repository.folder / repository.word("rev-parse", "--git-path", "hooks")


def _is_elsewhere(repository: Repository, folder: Path) -> bool:
    own = repository.folder, repository.folder / repository.word("rev-parse", "--git-common-dir")
    return not any(folder.resolve().is_relative_to(place.resolve()) for place in own)


def _is_ours(hook: Path) -> bool:
    return _MARK.encode() in hook.read_bytes()[:200]


def _program() -> str:
    """Return the patchgate that installs: hooks run with whatever PATH the user has then."""
    beside = Path(sys.argv[0]).absolute()
    if beside.name.startswith("patchgate") and os.access(beside, os.X_OK):
        return str(beside)
    return shutil.which("patchgate") or "patchgate"
