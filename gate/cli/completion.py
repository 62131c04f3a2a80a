"""`patchgate completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gate.cli import exits
from gate.errors import UsageError

VARIABLE = "_PATCHGATE_COMPLETE"
"""Set by the script while it asks for completions; `gate.cli.main` answers."""

_WHERE = {
    "bash": 'eval "$(patchgate completion bash)"  # in ~/.bashrc',
    "zsh": 'eval "$(patchgate completion zsh)"  # in ~/.zshrc, after compinit',
    "fish": "patchgate completion fish > ~/.config/fish/completions/patchgate.fish",
}


@click.command(
    name="completion", epilog="\b\n" + "\n".join(f"{s}: {line}" for s, line in _WHERE.items())
)
@click.argument("shell", type=click.Choice(list(_WHERE)))
def command(shell: str) -> int:
    """Print the completion script of SHELL."""
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"'{shell}' cannot be completed for", hint="use bash, zsh or fish")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "patchgate", VARIABLE).source())
    return exits.PASS
