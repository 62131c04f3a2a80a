"""Manual pages: every command has one, and they say what the command line says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from gate.cli.exits import MEANINGS
from gate.cli.main import main as root
from release.manual import write_manual

# click-man calls functions of click that newer versions of click do not want called.
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")

MOMENT = datetime(2026, 11, 2, tzinfo=UTC)


def commands(command: click.Command, name: str) -> list[str]:
    found = [name]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            loaded = command.get_command(context, below)
            assert loaded is not None
            found += commands(loaded, f"{name}-{below}")
    return found


def test_every_command_has_a_page(tmp_path: Path) -> None:
    pages = {page.stem for page in write_manual(tmp_path, MOMENT)}
    assert pages == set(commands(root, "patchgate"))


def test_the_page_of_check_has_its_options_and_exit_codes(tmp_path: Path) -> None:
    write_manual(tmp_path, MOMENT)
    page = (tmp_path / "patchgate-check.1").read_text()
    assert "2026-11-02" in page.partition("\n")[0]
    for option in ("fail\\-within", "exit\\-code\\-on\\-warn", "baseline"):
        assert option in page
    for code, meaning in MEANINGS.items():
        assert f".TP\n{code}\n{meaning}\n" in page


def test_the_environment_is_in_the_page_of_the_whole(tmp_path: Path) -> None:
    write_manual(tmp_path, MOMENT)
    page = (tmp_path / "patchgate.1").read_text()
    for name in ("PATCHGATE_POLICY", "PATCHGATE_DB", "PATCHGATE_EVIDENCE", "PATCHGATE_KEY"):
        assert f"\n{name}\n" in page


def test_the_same_help_gives_the_same_pages(tmp_path: Path) -> None:
    first = [page.read_bytes() for page in write_manual(tmp_path / "a", MOMENT)]
    assert first == [page.read_bytes() for page in write_manual(tmp_path / "b", MOMENT)]
