"""Identity tokens: what counts, and every way that one is forged or misdirected."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import VerificationError
from gate.forges import jwt
from tests.forges.tokens import EC, KEYS, SMALL, b64, ec_key, rsa_key, token

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://token.example"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "patchgate",
    "sub": "repo:acme/shop:ref:refs/heads/main",
    "iat": AT - 10,
    "nbf": AT - 10,
    "exp": AT + 300,
}


def verify(written: str, keys: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return jwt.verify(
        written, KEYS if keys is None else keys, issuer=ISSUER, audience="patchgate", now=NOW
    )


@pytest.mark.parametrize(("alg", "kid"), [("RS256", "r1"), ("ES256", "e1")])
def test_what_counts(alg: str, kid: str) -> None:
    written = token(CLAIMS, alg=alg, kid=kid)
    assert verify(written) == CLAIMS
    assert jwt.issuer_of(written) == ISSUER


def test_several_audiences() -> None:
    assert verify(token({**CLAIMS, "aud": ["sigstore", "patchgate"]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "https://token.example.evil"}, "is not of https"),
        ({"iss": None}, "is not of https"),
        ({"aud": "sigstore"}, "is meant for 'sigstore'"),
        ({"aud": ["patchgate-2"]}, "is meant for"),
        ({"aud": None}, "is meant for"),
        ({"sub": ""}, "names nobody"),
        ({"sub": 7}, "names nobody"),
        ({"exp": AT - 61}, "ended at"),
        ({"exp": None}, "does not say when"),
        ({"exp": True}, "does not say when"),
        ({"exp": "soon"}, "does not say when"),
        ({"exp": 1e300}, "no valid time"),
        ({"nbf": AT + 61}, "of the future"),
        ({"iat": AT + 61}, "of the future"),
    ],
)
def test_claims_that_do_not_count(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        verify(token({**CLAIMS, **changes}))


def test_a_minute_between_two_clocks() -> None:
    assert verify(token({**CLAIMS, "exp": AT - 59, "nbf": AT + 59}))


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "PS256", "ES384", "EdDSA", ""])
def test_other_algorithms(alg: str) -> None:
    """Among them the classics: no signature at all, and a public key taken for a secret."""
    with pytest.raises(VerificationError, match="only RS256 and ES256"):
        verify(token(CLAIMS, head={"alg": alg}))


def test_a_public_key_is_no_secret() -> None:
    header = b64(json.dumps({"alg": "HS256", "kid": "r1"}).encode())
    signed = f"{header}.{b64(json.dumps(CLAIMS).encode())}"
    secret = str(rsa_key()["n"]).encode()
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    with pytest.raises(VerificationError, match="only RS256 and ES256"):
        verify(f"{signed}.{b64(mac)}")


@pytest.mark.parametrize(
    ("keys", "kid"),
    [
        ([], "r1"),
        ([rsa_key()], "unknown"),
        ([rsa_key(), rsa_key()], "r1"),
        ([ec_key(kid="r1")], "r1"),
        ([rsa_key(use="enc")], "r1"),
        ([rsa_key(alg="PS256")], "r1"),
    ],
)
def test_the_key_has_to_be_one_of_the_issuer(keys: list[dict[str, Any]], kid: str) -> None:
    with pytest.raises(VerificationError, match="the issuer has no RS256 key"):
        verify(token(CLAIMS, kid=kid), keys)


def test_a_key_of_the_token_s_own_is_not_looked_at() -> None:
    own = {"jwk": rsa_key(SMALL), "jku": "https://evil.example/keys", "x5u": "https://evil.example"}
    with pytest.raises(VerificationError, match="not signed by its issuer"):
        verify(token(CLAIMS, key=SMALL, head=own))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([rsa_key(SMALL)], "too short"),
        ([{**rsa_key(), "e": "AA"}], "is none"),
        ([{**rsa_key(), "n": ""}], "incomplete"),
        ([{**rsa_key(), "n": 7}], "incomplete"),
    ],
)
def test_keys_that_are_none(keys: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        verify(token(CLAIMS, key=SMALL if message == "too short" else tokens_key()), keys)


def tokens_key() -> Any:
    from tests.forges.tokens import RSA  # noqa: PLC0415 - beside its use

    return RSA


def test_a_point_that_is_on_no_curve() -> None:
    keys = [{**ec_key(), "y": b64(bytes(32))}]
    with pytest.raises(VerificationError, match="is none"):
        verify(token(CLAIMS, alg="ES256", kid="e1"), keys)
    with pytest.raises(VerificationError, match="not signed"):
        verify(token(CLAIMS, alg="ES256", kid="e1"), [ec_key(crv="P-384")])


def test_a_signature_in_der_is_not_that_of_a_token() -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - here only
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    signed = token(CLAIMS, alg="ES256", kid="e1").rpartition(".")[0]
    der = EC.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(VerificationError, match="not signed"):
        verify(f"{signed}.{b64(der)}")
    with pytest.raises(VerificationError, match="not signed"):
        verify(f"{signed}.{b64(bytes(64))}")


def test_an_extension_that_must_be_known() -> None:
    with pytest.raises(VerificationError, match="not known"):
        verify(token(CLAIMS, head={"crit": ["b64"], "b64": False}))


@pytest.mark.parametrize(
    "written",
    ["", "a.b", "a.b.c.d", "a..c", "ä.b.c", "e30.e30.", "AB.e30.AA", "W10.e30.AA", "e30=.e30.AA"],
)
def test_what_is_no_token(written: str) -> None:
    with pytest.raises(VerificationError):
        verify(written)


def test_a_name_that_is_there_twice() -> None:
    body = b'{"iss":"https://token.example","iss":"https://other.example"}'
    head, _, signature = token(CLAIMS).split(".")
    with pytest.raises(VerificationError, match="holds no JSON"):
        verify(f"{head}.{b64(body)}.{signature}")


@given(st.integers(0, 10_000), st.sampled_from("AZaz09-_"))
def test_no_changed_character_counts(place: int, character: str) -> None:
    written = token(CLAIMS)
    at = place % len(written)
    if written[at] in {character, "."}:
        return
    with pytest.raises(VerificationError):
        verify(written[:at] + character + written[at + 1 :])
