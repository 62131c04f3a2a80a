"""Signed identity tokens (JWT), verified with the keys that their issuer publishes.

Rules: RFC 7519 (claims), RFC 7515 (compact form, ``crit``), RFC 7517 and 7518 (keys, RS256,
ES256), and RFC 8725: the algorithm follows from the key and not from the token, and
nothing in the header of a token says where its key is.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.errors import VerificationError

_LARGEST = 64 * 1024
_SKEW = timedelta(minutes=1)
_PART = re.compile(r"[A-Za-z0-9_-]+")
_RSA_BITS = 2048
_COORDINATE = 32
"""Bytes of a coordinate and of each half of a signature on P-256."""


def verify(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, audience: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of a token that one of the JSON Web Keys `keys` has signed.

    VerificationError where the signature, the issuer, the audience or the time is not right.
    """
    header, claims, signed, signature = _parts(token)
    key = _key_for(header, keys)
    if not _is_signed(key, str(header["alg"]), signed, signature):
        raise VerificationError("the identity token is not signed by its issuer")
    _check_claims(claims, issuer, audience, now)
    return claims


def issuer_of(token: str) -> str:
    """Return who the token says has issued it, unverified; VerificationError for no token."""
    stated = _parts(token)[1].get("iss")
    return stated if isinstance(stated, str) else ""


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    parts = token.split(".")
    if len(token) > _LARGEST or len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise VerificationError("the identity token is no signed JWT")
    head, body, signature = map(_bytes, parts)
    return _object(head), _object(body), token.rpartition(".")[0].encode("ascii"), signature


def _bytes(part: str) -> bytes:
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError("the identity token is not base64url") from error
    # The last character has bits that mean nothing: only one spelling of them is right.
    if base64.urlsafe_b64encode(content).rstrip(b"=") != part.encode("ascii"):
        raise VerificationError("the identity token is not in its one spelling")
    return content


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise VerificationError("the identity token holds no JSON") from error
    if not isinstance(value, dict):
        raise VerificationError("the identity token holds no JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _key_for(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the key that the header names, if its kind is that of the algorithm."""
    kinds = {"RS256": "RSA", "ES256": "EC"}
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in kinds:
        raise VerificationError(
            f"the identity token is signed by '{str(algorithm)[:40]}': only RS256 and ES256 count"
        )
    if "crit" in header:
        raise VerificationError("the identity token demands an extension that is not known")
    fitting = [
        key
        for key in keys
        if isinstance(kid, str)
        and key.get("kid") == kid
        and key.get("kty") == kinds[algorithm]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
    ]
    if len(fitting) != 1:
        raise VerificationError(
            f"the issuer has no {algorithm} key of the name '{str(kid)[:80]}'",
            hint="keys change: run it again, and give a current file if you gave one",
        )
    return fitting[0]


def _is_signed(key: Mapping[str, Any], algorithm: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 16 ms, only here
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils  # noqa: PLC0415

    try:
        if algorithm == "RS256":
            numbers = rsa.RSAPublicNumbers(_number(key, "e"), _number(key, "n"))
            if numbers.n.bit_length() < _RSA_BITS:
                raise VerificationError("the issuer's key is too short")
            public = numbers.public_key()
            public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            return True
        if key.get("crv") != "P-256" or len(signature) != 2 * _COORDINATE:
            return False
        point = ec.EllipticCurvePublicNumbers(
            _number(key, "x"), _number(key, "y"), ec.SECP256R1()
        ).public_key()
        halves = signature[:_COORDINATE], signature[_COORDINATE:]
        encoded = utils.encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))
        point.verify(encoded, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    except ValueError as error:
        raise VerificationError("the issuer's key is none") from error
    return True


def _number(key: Mapping[str, Any], name: str) -> int:
    value = key.get(name)
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise VerificationError("the issuer's key is incomplete")
    return int.from_bytes(_bytes(value), "big")


def _check_claims(claims: Mapping[str, Any], issuer: str, audience: str, now: datetime) -> None:
    if claims.get("iss") != issuer:
        raise VerificationError(f"the identity token is not of {issuer}")
    stated = claims.get("aud")
    if audience not in (stated if isinstance(stated, list) else [stated]):
        raise VerificationError(
            f"the identity token is meant for '{str(stated)[:80]}', not for '{audience}'",
            hint=f"ask the CI for a token with the audience {audience}",
        )
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise VerificationError("the identity token names nobody (sub)")
    if now - _SKEW > _time(claims, "exp"):
        raise VerificationError(f"the identity token ended at {_time(claims, 'exp'):%H:%M:%S} UTC")
    for name in ("nbf", "iat"):
        if name in claims and now + _SKEW < _time(claims, name):
            raise VerificationError("the identity token is of the future")


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VerificationError(f"the identity token does not say when it ends ({name})")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise VerificationError(f"the identity token has no valid time ({name})") from error
