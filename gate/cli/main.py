"""The `patchgate` command.

Subcommands are imported when they are called, so that `patchgate --version`
costs next to nothing.  This is the one place where failures become a line for
a person and an exit code.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any

import click

from gate import __version__

_COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("gate.cli.audit", "Export the evidence of a period for an audit."),
    "check": ("gate.cli.check", "Judge an image, a root file system, this host or an SBOM."),
    "completion": ("gate.cli.completion", "Print the completion script of a shell."),
    "comment": ("gate.cli.comment", "Post a summary on the pull or merge request, once."),
    "db": ("gate.cli.db", "Import, download and inspect advisories."),
    "exceptions": ("gate.cli.exceptions", "Request, approve, list and check exceptions."),
    "doctor": ("gate.cli.doctor", "Check that everything is there that a check needs."),
    "evidence": ("gate.cli.evidence", "Make signing keys; verify, list, show and replay runs."),
    "forecast": ("gate.cli.forecast", "Tell what will fail, and when, if nothing changes."),
    "hook": ("gate.cli.hook", "Judge the images that a Git push touches; install that."),
    "init": ("gate.cli.init", "Set up a repository: policy, CI file and pre-push hook."),
    "policy": ("gate.cli.policy", "Write, check and explain policies."),
    "sbom": ("gate.cli.sbom", "Write the SBOM of a target."),
    "schema": ("gate.cli.schema", "Print the JSON Schema of a format."),
    "why": ("gate.cli.why", "Explain one flaw of a target: where, since when, what to do."),
}
"""Name to module and one line of help; a new command is a file and a line here."""


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports them when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: patchgate db update Debian, then patchgate check debian:12. "
    "Exit codes: 0 PASS, 1 FAIL, 2 usage, 3 input, 4 advisories, 5 evidence, 6 verification, "
    "7 unreachable, 70 internal error.",
)
@click.version_option(__version__, prog_name="patchgate")
def main() -> None:
    """Judge container images and Linux hosts by your patch policy, and keep evidence of it."""


def entry() -> None:
    """Run the command line and exit with its code."""
    # A run makes many small values that stay, and hardly a cycle: looking for
    # cycles again and again took more than half the time of a look-up.
    gc.freeze()
    gc.set_threshold(500_000, 20, 50)
    # Threads that decompress and hash need the interpreter for microseconds at a time.
    sys.setswitchinterval(0.0005)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        outcome: Any = main.main(arguments, prog_name="patchgate", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("patchgate: interrupted", err=True)
        return 130
    except SystemExit as stop:
        # click ends completion by itself; and sys.exit(1) is its word for a reader that went away.
        if "_PATCHGATE_COMPLETE" in os.environ:
            return 0 if not stop.code else 1
        return _reader_gone()
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001 - the one place where nothing may get past
        return _report(error)
    return outcome if isinstance(outcome, int) else 0


def _reader_gone() -> int:
    """Let what is still buffered go nowhere, and say so: 1 would mean FAIL."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


def _report(error: Exception) -> int:
    """Say what went wrong in one line, and return the exit code."""
    from gate.cli.exits import INTERNAL, code_of_error  # noqa: PLC0415 - only when it fails
    from gate.errors import GateError  # noqa: PLC0415
    from gate.report.encoding import visible  # noqa: PLC0415

    if isinstance(error, GateError):
        click.echo(f"patchgate: {visible(str(error))}", err=True)
        return code_of_error(error)
    if os.environ.get("PATCHGATE_DEBUG"):
        import traceback  # noqa: PLC0415

        traceback.print_exception(error)
    click.echo(
        f"patchgate: internal error ({type(error).__name__}: {visible(str(error), 200)}); "
        "this is a defect: PATCHGATE_DEBUG=1 shows where, please report it",
        err=True,
    )
    return INTERNAL
