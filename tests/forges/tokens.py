"""Identity tokens and an issuer of our own: what GitHub and GitLab do, on this machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from tests.serving import serving_on_a_free_port

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC = ec.generate_private_key(ec.SECP256R1())


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def rsa_key(key: rsa.RSAPrivateKey = RSA, kid: str = "r1", **more: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(numbers.n), "e": number(numbers.e), **more}


def ec_key(kid: str = "e1", **more: str) -> dict[str, Any]:
    numbers = EC.public_key().public_numbers()
    point = {"x": number(numbers.x, 32), "y": number(numbers.y, 32)}
    return {"kty": "EC", "crv": "P-256", "kid": kid, **point, **more}


KEYS = [rsa_key(), ec_key()]


def token(
    claims: dict[str, Any],
    *,
    alg: str = "RS256",
    kid: str = "r1",
    key: rsa.RSAPrivateKey = RSA,
    head: dict[str, Any] | None = None,
) -> str:
    """Return a signed token."""
    header = {"typ": "JWT", "alg": alg, "kid": kid, **(head or {})}
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(_signature(signed.encode(), alg, key))}"


def _signature(signed: bytes, alg: str, key: rsa.RSAPrivateKey) -> bytes:
    if alg == "ES256":
        r, s = utils.decode_dss_signature(EC.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


class Issuer:
    """Publishes keys, and gives a token to whoever has the secret of a job."""

    url: str
    keys: list[dict[str, Any]]
    given: str = ""
    """The token that a job is given."""
    configuration: dict[str, Any]

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = list(KEYS)
        self.configuration = {"issuer": url, "jwks_uri": f"{url}/keys"}
        self.asked: list[str] = []


@contextmanager
def issuer() -> Iterator[Issuer]:
    """Run an issuer on a free port."""
    state: list[Issuer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here = state[0]
            here.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                self._answer(here.configuration)
            elif self.path == "/keys":
                self._answer({"keys": here.keys})
            elif self.path.startswith("/token?"):
                if self.headers.get("Authorization") != "bearer job-secret":
                    self._answer({}, 403)
                else:
                    self._answer({"value": here.given})
            else:
                self._answer({}, 404)

        def _answer(self, document: object, status: int = 200) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    with serving_on_a_free_port(Handler) as port:
        state.append(Issuer(f"http://127.0.0.1:{port}"))
        yield state[0]
