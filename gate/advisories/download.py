"""Fetch archives and small files over HTTP: conditional, resumed, bounded.

Rules: RFC 9110 sections 8.8.3 (ETag), 13.1.2 (If-None-Match), 13.1.5 (If-Range),
14 (ranges) and 10.2.3 (Retry-After).  What has arrived stays in a partial file
with the ETag it belongs to, so that the next attempt, or the next run, goes on
where this one stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gate.durable import Disk
from gate.errors import AdvisoryError, UnreachableError
from gate.retrying import TEMPORARY, retry_after

if TYPE_CHECKING:
    import requests

ARCHIVE_BYTES = 4 * 1024**3
"""Largest archive that is downloaded."""
LISTING_BYTES = 256 * 1024**2
"""Largest file that is taken into memory."""

_ATTEMPTS = 6
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_TIMEOUTS = (10.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""
_CHUNK = 256 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

_disk = Disk(AdvisoryError)
T = TypeVar("T")


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that is complete on disk, or word that it has not changed."""

    changed: bool
    etag: str = ""
    spared: bool = False
    """The archive has changed, and the caller had no need of it (see `Downloader.fetch`)."""


class Small(msgspec.Struct, frozen=True, kw_only=True):
    """A small file, or word that it has not changed."""

    content: bytes | None
    """None where it is still the one that is known."""
    etag: str = ""


class _Spared(Exception):  # noqa: N818 - not a failure
    """The caller has what it wants without this archive."""


class _Again(Exception):  # noqa: N818 - a request to try again, not a failure
    """This attempt failed and another may succeed."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause


class Downloader:
    """Downloads into partial files, with retries until a deadline."""

    def __init__(
        self,
        session: requests.Session,
        *,
        deadline: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use `session`; give up at `deadline` (seconds of `time.monotonic`)."""
        self._session = session
        self._deadline = deadline
        self._sleep = sleep

    def fetch(
        self, url: str, path: Path, known_etag: str, instead: Callable[[], bool] | None = None
    ) -> Fetched:
        """Download `url` to `path`, unless the server says that it still is `known_etag`.

        Where it has changed, and nothing of it has arrived yet, `instead` is asked
        first: if it says True, the archive is left where it is.
        `path` holds what an earlier attempt left of it, and is complete on
        return.  Raises UnreachableError for trouble on the way, AdvisoryError
        for an answer that is no archive; the partial file stays where it helps.
        """
        try:
            return self._persist(url, lambda: self._attempt(url, path, known_etag, instead))
        except _Spared:
            return Fetched(changed=False, spared=True)

    def get(self, url: str, known_etag: str = "", body: bytes | None = None) -> Small | None:
        """Return a small file; None where there is none (404).  `body` is posted as JSON.

        Raises as `fetch`.
        """
        return self._persist(url, lambda: self._small(url, known_etag, body))

    def _persist(self, url: str, attempt: Callable[[], T]) -> T:
        pause = _FIRST_PAUSE
        for number in range(1, _ATTEMPTS + 1):
            try:
                return attempt()
            except _Again as failure:
                wait = failure.pause if failure.pause is not None else pause
                if number == _ATTEMPTS or time.monotonic() + wait > self._deadline:
                    raise UnreachableError(
                        f"cannot be downloaded: {failure.reason} (tried {number} times)",
                        where=url,
                        hint="run the command again: it goes on where it stopped; "
                        "the store is as it was",
                    ) from failure
                self._sleep(wait)
                pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("the loop returns or raises")

    def _small(self, url: str, known_etag: str, body: bytes | None) -> Small | None:
        import requests  # noqa: PLC0415 - 150 ms that only a download needs
        import urllib3  # noqa: PLC0415 - as requests, which it is a part of

        headers = {"If-None-Match": known_etag} if known_etag else {}
        method = "GET"
        if body is not None:
            headers["Content-Type"] = "application/json"
            method = "POST"
        try:
            with self._session.request(
                method, url, headers=headers, data=body, stream=True, timeout=_TIMEOUTS
            ) as response:
                if response.status_code == requests.codes.not_modified:
                    return Small(content=None, etag=known_etag)
                if response.status_code == requests.codes.not_found:
                    return None
                if response.status_code != requests.codes.ok:
                    raise _refused(response, url)
                return Small(
                    content=self._whole(response, url), etag=response.headers.get("ETag", "")
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _Again(_reason(error)) from error

    def _whole(self, response: requests.Response, url: str) -> bytes:
        content = bytearray()
        received = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            content += chunk
            received += len(chunk)
            if received > LISTING_BYTES:
                raise AdvisoryError(f"is larger than {LISTING_BYTES:,} bytes", where=url)
            if time.monotonic() > self._deadline:
                raise _Again("the time allowed is over")
        length = response.headers.get("Content-Length", "")
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        if length.isdecimal() and not encoded and received != int(length):
            raise _Again(f"{received:,} of {int(length):,} bytes arrived")
        return bytes(content)

    def _attempt(
        self, url: str, path: Path, known_etag: str, instead: Callable[[], bool] | None
    ) -> Fetched:
        import requests  # noqa: PLC0415 - 150 ms that only a download needs

        have, etag = _partial(path)
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": etag}
        elif known_etag:
            headers["If-None-Match"] = known_etag
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=_TIMEOUTS
            ) as response:
                return self._receive(response, url, path, have, instead)
        except requests.RequestException as error:
            raise _Again(_reason(error)) from error

    def _receive(
        self,
        response: requests.Response,
        url: str,
        path: Path,
        have: int,
        instead: Callable[[], bool] | None,
    ) -> Fetched:
        import requests  # noqa: PLC0415 - 150 ms that only a download needs
        import urllib3  # noqa: PLC0415 - as requests, which it is a part of

        status = response.status_code
        if status == requests.codes.not_modified:
            return Fetched(changed=False)
        if status == requests.codes.requested_range_not_satisfiable:
            discard(path)
            raise _Again("the server has less than was received before", 0.0)
        if status not in {requests.codes.ok, requests.codes.partial_content}:
            raise _refused(response, url)
        etag = response.headers.get("ETag", "")
        if status == requests.codes.partial_content:
            _check_range(response, path, have)
        else:
            have = 0
            if instead is not None and instead():
                raise _Spared
        _mark(path, etag)
        try:
            self._write(response, url, path, have)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _Again(_reason(error)) from error
        return Fetched(changed=True, etag=etag)

    def _write(self, response: requests.Response, url: str, path: Path, have: int) -> None:
        total = have
        with _disk.explained("write", path), path.open("r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                if total == 0 and not chunk.startswith(b"PK"):
                    raise AdvisoryError(
                        f"is no zip archive: it begins with {chunk[:24]!r}",
                        where=url,
                        hint="check the base URL, and whether a proxy answers in its place",
                    )
                total += len(chunk)
                if total > ARCHIVE_BYTES:
                    raise AdvisoryError(f"is larger than {ARCHIVE_BYTES:,} bytes", where=url)
                file.write(chunk)
                if time.monotonic() > self._deadline:
                    raise _Again("the time allowed is over")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and total - have != int(length):
            raise _Again(f"{total - have:,} of {int(length):,} bytes arrived")


def discard(path: Path) -> None:
    """Forget what was received of an archive."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        _mark_path(path).unlink(missing_ok=True)


def _partial(path: Path) -> tuple[int, str]:
    """Return how many bytes an earlier attempt left, and their ETag; 0 where they are no use.

    A weak ETag promises equal meaning, not equal bytes: nothing is added to it.
    """
    with suppress(OSError, UnicodeDecodeError):
        etag = _mark_path(path).read_bytes().decode("ascii")
        size = path.stat().st_size
        if etag.startswith('"') and size:
            return size, etag
    return 0, ""


def _mark(path: Path, etag: str) -> None:
    _disk.write_file(_mark_path(path), etag.encode("ascii", "replace"))


def _mark_path(path: Path) -> Path:
    return path.with_name(path.name + ".etag")


def _check_range(response: requests.Response, path: Path, have: int) -> None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != have:
        discard(path)
        raise _Again("the server sent another part than the one asked for", 0.0)


def _refused(response: requests.Response, url: str) -> Exception:
    status = response.status_code
    if status in TEMPORARY:
        return _Again(
            f"the server answers {status} {response.reason}",
            retry_after(response.headers.get("Retry-After")),
        )
    if status == 404:
        return AdvisoryError(
            "does not exist (404)",
            where=url,
            hint="ecosystems are spelled as OSV spells them: Debian, AlmaLinux, crates.io, PyPI",
        )
    return UnreachableError(
        f"the server answers {status} {response.reason}",
        where=url,
        hint="check the base URL, the proxy and the permissions",
    )


def _reason(error: Exception) -> str:
    """Say in a few words what went wrong on the way."""
    text = str(error)
    for sign, meaning in (
        ("Name or service not known", "the host name does not resolve"),
        ("Temporary failure in name resolution", "the host name does not resolve"),
        ("Connection refused", "the connection was refused"),
        ("timed out", "the server took too long"),
        ("IncompleteRead", "the connection broke off"),
        ("CERTIFICATE_VERIFY_FAILED", "the server's certificate is not trusted"),
    ):
        if sign in text:
            return meaning
    return f"{type(error).__name__}: {text[:200]}"
