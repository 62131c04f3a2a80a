"""Time stamps: requested, verified when written and when read; traps are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.errors import EvidenceError, VerificationError
from gate.evidence import timestamp
from tests.evidence import authority
from tests.evidence.authority import Authority, serving

pytest.importorskip("rfc3161_client", reason="time stamps: no rfc3161-client here")
pytestmark = pytest.mark.skipif(not authority.available(), reason="time stamps: no openssl here")

TEXT = b"patchgate.dev/ledger/0\n3\nroot\n"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture(scope="module")
def address(tsa: Authority) -> Iterator[str]:
    with serving(tsa.answer) as url:
        yield url


@pytest.fixture(scope="module")
def token(address: str, tsa: Authority) -> bytes:
    return timestamp.request(TEXT, address, tsa.roots)[0]


def test_a_token_says_when_the_text_was_there(token: bytes, tsa: Authority) -> None:
    made = timestamp.verify(token, TEXT, tsa.roots)
    assert made.tzinfo is UTC
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)


def test_another_text_or_another_authority_is_refused(
    token: bytes, tsa: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    for content, roots, why in (
        (TEXT + b" ", tsa.roots, "Mismatch"),
        (TEXT, stranger.roots, "certificate"),
        (TEXT, (), "no time stamp authority is trusted"),
    ):
        with pytest.raises(VerificationError, match=why):
            timestamp.verify(token, content, roots)
    # The stranger's token brings its own root along; that makes nobody trust it.
    with serving(stranger.answer) as url, pytest.raises(EvidenceError, match="does not verify"):
        timestamp.request(TEXT, url, tsa.roots)


def test_a_root_of_the_same_name_is_another_root(
    token: bytes, tsa: Authority, tmp_path: Path
) -> None:
    twin = Authority(tmp_path / "twin")
    with pytest.raises(VerificationError):
        timestamp.verify(token, TEXT, twin.roots)


def test_a_token_that_could_not_be_read_later_is_refused_now(tmp_path: Path) -> None:
    """openssl writes a chain in an order that DER forbids: better found before it is kept."""
    other = Authority(tmp_path / "chain", chain=True)
    with serving(other.answer) as url, pytest.raises(EvidenceError, match="InvalidSetOrdering"):
        timestamp.request(TEXT, url, other.roots)


def test_the_answer_to_another_request_is_refused(tsa: Authority, token: bytes) -> None:
    """The nonce: a recorded answer over the same text is not a fresh one."""
    with serving(lambda query: token) as url, pytest.raises(EvidenceError, match="Nonce"):
        timestamp.request(TEXT, url, tsa.roots)


@pytest.mark.parametrize("reply", [b"", b"nonsense", b"\x30\x03\x02\x01\x02", b"x" * 300_000])
def test_nonsense_is_an_error(tsa: Authority, reply: bytes) -> None:
    with serving(lambda query: reply) as url, pytest.raises(EvidenceError):
        timestamp.request(TEXT, url, tsa.roots)


def test_nobody_there_is_an_error(tsa: Authority) -> None:
    with pytest.raises(EvidenceError, match="cannot be reached"):
        timestamp.request(TEXT, "http://127.0.0.1:9/", tsa.roots)


def test_no_changed_byte_gives_another_time(token: bytes, tsa: Authority) -> None:
    made = timestamp.verify(token, TEXT, tsa.roots)
    accepted = 0
    for position in range(0, len(token), 3):
        changed = bytearray(token)
        changed[position] ^= 1 << (position % 8)
        try:
            assert timestamp.verify(bytes(changed), TEXT, tsa.roots) == made
            accepted += 1
        except VerificationError:
            continue
    assert accepted < len(token) / 30


FIXTURES = Path(__file__).resolve().parents[3] / "shared/vectors/rfc3161-client/test/fixtures"


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the fixtures of rfc3161-client are not here")
@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("test_tsa/response.tsr", None),
        ("test_tsa/response-injected-certs.tsr", False),
        ("sigstage/response-invalid-signature.tsr", False),
        ("sigstore.mock/response-expired.tsr", False),
        ("sigstage/response-no-embedded-cert.tsr", False),
    ],
)
def test_traps_of_others_are_refused(name: str, good: bool | None) -> None:
    path = FIXTURES / name
    roots = (path.with_name("ts_chain.pem").read_bytes(),)
    with pytest.raises(VerificationError) as raised:
        timestamp.verify(path.read_bytes(), b"another content", roots)
    if good is None:
        assert "SHA-256" in str(raised.value) or "Mismatch" in str(raised.value)
