"""Real servers for tests, started here and ended with the test session."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

_PATIENCE = 10
_SECONDS = 60

MOTO = """
import sys, threading
from werkzeug.serving import WSGIRequestHandler, run_simple
from moto.server import DomainDispatcherApplication, create_backend_app
application, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()
def one_at_a_time(environ, start):
    # It looks at a condition and then writes, without a lock of its own.
    with lock:
        return list(application(environ, start))
WSGIRequestHandler.protocol_version = "HTTP/1.1"
run_simple("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"no server on port {port}")


@contextmanager
def running(command: list[str], port: int, **options: object) -> Iterator[int]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )  # type: ignore[call-overload]
    try:
        wait_for(port, process)
        yield port
    finally:
        # What a shell started in the background does not hear the first.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
                break


@contextmanager
def object_store() -> Iterator[str]:
    """Yield the endpoint of moto's S3."""
    port = free_port()
    with running([sys.executable, "-c", MOTO, str(port)], port):
        yield f"http://127.0.0.1:{port}"


def postgresql_programs() -> Path | None:
    """Return the folder of the server's programs: newest version of Debian's packages."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3]
    )
    beside = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(beside).parent if beside else None


def not_root() -> tuple[list[str], Callable[[Path], None]]:
    """Return how to run a server that refuses root, and how to give it a folder."""
    if os.geteuid() != 0:
        return [], lambda path: None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("no user to run PostgreSQL as: the database store is not tested")
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return prefix, lambda path: os.chown(path, user.pw_uid, user.pw_gid)


def wait_for_answer(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(f"postgresql://owner@127.0.0.1:{port}/postgres"),
        ):
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL does not answer")


@contextmanager
def database() -> Iterator[int]:
    """Yield the port of a new PostgreSQL; the role ``owner`` may do everything, without password.

    The socket is in the data folder; TCP asks for a password (scram) but from ``owner``.
    """
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed: the database store is not tested")
    prefix, give = not_root()
    with tempfile.TemporaryDirectory(prefix="patchgate-pg-") as name:
        folder = Path(name)
        give(folder)
        data = folder / "data"
        subprocess.run(
            [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        with (data / "pg_hba.conf").open("w", encoding="ascii") as rules:
            rules.write("host all owner 127.0.0.1/32 trust\n")
            rules.write("host all all 127.0.0.1/32 scram-sha-256\n")
        port = free_port()
        settings = [
            f"port={port}", f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1",
            "max_connections=100", "shared_buffers=32MB",
        ]  # fmt: skip
        command = [*prefix, str(programs / "postgres"), "-D", str(data)]
        for setting in settings:
            command += ["-c", setting]
        with running(command, port, cwd=folder):
            wait_for_answer(port)
            yield port
