"""How much a command says on standard error: -q, -v, -vv, and progress on a terminal.

Results are not part of it: they go to standard output or into files, always.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, TypeVar

import click

from gate.report.encoding import visible

F = TypeVar("F", bound=Callable[..., Any])
DEBUG = "PATCHGATE_DEBUG"
_KEY = "patchgate.loudness"
_PATIENCE = 0.7
"""Seconds that a step may take before a person is told what takes so long."""
_TICK = 0.5
_WIDTH = 100


class Loudness(IntEnum):
    """What is said beside results and errors."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
    DEBUG = 3


def loudness() -> Loudness:
    """Return what -q and -v of the running command say."""
    context = click.get_current_context(silent=True)
    found = context.meta.get(_KEY) if context is not None else None
    return found if isinstance(found, Loudness) else Loudness.NORMAL


def loudness_options(command: F) -> F:
    """Add -q and -v; they are read by `loudness`."""
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_quiet,
        help="Say nothing but results and errors; the table is one line.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_verbose,
        help="Say what is done and how long it takes; -vv also where an internal error is.",
    )
    return quiet(verbose(command))


def _quiet(context: click.Context, option: click.Parameter, value: bool) -> None:
    del option
    if value:
        context.meta[_KEY] = Loudness.QUIET


def _verbose(context: click.Context, option: click.Parameter, value: int) -> None:
    del option
    if not value:
        return
    if context.meta.get(_KEY) is Loudness.QUIET:
        raise click.UsageError("-q and -v contradict each other", context)
    context.meta[_KEY] = Loudness.VERBOSE if value == 1 else Loudness.DEBUG
    if value > 1:
        os.environ[DEBUG] = "1"


class _Step:
    def __init__(self) -> None:
        self.text = ""

    def found(self, text: str) -> None:
        """Say what the step came to."""
        self.text = text


@contextmanager
def step(text: str) -> Iterator[_Step]:
    """Tell about one step of a run.  Is a `gate.run.watching.Watch`."""
    level = loudness()
    current = _Step()
    if level >= Loudness.VERBOSE:
        began = time.monotonic()
        yield current
        came = f": {current.text}" if current.text else ""
        taken = time.monotonic() - began
        click.echo(visible(f"{taken:7.3f} s  {text}{came}", 400), err=True)
    elif level is Loudness.NORMAL and _person_watches():
        with _progress(text):
            yield current
    else:
        yield current


def _person_watches() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def _progress(text: str) -> Iterator[None]:
    """Show on the last line what takes long, and take it away again."""
    over = threading.Event()
    shown = visible(text, _WIDTH)

    def tell() -> None:
        began = time.monotonic()
        if over.wait(_PATIENCE):
            return
        while True:
            sys.stderr.write(f"\r\x1b[K{shown} … {time.monotonic() - began:.0f} s")
            sys.stderr.flush()
            if over.wait(_TICK):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
                return

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
