"""Asking Git for what a repository holds, by name; nothing is checked out.

No hook, filter or pager of the repository runs, and no text from it is part of a
command line other than as an argument.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from gate.errors import UsageError

_SECONDS = 30
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
"""Variables that a hook sets for its own repository, which may be another one."""
_CAREFUL = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:ssh:file:http"}
"""Nobody is asked for a password, and no address starts a program."""


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository, as seen from a folder."""

    folder: Path
    own: bool = False
    """Whether a hook of this repository asks, so that the variables it was given count."""

    def ask(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what Git prints; UsageError with what it said where it fails."""
        environment = {
            name: value for name, value in os.environ.items() if self.own or name not in _OF_A_HOOK
        }
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; arguments are never a shell's
                ["git", "-C", str(self.folder), *arguments],  # noqa: S607 - the user's own git
                input=given,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                env=environment,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"git cannot be asked: {error}", where=str(self.folder)) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            what = f"git says: {said[0] if said else 'nothing'}"
            raise UsageError(what, where=str(self.folder))
        return done.stdout

    def word(self, *arguments: str) -> str:
        """Return the one line that Git prints; "" where it fails."""
        try:
            return self.ask(*arguments).decode("utf-8", "surrogateescape").rstrip("\n")
        except UsageError:
            return ""

    def names(self, *arguments: str, given: bytes = b"") -> list[str]:
        """Return what Git prints with ``-z``."""
        printed = self.ask(*arguments, given=given)
        return [part.decode("utf-8", "surrogateescape") for part in printed.split(b"\0") if part]

    def blobs(self, commit: str, paths: Iterable[str]) -> dict[str, bytes | None]:
        """Return the content of files in `commit`; None for what is no file in it."""
        return dict(self._blobs(commit, list(paths)))

    def _blobs(self, commit: str, paths: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        # One line is one object, so a name with a line break is asked for by itself.
        asked = [path for path in paths if "\n" not in path]
        for path in paths:
            if "\n" in path:
                yield path, self.ask("cat-file", "blob", f"{commit}:{path}")
        if not asked:
            return
        lines = "".join(f"{commit}:{path}\n" for path in asked)
        given = lines.encode("utf-8", "surrogateescape")
        # A link leads to what it names in the same commit; one that leads out has no content.
        answer = self.ask("cat-file", "--batch", "--follow-symlinks", given=given)
        at = 0
        for path in asked:
            end = answer.index(b"\n", at)
            head = answer[at:end]
            at = end + 1
            kind, _, size = head.rpartition(b" ")
            if not size.isdigit():
                yield path, None
                continue
            content = answer[at : at + int(size)]
            at += int(size) + 1
            yield path, content if kind.endswith(b" blob") else None


def repository_around(folder: Path) -> Repository:
    """Return the repository that `folder` is in, bare or not; UsageError where there is none."""
    here = Repository(folder=folder, own=True)
    top = here.word("rev-parse", "--show-toplevel")
    top = top or here.word("rev-parse", "--absolute-git-dir")
    if not top:
        raise UsageError(
            "is not in a Git repository", where=str(folder), hint="run it in a work tree"
        )
    return Repository(folder=Path(top), own=True)
