"""One HTTP request: within the time allowed, without cookies, .netrc or redirects.

What a library says about a failure may hold a URL with a signature or a proxy's
password in it, so that none of its text reaches a message.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, TypeVar

from gate import __version__
from gate.errors import UnreachableError, UsageError
from gate.sources.budget import Meter

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
"""Between two pieces of an answer."""
_HEADER_SECONDS = 120.0
"""Until all headers are there: a server may send them one byte at a time."""
_PIECE = 256 * 1024

T = TypeVar("T")


class TryAgain(Exception):  # noqa: N818 - a request to try again, not a failure
    """This attempt failed and another may succeed."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause
        """Seconds that the server asks to wait, where it does."""


class Transport:
    """Sends requests until the time of the budget is over.  Safe to use from several threads."""

    def __init__(self, meter: Meter, sleep: Callable[[float], None]) -> None:
        """Open a session; proxies and the CA bundle come from the environment."""
        self._meter = meter
        self._sleep = sleep
        self._deadline = time.monotonic() + meter.budget.seconds
        self._session = _new_session()

    def send(
        self,
        url: str,
        headers: Mapping[str, str],
        where: str,
        form: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> requests.Response:
        """GET `url`, or POST `form` to it, or send `body`; the answer's body is still to be read.

        Raises TryAgain, UnreachableError, UsageError, or BudgetError at the deadline.
        """
        self._meter.check_time(where)
        left = max(0.001, self._deadline - time.monotonic())
        try:
            return _within(
                min(_HEADER_SECONDS, left),
                lambda: self._request(
                    "POST" if form is not None else method, url, headers, form or body, where, left
                ),
            )
        except TimeoutError:
            self._meter.check_time(where)
            raise TryAgain("the server took too long to answer") from None

    def pieces(self, response: requests.Response, where: str) -> Iterator[bytes]:
        """Yield the body as it comes, in pieces of about 256 KiB; TryAgain where it breaks off."""
        import requests  # noqa: PLC0415
        import urllib3  # noqa: PLC0415

        gathered: list[bytes] = []
        size = 0
        broken = False
        while True:
            self._meter.check_time(where)
            try:
                # One recv at a time: a body that drips must not outrun the clock.
                piece = response.raw.read1(_PIECE, decode_content=False)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
                broken, piece = True, b""
            gathered.append(piece)
            size += len(piece)
            if size >= _PIECE or (size and not piece):
                yield b"".join(gathered)
                gathered, size = [], 0
            if not piece:
                break
        if broken:
            raise TryAgain("the connection broke off")

    def pause(self, seconds: float) -> bool:
        """Wait; False, at once, where the time allowed ends before."""
        if time.monotonic() + seconds > self._deadline:
            return False
        self._sleep(seconds)
        return True

    def _request(  # noqa: PLR0917 - what a request is made of
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, str] | bytes | None,
        where: str,
        left: float,
    ) -> requests.Response:
        import requests  # noqa: PLC0415
        import urllib3  # noqa: PLC0415

        try:
            return self._session.request(
                method,
                url,
                headers=dict(headers),
                data=body,
                stream=True,
                allow_redirects=False,
                timeout=(min(_CONNECT_SECONDS, left), min(_SILENCE_SECONDS, left)),
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _explained(error, where) from None
        except OSError:
            raise UsageError(
                "names no file",
                where="REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE",
                hint="it holds the path of a file with CA certificates (PEM)",
            ) from None


def _new_session() -> requests.Session:
    import requests  # noqa: PLC0415 - 150 ms, only for this kind of target

    class Session(requests.Session):
        """One that leaves redirects alone: the library would read their bodies whole."""

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            del resp
            return None

    session = Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = lambda request: request  # or .netrc would be asked
    session.headers["User-Agent"] = f"patchgate/{__version__}"
    session.headers["Accept-Encoding"] = "identity"
    return session


def _within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns; TimeoutError when it takes longer, and it is left behind."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed over to the caller
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=seconds)


_HOPELESS: tuple[tuple[str, str, str], ...] = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its certificate is not trusted",
        "name a file with your CA in REQUESTS_CA_BUNDLE",
    ),
    (
        "WRONG_VERSION_NUMBER",
        "it does not speak TLS",
        "if plain HTTP will do there: PATCHGATE_REGISTRIES=HOST=http://HOST",
    ),
    ("NameResolutionError", "the host name does not resolve", "check the name and the network"),
    ("ProxyError", "the proxy does not let it through", "check HTTPS_PROXY and NO_PROXY"),
    ("Connection refused", "the connection was refused", "check host and port"),
)
"""Signs of what a second try does not mend, what they mean, and what to do."""


def _explained(error: Exception, where: str) -> Exception:
    """Say what went wrong on the way, without a word of the library's own."""
    import requests  # noqa: PLC0415

    said = f"{type(error).__name__} {error!r} {error}"
    for sign, meaning, hint in _HOPELESS:
        if sign in said:
            return UnreachableError(meaning, where=where, hint=hint)
    if isinstance(error, requests.Timeout):
        return TryAgain("the server took too long to answer")
    if isinstance(error, requests.exceptions.SSLError):
        return UnreachableError("TLS failed", where=where, hint="check host, port and proxy")
    if isinstance(error, requests.ConnectionError):
        return TryAgain("the connection broke off")
    return UnreachableError(
        f"cannot be asked ({type(error).__name__})", where=where, hint="check host, port and proxy"
    )
