"""A registry that misbehaves: never a quiet loss, never a secret where it does not belong."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.errors import BudgetError, InputError, UnreachableError
from gate.sources.budget import Budget, Meter
from gate.sources.image import Opened
from gate.sources.registry.authorization import Authorization
from gate.sources.registry.endpoints import Endpoint
from gate.sources.registry.image import open_registry
from gate.sources.registry.login import Login
from gate.sources.registry.transport import Transport
from gate.sources.request import Choice, Request
from gate.sources.wanted import Wanted
from tests.builders import DEBIAN, STATUS, Image, file, symlink, tar
from tests.sources.registry_server import (
    BASIC,
    MANIFEST,
    PASSWORD,
    REFRESH,
    SECRETS,
    TOKEN,
    USER,
    Fake,
    breaks_off_after,
    endless,
    endless_body,
    healthy,
    says,
    serving,
    without_ranges,
)
from tests.sources.registry_server import Request as FakeRequest

STATUS_PATH = b"var/lib/dpkg/status"
WANTED = Wanted(paths=frozenset({STATUS_PATH}))


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "PATCHGATE_REGISTRIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(Fake()) as running:
        running.add(image())
        yield running


def image() -> Image:
    noise = file("noise", random.Random(1).randbytes(700_000))
    return Image(layers=[tar([DEBIAN[0], noise]), tar(DEBIAN[1:])], compression="gzip")


def opened(
    fake: Fake, reference: str = ":1", waits: list[float] | None = None, **limits: float
) -> Opened:
    """Open ``team/app`` of `fake`; waiting is written down in place of being done."""
    meter = Meter(Budget(**limits))  # type: ignore[arg-type]
    sleep = [].append if waits is None else waits.append
    request = Request(wanted=WANTED, choice=Choice())
    return open_registry(f"{fake.host}/team/app{reference}", request, meter, sleep=sleep)


def check(found: Opened) -> None:
    assert bytes(found.tree.read(STATUS_PATH)) == STATUS


def log_in(fake: Fake, monkeypatch: pytest.MonkeyPatch, **entry: str) -> None:
    entry = entry or {"auth": b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": {fake.host: entry}}))


def test_only_what_is_needed_is_fetched(fake: Fake) -> None:
    check(opened(fake))
    layers = fake.layers()
    assert fake.log[0] == "1"
    assert sorted(fake.log[2:]) == sorted(layers)
    assert len(fake.log) == 4
    fake.log.clear()
    twice = Image(layers=[tar(DEBIAN), tar(DEBIAN)], compression="gzip")
    fake.add(twice)
    check(opened(fake))
    assert len(fake.log) == 3


def test_a_token(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.login = "bearer"
    log_in(fake, monkeypatch)
    found = opened(fake)
    check(found)
    assert not [secret for secret in SECRETS if secret in repr(found)]
    assert fake.asked == [
        {"service": ["tests"], "scope": ["repository:team/app:pull"], "account": [USER]}
    ]
    assert fake.authorizations[:3] == ["", BASIC, f"Bearer {TOKEN}"]


def test_a_token_for_anybody(fake: Fake) -> None:
    fake.login = "bearer"
    check(opened(fake))
    assert "account" not in fake.asked[0]


def test_an_identity_token(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.login = "bearer"
    log_in(fake, monkeypatch, identitytoken=REFRESH)
    check(opened(fake))
    assert fake.asked[0]["grant_type"] == ["refresh_token"]
    log_in(fake, monkeypatch, identitytoken="other")
    with pytest.raises(UnreachableError, match="refuses the credentials from DOCKER_AUTH_CONFIG"):
        opened(fake)


def test_a_token_that_runs_out_on_the_way(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.login = "bearer"
    log_in(fake, monkeypatch)
    bearer = f'Bearer realm="http://{fake.host}/token",service="tests"'
    fake.faults[fake.layers()[0]] = [says(401, WWW_Authenticate=bearer), healthy]
    with pytest.raises(UnreachableError, match="401"):
        opened(fake)  # the same token comes again, and it was refused
    fake.faults["token"] = [says(200, b'{"access_token": "first"}'), healthy]
    fake.faults["1"] = [says(401, WWW_Authenticate=bearer), healthy]
    check(opened(fake))
    assert len(fake.asked) >= 1


def test_a_log_in_without_end(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(fake, monkeypatch)
    fake.login = "bearer"
    tokens = [says(200, b'{"token": "t%d"}' % number) for number in range(9)]
    fake.faults["token"] = [*tokens]
    fake.faults["1"] = [
        says(401, WWW_Authenticate=f'Bearer realm="http://{fake.host}/token"') for _ in range(9)
    ]
    with pytest.raises(UnreachableError, match=r"refuses the credentials.*docker login"):
        opened(fake)
    assert fake.log.count("1") == 3


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_to_another_host_carries_no_log_in(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    fake.login = "basic"
    log_in(fake, monkeypatch)
    with serving(Fake(blobs=dict(fake.blobs))) as other:
        for digest in fake.layers():
            place = f"http://{other.host}/v2/x/blobs/{digest}"
            fake.faults[digest] = [says(status, Location=place)]
        check(opened(fake))
        assert sorted(other.log) == sorted(fake.layers())
        assert set(other.authorizations) == {""}
        assert BASIC in fake.authorizations
        other.authorizations.clear()
        other.login = "basic"
        with pytest.raises(UnreachableError, match="where the registry sends for it, answers 401"):
            opened(fake)
        assert set(other.authorizations) == {""}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("", "no https address"),
        ("file:///etc/passwd", "no https address"),
        ("http://[::1", "no https address"),
        ("http://user:secret@localhost/", "no https address"),
        ("1", "redirects without end"),
    ],
)
def test_redirects_that_lead_nowhere(fake: Fake, location: str, expected: str) -> None:
    fake.faults["1"] = [says(302, Location=location)]
    with pytest.raises(UnreachableError, match=expected):
        opened(fake)


def test_a_transfer_that_breaks_off_is_resumed(fake: Fake) -> None:
    layer = fake.layers()[0]
    fake.faults[layer] = [breaks_off_after(300_000), breaks_off_after(100_000), healthy]
    waits: list[float] = []
    check(opened(fake, waits=waits))
    assert waits == [0.5, 1.0]
    parts = [entry for entry in fake.log if entry.startswith(layer)]
    assert parts == [layer, f"{layer} bytes=300000-", f"{layer} bytes=400000-"]
    fake.faults[layer] = [breaks_off_after(300_000), without_ranges]
    check(opened(fake))
    fake.faults[layer] = [breaks_off_after(1000)]
    with pytest.raises(UnreachableError, match=r"broke off \(tried 5 times\)"):
        opened(fake)


def test_a_server_that_asks_to_wait(fake: Fake) -> None:
    fake.faults["1"] = [says(429, Retry_After="7"), says(503), healthy]
    waits: list[float] = []
    check(opened(fake, waits=waits))
    assert waits == [7.0, 1.0]
    fake.faults["1"] = [says(429, Retry_After="86400")]
    with pytest.raises(UnreachableError, match=r"too many requests.*86,400 s is past"):
        opened(fake)
    fake.faults["1"] = [says(500, b"secret stack")]
    with pytest.raises(UnreachableError, match=r"answers 500 \(tried 5 times\)"):
        opened(fake)


def test_the_deadline_holds_for_a_body_that_does_not_end(fake: Fake) -> None:
    fake.faults["1"] = [endless]
    with pytest.raises(BudgetError, match="document_bytes"):
        opened(fake)


CHANGES: dict[str, tuple[dict[str, object], str]] = {
    "config of a chart": (
        {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "size": 2,
                    "digest": "sha256:" + "0" * 64}},
        "helm",
    ),
    "foreign layer": (
        {"layers": [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                     "size": 5, "digest": "sha256:" + "0" * 64, "urls": ["http://x.invalid/"]}]},
        "foreign",
    ),
    "another type than sent": (
        {"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}, "was sent as",
    ),
    "index and manifest in one": ({"manifests": []}, "not an image manifest"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CHANGES))
def test_manifests_that_are_refused(fake: Fake, name: str) -> None:
    change, expected = CHANGES[name]
    fake.serve_manifest(fake.manifest() | change)
    with pytest.raises(InputError, match=expected):
        opened(fake)
    assert not set(fake.layers()) & set(fake.log)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("text/html", b"<html>log in</html>", "text/html.*log-in page"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", b"{}", "schema 1"),
        ("application/vnd.example.unknown+json", b"{}", "vnd.example.unknown"),
        ("application/json", b"{}", "calls itself ''"),
        ("", b"null", "not a valid document"),
    ],
)
def test_answers_that_are_no_manifest(fake: Fake, kind: str, data: bytes, expected: str) -> None:
    fake.serve_manifest(data, kind)
    with pytest.raises(InputError, match=expected):
        opened(fake)


def test_bytes_that_are_not_those_asked_for(fake: Fake) -> None:
    digest = f"sha256:{'1' * 64}"
    fake.manifests[digest] = fake.manifests["1"]
    with pytest.raises(InputError, match=f"for {digest}"):
        opened(fake, f"@{digest}")
    fake.faults["1"] = [
        says(200, fake.manifests["1"][1], Content_Type=MANIFEST, Docker_Content_Digest=digest)
    ]
    with pytest.raises(InputError, match=f"for {digest}"):
        opened(fake)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda blob: blob[:-1], "bytes where the manifest says"),
        (lambda blob: blob + b"x", "bytes where the manifest says"),
        (lambda blob: bytes([*blob[:4], blob[4] ^ 1, *blob[5:]]), "digest"),
    ],
)
def test_blobs_that_are_not_those_named(
    fake: Fake, change: Callable[[bytes], bytes], expected: str
) -> None:
    config = str(fake.manifest()["config"]["digest"])  # type: ignore[index]
    for digest in (fake.layers()[1], config):
        sound = fake.blobs[digest]
        fake.blobs[digest] = change(sound)
        with pytest.raises(InputError, match=expected):
            opened(fake)
        fake.blobs[digest] = sound
    check(opened(fake))


def test_content_that_was_passed_over_is_checked_again(fake: Fake) -> None:
    """A link leads to what nobody asked for: the layer is fetched again, and held to its digest."""
    moved = [file("elsewhere/status", STATUS), symlink(STATUS_PATH.decode(), "/elsewhere/status")]
    fake.add(Image(layers=[tar(moved)], compression="gzip"))
    check(opened(fake))
    found = opened(fake)
    layer = fake.layers()[0]
    other = [file("elsewhere/status", STATUS.replace(b"3.0.9", b"9.9.9")), moved[1]]
    stored = Image(layers=[tar(other)], compression="gzip").stored_layers()[0]
    size = len(fake.blobs[layer])
    fake.blobs[layer] = (stored + bytes(size))[:size]
    with pytest.raises(InputError, match=f"for {layer}"):
        found.tree.read(STATUS_PATH)


def test_a_redirect_whose_body_does_not_end(fake: Fake) -> None:
    def fault(request: FakeRequest) -> bool:
        request.send_response(302)
        request.send_header("Location", "https://localhost:1/")
        return endless_body(request)

    fake.faults["1"] = [fault]
    with pytest.raises(UnreachableError, match="connection was refused"):
        opened(fake)


def test_a_body_that_drips_meets_the_deadline(fake: Fake) -> None:
    def fault(request: FakeRequest) -> bool:
        request.send_response(200)
        return endless_body(request, piece=b" ", pause=0.02)

    fake.faults["1"] = [fault]
    with pytest.raises(BudgetError, match="seconds"):
        opened(fake, seconds=0.3)


def test_headers_that_drip_meet_the_deadline(fake: Fake) -> None:
    fake.faults["1"] = [lambda request: endless_body(request, piece=b"X: y\r\n", pause=0.02)]
    with pytest.raises(BudgetError, match="seconds"):
        opened(fake, seconds=0.3)


def test_a_plain_token_server_of_a_tls_registry_gets_no_password() -> None:
    login = Login(source="test", username=USER, password=PASSWORD)
    meter = Meter()
    endpoint = Endpoint(scheme="https", host="h.invalid", repository="a")
    authorization = Authorization(endpoint, lambda: login, Transport(meter, lambda _: None), meter)
    for realm in ("http://h.invalid/token", "", "https://u:p@h.invalid/", "file:///x"):
        with pytest.raises(UnreachableError, match="no credentials were sent"):
            authorization.renew(f'Bearer realm="{realm}"', "", "h")
    assert PASSWORD not in repr(login)
