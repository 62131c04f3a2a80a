"""Names of images, where they are asked for, and what servers demand: read as Docker reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.sources.registry.challenge import parse_challenges
from gate.sources.registry.endpoints import endpoints_of
from gate.sources.registry.reference import Reference, parse_reference

HEX = "ab" * 32
HOSTS = st.from_regex(r"([a-z0-9]{1,9}\.){1,3}[a-z]{2,6}(:[1-9][0-9]{0,3})?", fullmatch=True)
PARTS = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
REPOSITORIES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)


@given(
    st.one_of(HOSTS, st.sampled_from(["localhost", "localhost:5000", "127.0.0.1:1", "[::1]:5000"])),
    REPOSITORIES,
    TAGS,
    st.booleans(),
)
def test_what_is_written_is_read_again(host: str, name: str, tag: str, pinned: bool) -> None:
    suffix = f":{tag}@sha256:{HEX}" if pinned else f":{tag}"
    reference = parse_reference(f"{host}/{name}{suffix}")
    assert (reference.host, reference.repository) == (host, name)
    assert (reference.tag, reference.digest) == (("", f"sha256:{HEX}") if pinned else (tag, ""))
    assert parse_reference(str(reference)) == reference


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_a_usage_error(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert parse_reference(str(reference)) == reference
    (endpoint,) = endpoints_of(reference, "")
    assert not set(endpoint.url) & set(" \r\n\t@?#%")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debian", Reference("docker.io", "library/debian", "latest")),
        ("debian:12", Reference("docker.io", "library/debian", "12")),
        ("team/app", Reference("docker.io", "team/app", "latest")),
        ("docker.io/debian", Reference("docker.io", "library/debian", "latest")),
        ("index.docker.io/team/app:1", Reference("docker.io", "team/app", "1")),
        ("localhost/app", Reference("localhost", "app", "latest")),
        ("host:5000/app", Reference("host:5000", "app", "latest")),
        ("Host.Example/app", Reference("host.example", "app", "latest")),
    ],
)
def test_defaults(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", ":1", "/app", "app/", "a//b", "App", "team/App", "app:", "app:.x", f"app:{'x' * 129}",
        "app@sha256:12", f"app@sha512:{'a' * 128}", f"app@sha256:{'A' * 64}", "a b", "app\n",
        "https://host.example/app", "host.example:99999/app", "host.example:0/app", "../app",
        "user:pass@host.example/app", HEX, f"host.example/{'a' * 250}", "-host.example/app",
    ],
)  # fmt: skip
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


@pytest.mark.parametrize(
    ("name", "setting", "expected"),
    [
        ("debian", "", ["https://registry-1.docker.io/v2/library/debian"]),
        ("localhost:5/a", "", ["http://localhost:5/v2/a"]),
        ("127.0.0.1/a", "", ["http://127.0.0.1/v2/a"]),
        ("[::1]:5/a", "", ["http://[::1]:5/v2/a"]),
        ("127.evil.example/a", "", ["https://127.evil.example/v2/a"]),
        ("h.example/a", "other.example=http://x", ["https://h.example/v2/a"]),
        (
            "debian",
            "docker.io=https://m.example/hub, index.docker.io=https://registry-1.docker.io",
            [
                "https://m.example/v2/hub/library/debian",
                "https://registry-1.docker.io/v2/library/debian",
            ],
        ),
    ],
)
def test_where_it_is_asked_for(name: str, setting: str, expected: list[str]) -> None:
    endpoints = endpoints_of(parse_reference(name), setting)
    assert [endpoint.url for endpoint in endpoints] == expected


@pytest.mark.parametrize(
    "setting",
    ["h", "h=", "h=ftp://x", "h=https://", "h=https://u:secret@x", "h=https://x/A B", "=https://x",
     "h=https://x/?secret", "h=https://x:port/", "h=https://x/%41", "u:secret@h=x"],
)  # fmt: skip
def test_settings_that_are_malformed(setting: str) -> None:
    with pytest.raises(UsageError, match="PATCHGATE_REGISTRIES") as caught:
        endpoints_of(Reference("h", "x", "1"), setting)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_header_is_read_without_an_error(header: str) -> None:
    for challenge in parse_challenges(header):
        assert challenge.scheme == challenge.scheme.lower()


def test_challenges() -> None:
    header = 'Bearer realm="https://t.example/a,b",service="x y" , Basic realm=plain, Negotiate'
    assert [(c.scheme, dict(c.parameters)) for c in parse_challenges(header)] == [
        ("bearer", {"realm": "https://t.example/a,b", "service": "x y"}),
        ("basic", {"realm": "plain"}),
        ("negotiate", {}),
    ]
