"""One comment on a pull or merge request, written anew each time it is posted.

A mark that nobody sees, on the comment's first line, names the image and the job, so that
the jobs of a matrix do not write over each other.  Only a comment of the same author is
changed: anybody can write a mark.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from gate.errors import UnreachableError, UsageError

_MARK = re.compile(r"<!-- patchgate:[0-9a-f]{32} -->")
_PAGES = 30
_PAGE = 100
_LARGEST_EVENT = 64 * 1024 * 1024

Ask = Callable[[str, str, Mapping[str, str], object | None], Any]
"""Method, URL, headers and body to the decoded answer; UnreachableError where there is none."""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment that is there."""

    place: str
    """URL by which it is changed."""
    text: str
    own: bool
    """Whether it is of the author that posts."""


class Forge(Protocol):
    """Where comments are posted."""

    limit: int
    """Characters that one may have."""

    def comments(self) -> Iterator[Comment]:
        """Yield the comments of the request."""

    def create(self, text: str) -> None:
        """Post a new comment."""

    def change(self, comment: Comment, text: str) -> None:
        """Replace the text of one."""


def post(forge: Forge, text: str, job: str) -> str:
    """Post `text` once: return what was done, ``created``, ``updated`` or ``unchanged``.

    UsageError where the text is no summary of patchgate or too long, UnreachableError where
    the forge does not take it.
    """
    first, _, rest = text.partition("\n")
    if not _MARK.fullmatch(first.strip()):
        raise UsageError(
            "does not begin with patchgate's mark",
            where="the comment",
            hint="post what `patchgate check -o markdown=FILE` wrote",
        )
    mark = f"{first.strip()[:-4]} {hashlib.sha256(job.encode()).hexdigest()[:16]} -->"
    marked = f"{mark}\n{rest}"
    if len(marked) > forge.limit:
        raise UsageError(f"has more than {forge.limit:,} characters", where="the comment")
    for comment in forge.comments():
        if comment.own and comment.text.startswith(mark):
            if comment.text.replace("\r\n", "\n").rstrip() == marked.rstrip():
                return "unchanged"
            forge.change(comment, marked)
            return "updated"
    forge.create(marked)
    return "created"


def find_forge(environment: Mapping[str, str], token: str, ask: Ask) -> Forge | None:
    """Return the request that the pipeline runs for; None where it runs for none."""
    if environment.get("GITHUB_ACTIONS") == "true":
        number = _pull_request(environment.get("GITHUB_EVENT_PATH", ""))
        return _GitHub(environment, number, token, ask) if number else None
    if environment.get("GITLAB_CI") == "true" and environment.get("CI_MERGE_REQUEST_IID"):
        return _GitLab(environment, token, ask)
    return None


def _pull_request(path: str) -> int:
    """Return the number of the pull request that an event is about; 0 for none."""
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(_LARGEST_EVENT))
        number = event["pull_request"]["number"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return number if isinstance(number, int) else 0


class _GitHub:
    """REST API, version 2022-11-28: "Issue comments"."""

    limit = 65_536

    def __init__(self, environment: Mapping[str, str], number: int, token: str, ask: Ask) -> None:
        self._api = environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        self._base = f"{self._api}/repos/{environment.get('GITHUB_REPOSITORY', '')}/issues"
        self._number = number
        self._ask = ask
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def comments(self) -> Iterator[Comment]:
        me = self._me()
        for page in range(1, _PAGES + 1):
            url = f"{self._base}/{self._number}/comments?per_page={_PAGE}&page={page}"
            found = self._ask("GET", url, self._headers, None)
            for item in found:
                yield Comment(
                    place=f"{self._base}/comments/{int(item['id'])}",
                    text=str(item.get("body") or ""),
                    own=(item.get("user") or {}).get("login") == me,
                )
            if len(found) < _PAGE:
                return

    def create(self, text: str) -> None:
        self._ask("POST", f"{self._base}/{self._number}/comments", self._headers, {"body": text})

    def change(self, comment: Comment, text: str) -> None:
        self._ask("PATCH", comment.place, self._headers, {"body": text})

    def _me(self) -> str:
        """Return who posts: a workflow's own token may not ask, and is that of the bot."""
        try:
            return str(self._ask("GET", f"{self._api}/user", self._headers, None)["login"])
        except UnreachableError:
            return "github-actions[bot]"


class _GitLab:
    """REST API, version 4: "Notes", "Merge requests"."""

    limit = 1_000_000

    def __init__(self, environment: Mapping[str, str], token: str, ask: Ask) -> None:
        self._api = environment.get("CI_API_V4_URL", "https://gitlab.com/api/v4").rstrip("/")
        project = environment.get("CI_PROJECT_ID", "")
        request = environment.get("CI_MERGE_REQUEST_IID", "")
        self._base = f"{self._api}/projects/{project}/merge_requests/{request}/notes"
        self._ask = ask
        self._headers = {"PRIVATE-TOKEN": token}

    def comments(self) -> Iterator[Comment]:
        me = self._ask("GET", f"{self._api}/user", self._headers, None)["id"]
        for page in range(1, _PAGES + 1):
            url = f"{self._base}?per_page={_PAGE}&page={page}"
            found = self._ask("GET", url, self._headers, None)
            for item in found:
                yield Comment(
                    place=f"{self._base}/{int(item['id'])}",
                    text=str(item.get("body") or ""),
                    own=(item.get("author") or {}).get("id") == me,
                )
            if len(found) < _PAGE:
                return

    def create(self, text: str) -> None:
        self._ask("POST", self._base, self._headers, {"body": text})

    def change(self, comment: Comment, text: str) -> None:
        self._ask("PUT", comment.place, self._headers, {"body": text})
