"""Every bad input that a user may meet, with the exit code and the words it must end in.

    python -m tests.cli.bad_inputs

prints the list with what happened, as a closing note shows it.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from gate.advisories.ingest import import_paths
from gate.advisories.shard import FORMAT
from gate.advisories.snapshot import MANIFEST, SHARDS
from gate.cli import main
from tests.advisories.zips import record, write_zip
from tests.builders import (
    DEBIAN,
    OS_RELEASE,
    STATUS,
    Image,
    Item,
    docker_archive_new,
    docker_archive_old,
    file,
    folder,
    hardlink,
    symlink,
    tar,
    write,
    write_folder,
)

NOW = "2026-11-02T00:00:00Z"


@dataclass
class Bench:
    """A folder with a store, a key and a place for evidence, all of them sound."""

    root: Path
    target: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.root / "db"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def key(self) -> Path:
        return self.root / "key.pem"

    def image(self, *items: Item, old: bool = True) -> None:
        """Make the target a saved image with one layer of `items`."""
        described = Image([tar(items)])
        members = docker_archive_old(described) if old else docker_archive_new(described)
        self.archive(tar(members))

    def archive(self, data: bytes) -> None:
        self.target = str(write(self.root / "image.tar", data))

    def policy(self, text: str) -> None:
        path = write(self.root / "policy.yaml", text.encode())
        self.arguments += ["--policy", str(path)]

    def shard(self) -> Path:
        return next((self.store / SHARDS).iterdir())


Build = Callable[[Bench], object]


def sound(root: Path) -> Bench:
    """Return a bench on which a sound image passes."""
    bench = Bench(root)
    records = [record("DSA-1", name="openssl"), record("DSA-2", name="nginx")]
    records[0]["affected"][0]["ranges"][0]["events"][1]["fixed"] = "3.0.8-1"
    write_zip(root / "osv" / "Debian" / "all.zip", *records)
    import_paths(bench.store, [root / "osv"], now=datetime(2026, 11, 1, tzinfo=UTC))
    if run(["evidence", "keygen", "--key", str(bench.key)])[0] != 0:
        raise RuntimeError("no key")
    bench.image(*DEBIAN)
    return bench


def run(arguments: list[str]) -> tuple[int, str, str]:
    """Run the command line in this process; return exit code, output and errors."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main._run(arguments)
    out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()  # type: ignore[attr-defined]


def check(bench: Bench) -> tuple[int, str, str]:
    """Run `check` on the bench, with the result as JSON in a file."""
    return run(
        [
            "check", bench.target, "--db", str(bench.store), "--now", NOW,
            "--evidence", str(bench.evidence), "--key", str(bench.key),
            "-o", f"json={bench.root / 'result.json'}", *bench.arguments,
        ]
    )  # fmt: skip


def _truncated_layer(bench: Bench) -> None:
    image = Image([tar(DEBIAN)], compression="gzip")
    layer = image.stored_layers()[0]
    items = [
        Item(item.name, item.content[: len(item.content) // 2]) if item.content == layer else item
        for item in docker_archive_new(image)
    ]
    bench.archive(tar(items))


def _changed_layer(bench: Bench) -> None:
    items = [
        Item(item.name, item.content.replace(b"3.0.9-1", b"3.0.9-2"))
        for item in docker_archive_old(Image([tar(DEBIAN)]))
    ]
    bench.archive(tar(items))


def _missing_layer(bench: Bench) -> None:
    items = docker_archive_old(Image([tar(DEBIAN)]))
    bench.archive(tar([item for item in items if not item.name.endswith("layer.tar")]))


def _unknown_compression(bench: Bench) -> None:
    items = [
        Item(item.name, b"\x04\x22\x4d\x18" + item.content)
        if item.name.endswith("layer.tar")
        else item
        for item in docker_archive_old(Image([tar(DEBIAN)]))
    ]
    bench.archive(tar(items))


def _several_images(bench: Bench) -> None:
    one, two = Image([tar(DEBIAN)]), Image([tar([*DEBIAN, file("x")])], tags=["example/other:2"])
    bench.archive(tar(docker_archive_old(one, two)))


def _large_pax_header(bench: Bench) -> None:
    header = tarfile.TarInfo("./PaxHeaders/x")
    header.type = tarfile.XHDTYPE
    header.size = 64 << 20
    layer = header.tobuf(tarfile.USTAR_FORMAT) + bytes(64 << 20) + tar(DEBIAN)
    bench.archive(tar(docker_archive_old(Image([layer]))))


def _bomb(bench: Bench) -> None:
    """A gzip layer of 4 GiB of zeros, made in pieces: far over a limit set low."""
    piece = gzip.compress(bytes(64 << 20), mtime=0)
    bench.archive(piece * 64)
    bench.arguments += ["--limit", "expanded_bytes=268435456"]


def _zstd_bomb(bench: Bench) -> None:
    writer = zstandard.ZstdCompressor(level=1).compressobj()
    parts = [writer.compress(bytes(16 << 20)) for _ in range(64)] + [writer.flush()]
    bench.archive(b"".join(parts))


def _link_loop(bench: Bench) -> None:
    bench.image(
        file("etc/os-release", OS_RELEASE),
        symlink("var/lib/dpkg/status", "other"),
        symlink("var/lib/dpkg/other", "status"),
    )


def _link_outside(bench: Bench) -> None:
    bench.image(
        file("etc/os-release", OS_RELEASE),
        symlink("var/lib/dpkg/status", "../../../../../../../../var/lib/dpkg/none"),
    )


def _hardlink_outside(bench: Bench) -> None:
    bench.image(
        file("etc/os-release", OS_RELEASE), hardlink("var/lib/dpkg/status", "../../etc/passwd")
    )


def _rpm(bench: Bench, database: bytes) -> None:
    bench.image(
        file("etc/os-release", b'ID="almalinux"\nVERSION_ID="9.1"\n'),
        file("var/lib/rpm/rpmdb.sqlite", database),
    )


def _not_writable(bench: Bench) -> None:
    # A file in the place of the folder: root may write anywhere else.
    write(bench.evidence, b"")


def _full_disk(bench: Bench) -> None:
    bench.arguments += ["--evidence", "/dev/full/evidence"]


def _stale_policy(bench: Bench) -> None:
    bench.arguments += ["--now", "2027-03-01"]


CASES: dict[str, tuple[Build, int, str]] = {
    "file missing": (
        lambda b: setattr(b, "target", "docker-archive:/no/such/file"), 3, "no such file",
    ),
    "not an archive": (lambda b: b.archive(b"hello world\n" * 100), 3, "not an archive"),
    "empty file": (lambda b: b.archive(b""), 3, "not an archive"),
    "truncated archive": (
        lambda b: b.archive(tar(docker_archive_old(Image([tar(DEBIAN)])))[:5000]), 3, "ends",
    ),
    "truncated layer": (_truncated_layer, 3, "ends"),
    "layer bytes do not match their digest": (_changed_layer, 3, "configuration says"),
    "missing layer": (_missing_layer, 3, "is missing"),
    "unknown compression": (_unknown_compression, 3, "lz4"),
    "several images, no selector": (_several_images, 2, "--image"),
    "64 MiB PAX header": (_large_pax_header, 3, "limit"),
    "gzip bomb": (_bomb, 3, "limit 'expanded_bytes'"),
    "zstd bomb": (_zstd_bomb, 3, "limit"),
    "link loop": (_link_loop, 3, "40 links"),
    "link out of the root, to nothing": (_link_outside, 3, "var/lib/dpkg/none"),
    "hard link out of the root": (_hardlink_outside, 3, "var/lib/dpkg/status"),
    "database is a device": (
        lambda b: b.image(
            file("etc/os-release", OS_RELEASE),
            Item("var/lib/dpkg/status", type=tarfile.CHRTYPE),
        ), 3, "var/lib/dpkg/status",
    ),
    "package database empty": (
        lambda b: b.image(file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status")),
        3, "it names no package",
    ),
    "package database unreadable": (
        lambda b: b.image(
            file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", b"\x00\xff" * 200)
        ), 3, "dpkg database",
    ),
    "package database half-written": (
        lambda b: b.image(
            file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", STATUS[:-30])
        ), 3, "cut short",
    ),
    "rpm database empty": (lambda b: _rpm(b, b""), 3, "rpm database"),
    "rpm database garbage": (lambda b: _rpm(b, b"SQLite format 3\x00" + bytes(500)), 3,
                             "rpm database"),
    "os-release missing": (
        lambda b: b.image(file("var/lib/dpkg/status", STATUS)), 3, "os-release",
    ),
    "no packages found": (
        lambda b: b.image(file("etc/os-release", OS_RELEASE)), 3, "there is none of dpkg",
    ),
    "no files at all": (lambda b: b.image(folder("empty")), 3, "os-release"),
    "no advisories for this release": (
        lambda b: b.image(
            file("etc/os-release", OS_RELEASE.replace(b"12", b"13")),
            file("var/lib/dpkg/status", STATUS),
        ), 4, "no records of Debian:13",
    ),
    "unknown distribution": (
        lambda b: b.image(
            file("etc/os-release", b"ID=slackware\n"), file("var/lib/dpkg/status", STATUS)
        ), 4, "slackware",
    ),
    "advisory store missing": (
        lambda b: b.arguments.extend(["--db", str(b.root / "none")]), 4, "patchgate db",
    ),
    "advisory store empty": (
        lambda b: (b.store / MANIFEST).write_text(f'{{"format": {FORMAT}}}'), 4, "holds no source",
    ),
    "advisory store stale": (_stale_policy, 4, "days old"),
    "advisory store corrupt: manifest": (
        lambda b: (b.store / MANIFEST).write_bytes(b"{"), 4, "is damaged",
    ),
    "advisory store corrupt: one bit": (
        lambda b: b.shard().write_bytes(flipped(b.shard().read_bytes())), 4, "is damaged",
    ),
    "advisory store corrupt: cut": (
        lambda b: b.shard().write_bytes(b.shard().read_bytes()[:1000]), 4, "is damaged",
    ),
    "policy with an unknown key": (
        lambda b: b.policy("version: 1\nname: x\nfail_onn: high\n"), 2, "fail_onn",
    ),
    "policy with a wrong type": (
        lambda b: b.policy("version: 1\nname: x\nadvisories: 7\n"), 2, "advisories",
    ),
    "policy that is no YAML": (lambda b: b.policy("version: [1\n"), 2, "policy.yaml"),
    "policy missing": (
        lambda b: b.arguments.extend(["--policy", str(b.root / "none.yaml")]), 2, "none.yaml",
    ),
    "evidence folder not writable": (_not_writable, 5, "not a folder"),
    "evidence on a full disk": (_full_disk, 5, "evidence"),
    "no signing key": (lambda b: b.key.unlink(), 5, "no signing key"),
    "unknown output": (lambda b: b.arguments.extend(["-o", "pdf"]), 2, "'pdf' is not an output"),
    "image not in the daemon": (
        lambda b: setattr(b, "target", "daemon:no/such:image"), 7, "ocker",
    ),
    "SBOM that is no SBOM": (
        lambda b: setattr(b, "target", str(write(b.root / "x.json", b'{"a": 1}'))), 3, "SBOM",
    ),
    "SBOM that is cut short": (
        lambda b: setattr(
            b, "target", str(write(b.root / "x.json", b'{"bomFormat": "CycloneDX", "spec'))
        ), 3, "x.json",
    ),
    "root file system folder without anything": (
        lambda b: setattr(b, "target", f"rootfs:{write_folder(b.root / 'root', [file('x')])}"),
        3, "os-release",
    ),
    "folder of sources without a lock file": (
        lambda b: setattr(b, "target", str(write_folder(b.root / "src", [file("package.json")]))),
        3, "has no lock file",
    ),
}  # fmt: skip

HARMLESS: dict[str, tuple[Build, str]] = {
    "duplicate paths, the last counts": (
        lambda b: b.image(
            DEBIAN[0], file("var/lib/dpkg/status", STATUS.replace(b"3.0.9", b"0.0.1")), DEBIAN[1]
        ),
        "duplicate-path",
    ),
    "path traversal stays inside the root": (
        lambda b: b.image(*DEBIAN, file("../../etc/passwd", b"root")),
        "parent-name",
    ),
    "absolute names lie inside the root": (
        lambda b: b.image(*DEBIAN, file("/etc/passwd", b"root")),
        "absolute-name",
    ),
}
"""What is odd and yet read for certain: the verdict stands, and a note says so."""


def flipped(data: bytes) -> bytes:
    return data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]


def line_of(code: int, root: Path, err: str) -> str:
    """Return the line that a person would act on."""
    lines = [line for line in err.splitlines() if line.startswith("patchgate:")]
    text = lines[-1] if lines else f"exit {code}, and not a word"
    return text.replace(str(root), "…")


def print_all() -> None:
    """Run every case, and print what happened."""
    os.environ["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    for name, (build, expected, _) in CASES.items():
        with tempfile.TemporaryDirectory() as place:
            bench = sound(Path(place))
            build(bench)
            code, _, err = check(bench)
            mark = "" if code == expected else f"  EXPECTED {expected}"
            print(f"{code}  {name}: {line_of(code, Path(place), err)}{mark}")
    for name, (build, note) in HARMLESS.items():
        with tempfile.TemporaryDirectory() as place:
            bench = sound(Path(place))
            build(bench)
            code, _, _ = check(bench)
            notes = json.loads((Path(place) / "result.json").read_bytes())["coverage"]["notes"]
            print(f"{code}  {name}: note {note} {[found['code'] for found in notes]}")


if __name__ == "__main__":
    print_all()
    sys.stdout.flush()
