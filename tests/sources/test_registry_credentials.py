"""Who is let in by a real registry that asks for a password, and what never gets out."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.bom.model import Bom
from gate.errors import UnreachableError, UsageError
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import DEBIAN, Image, oci_layout, tar, write
from tests.registries import AUTH, PASSWORD, USER, Registry, config_file

pytestmark = pytest.mark.usefixtures("nobody")


def bom_of(target: object, platform: str = "", image: str = "") -> Bom:
    return read_bom(str(target), Choice(image=image, platform=platform), Budget())


def image(compression: str = "gzip", **changes: object) -> Image:
    return Image(layers=[tar(DEBIAN[:1]), tar(DEBIAN[1:])], compression=compression, **changes)  # type: ignore[arg-type]


def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put docker-credential-tests into PATH."""
    path = tmp_path / "bin" / "docker-credential-tests"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


ANSWER = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD})
KEEPS = f"""\
[ "$1" = get ] && [ -z "$PATCHGATE_KEY_PASSPHRASE" ] || exit 3
read -r server
case "$server" in localhost:*) echo '{ANSWER}' ;; *) echo 'credentials not found'; exit 1 ;; esac"""

Arrange = Callable[[str, Path, pytest.MonkeyPatch], object]


def with_config(entry: Callable[[str], object]) -> Arrange:
    def arrange(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        helper(tmp_path, monkeypatch, KEEPS)
        monkeypatch.setenv("PATCHGATE_KEY_PASSPHRASE", "not for children")
        monkeypatch.setenv("DOCKER_CONFIG", config_file(tmp_path, entry(host)))

    return arrange


def in_home(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONFIG")
    folder = tmp_path / ".docker"
    folder.mkdir()
    write(folder / "config.json", json.dumps({"auths": {host: {"auth": AUTH}}}).encode())


def in_auth_file(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auths = {host: {"auth": b64encode(b"x:y").decode()}, f"{host}/team": {"auth": AUTH}}
    path = write(tmp_path / "auth.json", json.dumps({"auths": auths}).encode())
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(path))


LOGINS: dict[str, Arrange] = {
    "auths": with_config(lambda host: {"auths": {host: {"auth": AUTH}}, "detachKeys": "x"}),
    "auths, as a URL": with_config(
        lambda host: {"auths": {f"https://{host}/v1/": {"username": USER, "password": PASSWORD}}}
    ),
    "credsStore": with_config(lambda host: {"auths": {host: {}}, "credsStore": "tests"}),
    "credHelpers": with_config(
        lambda host: {"credHelpers": {host: "tests"}, "credsStore": "not-asked"}
    ),
    "helper of another host": with_config(
        lambda host: {"credHelpers": {"other": "none"}, "auths": {host: {"auth": AUTH}}}
    ),
    "home": in_home,
    "REGISTRY_AUTH_FILE": in_auth_file,
    "DOCKER_AUTH_CONFIG": lambda host, _, monkeypatch: monkeypatch.setenv(
        "DOCKER_AUTH_CONFIG", json.dumps({"auths": {host: {"auth": AUTH}}})
    ),
}


@pytest.mark.parametrize("name", list(LOGINS))
def test_credentials(
    private: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    archive = write(tmp_path / "image.tar", tar(oci_layout(image())))
    private.push(f"oci-archive:{archive}", "team/app:1")
    LOGINS[name](private.host, tmp_path, monkeypatch)
    bom = bom_of(f"registry:{private.host}/team/app:1")
    assert bom.components == bom_of(archive).components
    assert PASSWORD not in repr(bom)


REFUSED: dict[str, tuple[Arrange, type[Exception], str]] = {
    "nobody": (lambda *_: None, UnreachableError, r"401.*docker login localhost:"),
    "wrong password": (
        with_config(lambda host: {"auths": {host: {"auth": b64encode(b"a:b").decode()}}}),
        UnreachableError,
        r"refuses the credentials from Docker's config\.json.*docker login localhost:",
    ),
    "for another port": (
        with_config(lambda host: {"auths": {host.split(":")[0]: {"auth": AUTH}}}),
        UnreachableError,
        "without credentials",
    ),
    "for another repository": (
        with_config(lambda host: {"auths": {f"{host}/te": {"auth": AUTH}}}),
        UnreachableError,
        "without credentials",
    ),
    "not JSON": (
        lambda _, __, monkeypatch: monkeypatch.setenv("DOCKER_AUTH_CONFIG", f"{{{PASSWORD}"),
        UsageError,
        "DOCKER_AUTH_CONFIG: is not a Docker configuration",
    ),
    "not base64": (
        with_config(lambda host: {"auths": {host: {"auth": PASSWORD}}}),
        UsageError,
        "not base64",
    ),
    "file that is not there": (
        lambda _, place, monkeypatch: monkeypatch.setenv("REGISTRY_AUTH_FILE", f"{place}/none"),
        UsageError,
        "REGISTRY_AUTH_FILE: cannot be read",
    ),
    "helper that is not there": (
        with_config(lambda host: {"credsStore": "absent"}),
        UnreachableError,
        "docker-credential-absent: is not installed",
    ),
    "helper outside PATH": (
        with_config(lambda host: {"credsStore": "x/../../../../bin/sh"}),
        UsageError,
        "no program's name",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_no_way_in(
    private: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    arrange, kind, expected = REFUSED[name]
    arrange(private.host, tmp_path, monkeypatch)
    with pytest.raises(kind, match=expected) as caught:
        bom_of(f"registry:{private.host}/team/app:1")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (f"echo '{PASSWORD}' >&2; exit 1", "ended with exit code 1"),
        (f"echo '{PASSWORD}'", "wrote something else"),
        ("echo credentials not found in native keychain; exit 1", "without credentials"),
        (f"echo '{ANSWER.replace(PASSWORD, 'wrong')}'", "from docker-credential-tests"),
    ],
)
def test_a_helper_that_does_not_help(
    private: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    helper(tmp_path, monkeypatch, script)
    monkeypatch.setenv("DOCKER_CONFIG", config_file(tmp_path, {"credsStore": "tests"}))
    with pytest.raises(UnreachableError, match=expected) as caught:
        bom_of(f"registry:{private.host}/team/app:1")
    assert PASSWORD not in str(caught.value)
