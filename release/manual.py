"""Write the manual pages, one a command, from the help that the commands show.

python -m release.manual FOLDER
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from click_man.core import write_man_pages

from gate import __version__
from gate.cli.exits import MEANINGS
from gate.cli.main import main as root
from release.moment import commit_time

_JUDGING = ("patchgate", "patchgate-check")


def write_manual(folder: Path, moment: datetime) -> list[Path]:
    """Write every page into `folder`, dated `moment`; return them in order."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = _loaded(root, click.Context(root, info_name="patchgate"))
    write_man_pages(
        "patchgate",
        whole,
        version=__version__,
        target_dir=str(folder),
        date=f"{moment:%Y-%m-%d}",
    )
    pages = sorted(folder.glob("patchgate*.1"))
    for page in pages:
        if page.stem in _JUDGING:
            page.write_text(page.read_text() + _exit_status())
    (folder / "patchgate.1").write_text(
        (folder / "patchgate.1").read_text() + _environment(_variables(whole))
    )
    return pages


def _exit_status() -> str:
    rows = "".join(f".TP\n{code}\n{meaning}\n" for code, meaning in sorted(MEANINGS.items()))
    return f".SH EXIT STATUS\n{rows}"


def _environment(variables: dict[str, str]) -> str:
    rows = "".join(f".TP\n{name}\n{text}\n" for name, text in sorted(variables.items()))
    return f".SH ENVIRONMENT\n{rows}"


def _variables(command: click.Command) -> dict[str, str]:
    """Return what the environment can say, by name, below `command`."""
    found = {}
    for option in command.params:
        if isinstance(option, click.Option) and isinstance(option.envvar, str):
            found[option.envvar] = f"{option.opts[-1]}: {option.help or 'as this option says'}"
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        found = _variables(below) | found
    return found


def _loaded(command: click.Command, context: click.Context) -> click.Command:
    """Return `command` with everything below it imported: pages are written of what is there."""
    if not isinstance(command, click.Group):
        return command
    below = {}
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            below[name] = _loaded(found, click.Context(found, info_name=name, parent=context))
    return click.Group(
        command.name,
        commands=below,
        params=command.params,
        help=command.help,
        epilog=command.epilog,
        short_help=command.short_help,
        context_settings=command.context_settings,
    )


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist/man")
    pages = write_manual(folder, commit_time() or datetime.now(UTC))
    print(f"{len(pages)} pages in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
