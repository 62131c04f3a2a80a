"""What a push brings: which commits, and which of their files differ from what is there.

Rules: githooks(5), "pre-push".  Git writes a line for each ref, ``<local ref> <local
object> <remote ref> <remote object>``, zeros for what there is not.  pre-commit reads
these lines itself and sets ``PRE_COMMIT_*`` instead, for one ref.  Who sees neither is
not pushing, and is shown what HEAD has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from gate.errors import UsageError
from gate.run.git import Repository

_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)*")
"""A name; an address tells nothing of what the remote has."""
_CHANGED = (
    "diff-tree", "--stdin", "-r", "-z", "-c", "--root",
    "--no-commit-id", "--name-only", "--no-renames",
)  # fmt: skip
"""Files that each commit of standard input changes.  What a merge takes as it is from one
side is that side's change, which is among them or known to the remote already."""
_LINE = re.compile(r"(\S+) ([0-9a-f]{40,64}) (\S+) ([0-9a-f]{40,64})")


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One ref that is pushed."""

    ref: str
    """As the remote will call it."""
    new: str
    """Object that it will be; zeros where it is deleted."""
    old: str = ""
    """Object that it is; "" or zeros where there is none, or it is not known."""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """All that one `git push` sends to one remote."""

    remote: str = ""
    """Its name, or its address where it has none; "" where it is not known."""
    updates: tuple[Update, ...] = ()


class PushedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files that a ref brings, and what the remote has already."""

    ref: str
    commit: str
    base: str = ""
    """Commit that the remote has; "" where none is known."""
    paths: tuple[str, ...] = ()
    whole: bool = False
    """Whether these are all files, since nothing tells what the remote has."""


def read_push(lines: str, remote: str, environment: Mapping[str, str]) -> Push:
    """Return what is pushed, from the first source that speaks.

    `lines` are those of standard input, `remote` the hook's first argument.  UsageError
    where a line is not one of Git's.
    """
    if lines.strip():
        return Push(remote=remote, updates=tuple(_update(line) for line in lines.splitlines()))
    new = environment.get("PRE_COMMIT_TO_REF", "")
    named = environment.get("PRE_COMMIT_REMOTE_NAME", "")
    if named or new:
        update = Update(
            ref=environment.get("PRE_COMMIT_REMOTE_BRANCH", "HEAD"),
            new=new or environment.get("PRE_COMMIT_LOCAL_BRANCH", "HEAD"),
            old=environment.get("PRE_COMMIT_FROM_REF", ""),
        )
        return Push(remote=named, updates=(update,))
    if remote:
        # Git ran the hook and had nothing to push.
        return Push(remote=remote)
    return Push(updates=(Update(ref="HEAD", new="HEAD"),))


def pushed_files(repository: Repository, push: Push) -> list[PushedFiles]:
    """Return what each ref brings; nothing for refs that are deleted.

    UsageError where Git does not know what is pushed.
    """
    return [
        _pushed(repository, push.remote, update)
        for update in push.updates
        if not _is_zero(update.new)
    ]


def _update(line: str) -> Update:
    match = _LINE.fullmatch(line.strip())
    # "(delete)" is one word, so a deletion has the same shape.
    if match is None:
        raise UsageError(
            f"'{line[:200]}' is no line of a pre-push hook",
            where="standard input",
            hint="Git writes them; to look at a revision yourself, use --rev",
        )
    return Update(ref=match[3], new=match[2], old=match[4])


def _pushed(repository: Repository, remote: str, update: Update) -> PushedFiles:
    commit = _commit(repository, update.new)
    if not commit:
        raise UsageError(
            f"{update.ref}: '{update.new}' is not a commit, or not here",
            where=str(repository.folder),
            hint="a tag of something else than a commit names no images to judge",
        )
    old = "" if _is_zero(update.old) else _commit(repository, update.old)
    if old:
        compared = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, commit)
        paths = repository.names(*compared, "--")
        return PushedFiles(ref=update.ref, commit=commit, base=old, paths=tuple(sorted(paths)))
    news = _new_commits(repository, remote, commit)
    if news is None:
        paths = repository.names("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return PushedFiles(ref=update.ref, commit=commit, paths=tuple(sorted(paths)), whole=True)
    base, commits = news
    # diff-tree passes over a line without its end, without a word.
    lines = "".join(f"{name}\n" for name in commits)
    paths = repository.names(*_CHANGED, given=lines.encode()) if commits else []
    return PushedFiles(ref=update.ref, commit=commit, base=base, paths=tuple(sorted(set(paths))))


def _new_commits(repository: Repository, remote: str, commit: str) -> tuple[str, list[str]] | None:
    """Return a commit that `remote` has and those it has not; None where nothing tells.

    Nothing tells where no branch of the remote was ever fetched, or none of them has
    anything in common with `commit`.
    """
    if not _REMOTE.fullmatch(remote):
        return None
    if not repository.word("for-each-ref", "--count=1", f"refs/remotes/{remote}"):
        return None
    listed = repository.ask("rev-list", "--boundary", commit, "--not", f"--remotes={remote}")
    lines = listed.decode("ascii").split()
    known = [line[1:] for line in lines if line.startswith("-")]
    if not lines:
        return commit, []
    return (known[0], [line for line in lines if not line.startswith("-")]) if known else None


def _commit(repository: Repository, name: str) -> str:
    return repository.word(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )


def _is_zero(name: str) -> bool:
    return not name.strip("0")
