"""Files as a Git revision holds them: so that a change cannot excuse itself.

In a pull request the policy and the exceptions are those of the base, whatever
the change makes of them.  Git is asked for objects by name; nothing is checked
out, and no hook or filter of the repository runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gate.errors import UsageError
from gate.run.git import Repository

_LARGEST_EVENT = 64 * 1024 * 1024


class _MergeGroup(msgspec.Struct):
    base_sha: str


class _MergeEvent(msgspec.Struct):
    merge_group: _MergeGroup


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of a repository."""

    root: Path
    """Of the work tree; absolute."""
    commit: str
    name: str
    """As it was given."""

    def read(self, path: Path) -> bytes | None:
        """Return what the commit holds of the file `path` of the work tree; None if it has none."""
        name = self._name(path)
        if name is None or self._kind(name) != "blob":
            return None
        return _git(self.root, "cat-file", "blob", f"{self.commit}:{name}")

    def files(self, path: Path) -> list[tuple[str, bytes | str]] | None:
        """Return name and content of the files in the folder `path`; None if there is none."""
        name = self._name(path)
        if name is None or self._kind(name) != "tree":
            return None
        listed = _git(self.root, "ls-tree", "-z", "--name-only", f"{self.commit}:{name}")
        names = [part.decode("utf-8", "surrogateescape") for part in listed.split(b"\0") if part]
        return [
            (child, content)
            for child in sorted(names)
            if (content := self.read(path / child)) is not None
        ]

    def archive(self, path: Path) -> bytes:
        """Return the folder `path` of the work tree as the commit holds it, as a tar.

        UsageError where it is not within the repository, or the commit has none.
        """
        name = self._name(path.resolve())
        if name is None:
            raise UsageError("is not within the repository", where=str(path))
        return _git(self.root, "archive", "--format=tar", f"{self.commit}:{name}")

    def _name(self, path: Path) -> str | None:
        """Return the name of `path` within the repository, None for one outside of it."""
        try:
            return path.absolute().relative_to(self.root).as_posix().removeprefix(".")
        except ValueError:
            return None

    def _kind(self, name: str) -> str:
        try:
            return _git(self.root, "cat-file", "-t", f"{self.commit}:{name}").decode().strip()
        except UsageError:
            return ""


def find_revision(folder: Path, name: str) -> Revision:
    """Return the commit that `name` stands for in the repository around `folder`.

    UsageError where there is no repository, or the commit is not in it.
    """
    root = _git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n")
    try:
        commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except UsageError as error:
        raise UsageError(
            f"there is no revision '{name}' here",
            where="--base-rev",
            hint="fetch it first (git fetch --depth 1 origin BRANCH); --base-rev none judges by "
            "the files as they are, and the change could excuse itself",
        ) from error
    return Revision(root=Path(root), commit=commit.decode().strip(), name=name)


def base_of_change(environment: Mapping[str, str]) -> str:
    """Return the revision that a pull or merge request in CI changes; "" outside of one."""

    def branch(name: str) -> str:
        value = environment.get(name, "").removeprefix("refs/heads/")
        return f"origin/{value}" if value else ""

    if environment.get("GITHUB_ACTIONS") == "true":
        return branch("GITHUB_BASE_REF") or _merge_queue(environment)
    if environment.get("GITLAB_CI") == "true":
        return environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    if environment.get("TF_BUILD") == "True":
        return branch("SYSTEM_PULLREQUEST_TARGETBRANCH")
    if environment.get("BUILDKITE") == "true":
        return branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH")
    if environment.get("BITBUCKET_BUILD_NUMBER"):
        return branch("BITBUCKET_PR_DESTINATION_BRANCH")
    if environment.get("JENKINS_URL"):
        return branch("CHANGE_TARGET")
    return ""


def _merge_queue(environment: Mapping[str, str]) -> str:
    """Return what a merge group of GitHub is added to, which only the event says."""
    if environment.get("GITHUB_EVENT_NAME") != "merge_group":
        return ""
    try:
        with Path(environment["GITHUB_EVENT_PATH"]).open("rb") as file:
            event = msgspec.json.decode(file.read(_LARGEST_EVENT), type=_MergeEvent)
    except (OSError, KeyError, msgspec.MsgspecError) as error:
        raise UsageError(
            "does not say what this merge group is based on",
            where="GITHUB_EVENT_PATH",
            hint="give the base with --base-rev",
        ) from error
    return event.merge_group.base_sha


def committed(folder: Path, revision: str, path: str) -> bytes:
    """Return the file `path`, seen from `folder`, as `revision` of the repository there holds it.

    UsageError where there is no such repository, revision or file.
    """
    name = ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"]
    commit = _git(folder, *name).decode().strip()
    return _git(folder, "cat-file", "blob", f"{commit}:./{path}")


def fetched(repository: str, revision: str, path: str) -> bytes:
    """Return the file `path` of `revision` (tag, branch or commit) of another repository.

    Only that revision is fetched, into a folder that is gone afterwards.
    UsageError where it cannot be.
    """
    with tempfile.TemporaryDirectory(prefix="patchgate-git-") as name:
        folder = Path(name)
        _git(folder, "init", "--quiet", "--bare")
        _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", repository, revision)
        return _git(folder, "cat-file", "blob", f"FETCH_HEAD:{path}")


def _git(folder: Path, *arguments: str) -> bytes:
    return Repository(folder=folder).ask(*arguments)
