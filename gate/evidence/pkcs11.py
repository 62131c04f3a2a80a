"""Keys in an HSM or a smart card, by a PKCS #11 URI (RFC 7512); needs the extra ``pkcs11``.

The private half never leaves the token.  Ed25519 keys sign with CKM_EDDSA, P-256
keys with CKM_ECDSA over the SHA-256 that is taken here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gate.errors import EvidenceError
from gate.evidence.keys import Ed25519VerifyingKey, VerifyingKey
from gate.evidence.p256 import P256VerifyingKey, der

SCHEME = "pkcs11:"
MODULE = "PATCHGATE_PKCS11_MODULE"
PIN = "PATCHGATE_PKCS11_PIN"
_P256_PARAMETERS = bytes.fromhex("06082a8648ce3d030107")


class KeyUri(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a PKCS #11 URI that find a key."""

    token: str = ""
    serial: str = ""
    object: str = ""
    id: bytes = b""
    module: str = ""
    pin: str | None = None
    pin_source: str = ""


def parse_uri(uri: str) -> KeyUri:
    """Return the parts of `uri`; EvidenceError where it is none, or asks for what is not done."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    found: dict[str, Any] = {}
    names = {
        "token": "token", "serial": "serial", "object": "object", "id": "id",
        "module-path": "module", "pin-value": "pin", "pin-source": "pin_source",
    }  # fmt: skip
    for part in [*path.split(";"), *query.split("&")]:
        if not part or part == "type=private":
            continue
        name, equals, value = part.partition("=")
        field = names.get(name)
        if field is None or not equals or field in found:
            raise EvidenceError(
                f"'{name[:40]}' is unknown or given twice in a PKCS #11 URI",
                where="--key",
                hint="pkcs11:token=NAME;object=LABEL?module-path=/usr/lib/….so",
            )
        raw = unquote_to_bytes(value)
        found[field] = raw if field == "id" else raw.decode("utf-8", "replace")
    return KeyUri(**found)


class TokenSigner:
    """A key in a token.  Implements `gate.evidence.keys.Signer`."""

    def __init__(self, uri: KeyUri, environment: Mapping[str, str]) -> None:
        """Look the key up; EvidenceError where it is not there."""
        self._uri = uri
        self._environment = environment
        with self._session() as session:
            self._verifying_key = _public(session, uri)

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half, as the token has it."""
        return self._verifying_key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`; EvidenceError where the token refuses."""
        import pkcs11  # noqa: PLC0415 - an extra

        with self._session() as session:
            private = _only(session, self._uri, pkcs11.ObjectClass.PRIVATE_KEY)
            if isinstance(self._verifying_key, Ed25519VerifyingKey):
                return bytes(private.sign(message, mechanism=pkcs11.Mechanism.EDDSA))
            digest = hashlib.sha256(message).digest()
            raw = bytes(private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        return der(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Open a session; what the token reports becomes an EvidenceError."""
        try:
            import pkcs11  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise EvidenceError(
                "keys in a token need the extra 'pkcs11'", hint="pip install 'patchgate[pkcs11]'"
            ) from error
        module = self._uri.module or self._environment.get(MODULE, "")
        if not module:
            raise EvidenceError(
                "which PKCS #11 module to load is not said",
                where="--key",
                hint=f"add ?module-path=/usr/lib/….so to the URI, or set {MODULE}",
            )
        where = self._uri.token or module
        try:
            token = pkcs11.lib(module).get_token(
                token_label=self._uri.token or None,
                token_serial=self._uri.serial.encode() or None,
            )
            with token.open(user_pin=self._pin()) as session:
                yield session
        except pkcs11.exceptions.PinIncorrect as error:
            raise EvidenceError("the PIN is wrong", where=where, hint=f"set {PIN}") from error
        except pkcs11.exceptions.NoSuchToken as error:
            raise EvidenceError("there is no such token", where=where) from error
        except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as error:
            raise EvidenceError(
                f"the token cannot be used: {type(error).__name__} {error}".rstrip(),
                where=where,
                hint="check the module, the token and the label of the key: pkcs11-tool -O",
            ) from error

    def _pin(self) -> str | None:
        if self._uri.pin is not None:
            return self._uri.pin
        if self._uri.pin_source:
            path = Path(self._uri.pin_source.removeprefix("file:"))
            try:
                return path.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise EvidenceError(
                    f"the PIN cannot be read ({error.strerror})", where=str(path)
                ) from error
        return self._environment.get(PIN)


def open_token(reference: str, environment: Mapping[str, str]) -> TokenSigner:
    """Return the signer of the key that a PKCS #11 URI names; EvidenceError where there is none."""
    return TokenSigner(parse_uri(reference), environment)


def _only(session: Any, uri: KeyUri, kind: Any) -> Any:
    """Return the one object of a kind that the URI names."""
    import pkcs11  # noqa: PLC0415 - an extra

    wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: kind}
    if uri.object:
        wanted[pkcs11.Attribute.LABEL] = uri.object
    if uri.id:
        wanted[pkcs11.Attribute.ID] = uri.id
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        what = kind.name.lower().replace("_", " ")
        raise EvidenceError(
            f"the token has {len(found) or 'no'} {what}s by this name",
            where=uri.object or uri.token,
            hint="name one by object= or id=; both halves must be in the token",
        )
    return found[0]


def _public(session: Any, uri: KeyUri) -> VerifyingKey:
    import pkcs11  # noqa: PLC0415 - an extra

    public = _only(session, uri, pkcs11.ObjectClass.PUBLIC_KEY)
    point = bytes(public[pkcs11.Attribute.EC_POINT])
    # The attribute is an OCTET STRING around the point (PKCS #11 v3.0, 2.3.3).
    inner = point[2:] if point[:1] == b"\x04" and len(point) == 2 + point[1] else point
    if public[pkcs11.Attribute.KEY_TYPE] == pkcs11.KeyType.EC_EDWARDS and len(inner) == 32:
        return Ed25519VerifyingKey(Ed25519PublicKey.from_public_bytes(inner))
    if bytes(public[pkcs11.Attribute.EC_PARAMS]) == _P256_PARAMETERS and len(inner) == 65:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), inner)
        return P256VerifyingKey(key)
    raise EvidenceError("is neither an Ed25519 nor a P-256 key", where=uri.object or uri.token)
