"""One request to a forge's API, and its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gate import __version__
from gate.errors import UnreachableError
from gate.retrying import TEMPORARY, retry_after

_SECONDS = 30
_TRIES = 3
_LONGEST_WAIT = 30.0
_REFUSED = "answers {status}: the token may not {method} comments"
_HINT = (
    "GitHub: permissions: pull-requests: write; pull requests from forks have no "
    "such token. GitLab: a project access token with the scope api"
)
_NOT_ALLOWED = frozenset({401, 403, 404})


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: object | None,
    *,
    refused: str = _REFUSED,
    hint: str = _HINT,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """Return the decoded answer; UnreachableError where there is none, or it is a refusal.

    A redirect is not followed: the token is for the server it was given for.
    """
    import requests  # noqa: PLC0415 - 100 ms, only here

    host = urlsplit(url).netloc
    asked = {**headers, "User-Agent": f"patchgate/{__version__}"}
    for left in reversed(range(_TRIES)):
        try:
            answer = requests.request(
                method, url, headers=asked, json=body, timeout=_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise UnreachableError(
                f"cannot be reached ({type(error).__name__})",
                where=host,
                hint="check the network, HTTPS_PROXY and REQUESTS_CA_BUNDLE",
            ) from error
        # What was posted may have arrived: only a question is asked again.
        if method != "GET" or answer.status_code not in TEMPORARY or not left:
            break
        sleep(min(retry_after(answer.headers.get("Retry-After")) or 1.0, _LONGEST_WAIT))
    if answer.status_code in _NOT_ALLOWED:
        message = refused.format(status=answer.status_code, method=method)
        raise UnreachableError(message, where=host, hint=hint)
    if not answer.ok:
        raise UnreachableError(f"answers {answer.status_code}", where=host, hint="try again")
    try:
        return answer.json()
    except ValueError as error:
        raise UnreachableError("does not answer with JSON", where=host) from error
