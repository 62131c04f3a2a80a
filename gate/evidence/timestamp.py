"""Time stamps of an authority (RFC 3161): this was there at that time.

Only the configured root certificates are trusted.  What a token brings along may
help to build the chain to them, and the certificates must have been valid when the
token was made, not now.  Needs the extra ``timestamp``.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from gate.errors import EvidenceError, VerificationError

MAX_TOKEN = 256 * 1024
"""Largest response that is read, in bytes."""
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SECONDS = 30
_EXTRA = "pip install 'patchgate[timestamp]'"


def request(content: bytes, url: str, authorities: tuple[bytes, ...]) -> tuple[bytes, datetime]:
    """Return a token over the SHA-256 of `content` from the authority at `url`, and its time.

    It is verified before it is returned: nonce, imprint, chain.  EvidenceError where
    there is none that verifies.
    """
    tsp = _library(EvidenceError)
    sha256 = tsp.HashAlgorithm.SHA256
    query = tsp.TimestampRequestBuilder(data=content, hash_algorithm=sha256).build()
    token = _post(url, query.as_bytes())
    try:
        made = _verify(token, content, authorities, query.nonce)
    except VerificationError as error:
        raise EvidenceError(
            f"the time stamp of this authority does not verify: {error.what}",
            where=url,
            hint="check the authority, and that --tsa-ca holds its root certificate",
        ) from error
    return token, made


def verify(token: bytes, content: bytes, authorities: tuple[bytes, ...]) -> datetime:
    """Return the time at which `content` was there; VerificationError where `token` proves none."""
    return _verify(token, content, authorities, None)


def _verify(
    token: bytes, content: bytes, authorities: tuple[bytes, ...], nonce: int | None
) -> datetime:
    from cryptography import x509  # noqa: PLC0415 - only for time stamps

    tsp = _library(VerificationError)
    if not authorities:
        raise VerificationError("no time stamp authority is trusted (time_stamp_authorities)")
    if len(token) > MAX_TOKEN:
        raise VerificationError(f"is larger than {MAX_TOKEN:,} bytes")
    try:
        roots = [cert for pem in authorities for cert in x509.load_pem_x509_certificates(pem)]
        response = tsp.decode_timestamp_response(token)
        info = response.tst_info
        if info.message_imprint.hash_algorithm.dotted_string != _SHA256:
            raise VerificationError("its imprint is not a SHA-256")
        # Constructed anew each time: the builder shares its lists.
        verifier = tsp.VerifierBuilder(roots=roots, intermediates=[], nonce=nonce).build()
        verifier.verify(response, hashlib.sha256(content).digest())
        made = info.gen_time
    except (ValueError, TypeError, tsp.VerificationError) as error:
        raise VerificationError(f"{error}" or type(error).__name__) from error
    if not isinstance(made, datetime):
        raise VerificationError("it has no time")
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)


def _post(url: str, query: bytes) -> bytes:
    import requests  # noqa: PLC0415 - only for time stamps

    try:
        with requests.post(
            url,
            data=query,
            headers={"Content-Type": "application/timestamp-query"},
            timeout=_SECONDS,
            stream=True,
            allow_redirects=False,
        ) as answer:
            content: bytes = answer.raw.read(MAX_TOKEN + 1, decode_content=True)
    except (requests.RequestException, OSError, ValueError) as error:
        raise EvidenceError(
            f"the time stamp authority cannot be reached: {type(error).__name__}",
            where=url,
            hint="check the address and the network; the ledger is as it was",
        ) from error
    if answer.status_code != 200 or len(content) > MAX_TOKEN:
        raise EvidenceError(f"the authority answers {answer.status_code}", where=url)
    return content


def _library(failure: type[EvidenceError | VerificationError]) -> Any:
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise failure("time stamps need the extra 'timestamp'", hint=_EXTRA) from error
    return rfc3161_client
