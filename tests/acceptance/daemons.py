"""A Docker daemon of the tests' own, on a socket of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SECONDS = 40
_PAUSE = 0.1


@contextmanager
def running_daemon(place: Path) -> Iterator[str]:
    """Start `dockerd` without networks, and give its DOCKER_HOST; skips where it cannot run."""
    if shutil.which("dockerd") is None:
        pytest.skip("no dockerd here (Debian: apt-get install docker.io): daemons are not tested")
    if os.geteuid() != 0:
        pytest.skip("dockerd needs root: daemons are not tested")
    socket = place / "docker.sock"
    log = (place / "dockerd.log").open("wb")
    process = subprocess.Popen(
        [
            "dockerd", "--storage-driver=vfs", "--iptables=false", "--ip6tables=false",
            "--bridge=none", f"--host=unix://{socket}", f"--data-root={place / 'data'}",
            f"--exec-root={place / 'exec'}", f"--pidfile={place / 'pid'}",
        ],
        stdout=log,
        stderr=log,
    )  # fmt: skip
    host = f"unix://{socket}"
    try:
        if not _answers(process, host):
            last = (place / "dockerd.log").read_text(errors="replace").strip().splitlines()[-1:]
            pytest.skip(f"dockerd does not start here ({last}): daemons are not tested")
        yield host
    finally:
        process.terminate()
        process.wait(timeout=60)
        log.close()


def _answers(process: subprocess.Popen[bytes], host: str) -> bool:
    import docker  # noqa: PLC0415 - slow, and only here
    from docker.errors import DockerException  # noqa: PLC0415

    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            client = docker.DockerClient(base_url=host, timeout=5)
        except DockerException:
            time.sleep(_PAUSE)
            continue
        client.close()
        return True
    return False
