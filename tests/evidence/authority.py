"""A time stamp authority of our own: openssl behind a local HTTP server."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = own
[own]
dir = {folder}
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/tsa.pem
{chain}
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
[eku]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:FALSE
"""


def available() -> bool:
    return shutil.which("openssl") is not None


def _openssl(*arguments: object) -> None:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


class Authority:
    """A root, and a certificate for time stamps below it."""

    def __init__(self, folder: Path, *, chain: bool = False) -> None:
        self.folder = folder
        folder.mkdir()
        self.root = folder / "root.pem"
        self.configuration = folder / "conf"
        self.configuration.write_text(
            CONFIGURATION.format(folder=folder, chain=f"certs = {self.root}" if chain else ""),
            encoding="utf-8",
        )
        (folder / "serial").write_text("01\n", encoding="utf-8")
        key, request = folder / "tsa.key", folder / "tsa.csr"
        root_key = folder / "root.key"
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", root_key, "-out",
                 self.root, "-days", 3650, "-subj", "/CN=Root", "-config", _plain(folder),
                 "-extensions", "ca")  # fmt: skip
        _openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                 "-subj", "/CN=Time", "-config", _plain(folder))  # fmt: skip
        _openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", root_key,
                 "-set_serial", 7, "-days", 3650, "-out", folder / "tsa.pem",
                 "-extfile", self.configuration, "-extensions", "eku")  # fmt: skip

    @property
    def roots(self) -> tuple[bytes, ...]:
        return (self.root.read_bytes(),)

    def answer(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        _openssl("ts", "-reply", "-config", self.configuration, "-section", "own", "-queryfile",
                 self.folder / "query", "-out", self.folder / "reply")  # fmt: skip
        return (self.folder / "reply").read_bytes()


def _plain(folder: Path) -> Path:
    path = folder / "req.conf"
    text = "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical,CA:TRUE\n"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def serving(answer: object) -> Iterator[str]:
    """Serve `answer(query)` over HTTP, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            reply = answer(query)  # type: ignore[operator]
            self.send_response(200 if reply else 500)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
