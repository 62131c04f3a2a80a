"""Registries of the tests' own: Debian's docker-registry on a free port, pushed to by skopeo."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_SECONDS = 20
_PAUSE = 0.05
USER, PASSWORD = "reader", "a:secret that no output may hold"
AUTH = b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass(frozen=True)
class Registry:
    """A running registry; `host` is ``localhost:PORT``."""

    host: str
    login: bool
    folder: Path

    def push(self, source: str, name: str, *options: str) -> None:
        """Copy an image with skopeo; `source` is a transport and a path, as skopeo writes it."""
        credentials = [f"--dest-creds={USER}:{PASSWORD}"] if self.login else []
        command = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", *credentials, *options]
        command += ["--insecure-policy", source, f"docker://{self.host}/{name}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def config_file(tmp_path: Path, content: object) -> str:
    """Write Docker's ``config.json`` and return the folder that holds it."""
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(content))
    return str(folder)


def programs(*names: str) -> None:
    """Skip the test where a program is missing."""
    packages = {"htpasswd": "apache2-utils"}
    for name in names:
        if shutil.which(name) is None:
            package = packages.get(name, name)
            pytest.skip(f"no {name} here (apt-get install {package}): real registries not tested")


@contextmanager
def running_registry(
    folder: Path, *, login: bool = False, tls: tuple[Path, Path] | None = None
) -> Iterator[Registry]:
    """Start docker-registry; `tls` is a certificate and its key."""
    programs("docker-registry", "skopeo", *(["htpasswd"] if login else []))
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if tls is not None:
        config["http"]["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    if login:
        users = folder / "htpasswd"
        command = ["htpasswd", "-Bbn", "-C", "5", USER, PASSWORD]
        users.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(users)}}
    path = folder / "config.yml"
    path.write_text(json.dumps(config))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(path)], stdout=log, stderr=log, cwd=folder
        )
        try:
            _wait(process, port, folder / "log")
            yield Registry(f"localhost:{port}", login, folder)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_PAUSE)
        else:
            return
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    pytest.fail(f"docker-registry does not start: {last}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
