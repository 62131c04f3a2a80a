"""Runtimes and servers that no package manager installed: the files and programs that name them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.lookup import lookup
from gate.bom.model import ReadingStatus
from gate.catalog import named_programs, runtimes
from gate.catalog.elf import Elf
from gate.sources.budget import Meter
from tests.builders import Item, file
from tests.catalog.elves import ElfFile
from tests.catalog.languages import of, reading, take, unread, versions

NODE_HEADER = b"""#ifndef SRC_NODE_VERSION_H_
#define SRC_NODE_VERSION_H_

#define NODE_MAJOR_VERSION 20
#define NODE_MINOR_VERSION 11
#define NODE_PATCH_VERSION 1
#define NODE_VERSION_IS_LTS 1
"""
PYTHON_HEADER = b"""#define PY_MAJOR_VERSION        3
/* Version as a string */
#define PY_VERSION              "3.12.1+"
"""
PHP_HEADER = b'#define PHP_MAJOR_VERSION 8\n#define PHP_VERSION "8.3.2-dev"\n'
RUBY_CONFIG = (
    b'  CONFIG["MAJOR"] = "3"\n  CONFIG["MINOR"] = "3"\n  CONFIG["TEENY"] = "0"\n'
    b'  CONFIG["PATCHLEVEL"] = "0"\n'
)
PERL_HEADER = b"""#define PERL_REVISION\t5\t\t/* age */
#define PERL_VERSION\t38\t\t/* epoch */
#define PERL_SUBVERSION\t2\t\t/* generation */
"""
JDK = (
    b'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_RUNTIME_VERSION="21.0.2+13-LTS"\nJAVA_VERSION="21.0.2"\n'
)
FOUND = {
    "usr/local/include/node/node_version.h": (NODE_HEADER, "pkg:generic/node@20.11.1"),
    "usr/local/include/python3.12/patchlevel.h": (PYTHON_HEADER, "pkg:generic/python@3.12.1"),
    "root/.local/share/uv/python/cpython-3.13.0rc1-linux/include/python3.13t/patchlevel.h": (
        b'#define PY_VERSION "3.13.0rc1"',
        "pkg:generic/python@3.13.0rc1",
    ),
    "usr/local/include/php/main/php_version.h": (PHP_HEADER, "pkg:generic/php@8.3.2"),
    "usr/local/lib/ruby/3.3.0/x86_64-linux/rbconfig.rb": (RUBY_CONFIG, "pkg:generic/ruby@3.3.0"),
    "usr/local/lib/perl5/5.38.2/x86_64-linux-gnu/CORE/patchlevel.h": (
        PERL_HEADER,
        "pkg:generic/perl@5.38.2",
    ),
    "usr/local/lib/erlang/releases/26/OTP_VERSION": (b"26.2.1\n", "pkg:generic/erlang@26.2.1"),
}


@pytest.mark.parametrize("path", FOUND)
def test_what_is_found(tmp_path: Path, path: str) -> None:
    content, purl = FOUND[path]
    bom = take(tmp_path, [file(path, content)])
    assert [component.purl for component in of(bom, "generic")] == [purl]
    assert reading(bom, "runtimes").status is ReadingStatus.COMPLETE


@pytest.mark.parametrize("path", FOUND)
def test_a_file_in_its_place_that_states_nothing_is_a_problem(tmp_path: Path, path: str) -> None:
    bom = take(tmp_path, [file(path, b"nothing of that kind")])
    assert of(bom, "generic") == []
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("runtimes", ReadingStatus.FAILED)
    assert path in reason
    assert "does not state the version" in reason


def test_java_is_known_by_what_lies_beside_its_release(tmp_path: Path) -> None:
    java = [
        file("opt/java/openjdk/release", JDK),
        Item("opt/java/openjdk/bin/java", b"", mode=0o755),
    ]
    assert versions(take(tmp_path, java), "generic") == {"openjdk": "21.0.2"}
    other = take(tmp_path, [file("opt/app/release", b"2026-11-27")])
    assert of(other, "generic") == []
    assert unread(other) == []


def test_go_itself_is_asked_for_as_the_module_of_its_flaws(tmp_path: Path) -> None:
    go = [file("usr/local/go/VERSION", b"go1.22.1\ntime 2024-02-29T18:18:48Z\n")]
    assert of(take(tmp_path, go), "golang") == []
    bom = take(tmp_path, [*go, Item("usr/local/go/bin/go", b"", mode=0o755)])
    assert versions(bom, "golang") == {"toolchain": "1.22.1"}
    asked = [(q.ecosystem, q.name, q.version) for q in lookup(bom).queries if q.ecosystem == "Go"]
    assert asked == [("Go", "toolchain", "1.22.1")]


def test_what_bitnami_describes_by_itself_is_not_found_twice(tmp_path: Path) -> None:
    path = "opt/bitnami/node/include/node/node_version.h"
    assert of(take(tmp_path, [file(path, NODE_HEADER)]), "generic") == []


TEXTS = {
    "haproxy": (".data", b" version 2.6.12-1+deb12u4, released 2026/10/17\0", "haproxy", "2.6.12"),
    "httpd": (".rodata", b"\0Apache/2.4.58 (Unix)\0", "httpd", "2.4.58"),
    "mariadbd": (".rodata", b"\x0011.2.2-MariaDB\0", "mariadb", "11.2.2"),
    "memcached": (".rodata", b"\0memcached 1.6.22\0", "memcached", "1.6.22"),
    "nginx": (".rodata", b"\0nginx version: nginx/1.25.3\n\0", "nginx", "1.25.3"),
    "libnode.so.108": (".rodata", b"\0node.js/v18.20.4\0", "node", "18.20.4"),
    "perl5.38.2": (".rodata", b"\0v5.38.2\0", "perl", "5.38.2"),
    "php-fpm": (".rodata", b"\0X-Powered-By: PHP/8.3.1\0", "php", "8.3.1"),
    "postgres": (
        ".rodata",
        b"\0PostgreSQL 16.1 (Debian 16.1-1) on x86_64-pc\0",
        "postgresql",
        "16.1",
    ),
    "libpython3.12.so.1.0": (".rodata", b"\x003.1.0\x003.12.0rc2+\0", "python", "3.12.0rc2"),
    "redis-server": (
        ".rodata",
        b"7.2.4buildkitsandbox-1707300000000000000\0",
        "redis",
        "7.2.4",
    ),
    "redis-check-rdb": (".rodata", b"7.0.151790282056000000000\0", "redis", "7.0.15"),
    "libruby.so.3.3.0": (
        ".rodata",
        b"\0ruby 3.3.0 (2023-12-25 revision 5124f9ac75)\0",
        "ruby",
        "3.3.0",
    ),
    "varnishd": (".rodata", b"\0varnish-7.4.2 revision fd1cb\0", "varnish", "7.4.2"),
}
"""Name of a program: a section, what real ones write there, and what that makes of it."""


def program(section: str, text: bytes) -> bytes:
    return ElfFile({b".text": b"\x90" * 40, section.encode(): b"x" * 40 + text}).build()


@pytest.mark.parametrize("called", TEXTS)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_programs_say_their_version(tmp_path: Path, called: str, compression: str) -> None:
    section, text, name, version = TEXTS[called]
    item = Item(f"usr/local/bin/{called}", program(section, text), mode=0o755)
    bom = take(tmp_path, [item], compression=compression)
    assert versions(bom, "generic") == {name: version}
    other = Item("usr/local/bin/mine", item.content, mode=0o755)
    assert of(take(tmp_path, [other], compression=compression), "generic") == []


def test_a_program_of_that_name_may_be_another(tmp_path: Path) -> None:
    item = Item("usr/local/bin/node", program(".rodata", b"\0exporter v1.0.0\0"), mode=0o755)
    bom = take(tmp_path, [item])
    assert of(bom, "generic") == []
    assert unread(bom) == []


@given(st.binary(max_size=300), st.sampled_from(sorted(TEXTS)))
def test_no_program_breaks_it(text: bytes, called: str) -> None:
    elf = Elf(memoryview(program(TEXTS[called][0], text)))
    found = named_programs.read_program(f"bin/{called}".encode(), elf)
    assert found is None or re.fullmatch(r"[0-9][0-9A-Za-z.]*", found.packages[0].version)


def test_the_python_that_runs_this() -> None:
    """The real program says what it says of itself."""
    library = sysconfig.get_config_var("INSTSONAME") or ""
    folder = Path(sysconfig.get_config_var("LIBDIR") or "/")
    paths = [Path(sys.executable).resolve(), folder / library]
    paths = [path for path in paths if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    found = set()
    for path in paths:
        contents = named_programs.read_program(bytes(path), Elf(memoryview(path.read_bytes())))
        found |= set() if contents is None else {(p.name, p.version) for p in contents.packages}
    if not found:
        pytest.skip(f"the Python here is none of an ELF system with sections ({sys.executable})")
    assert found == {("python", platform.python_version().removesuffix("+"))}


def test_the_headers_of_the_python_that_runs_this() -> None:
    path = Path(sysconfig.get_paths()["include"]) / "patchlevel.h"
    if not path.is_file():
        pytest.skip("no headers of Python here (python3-dev): their version is not tested")
    (found,) = runtimes.parse_runtime(bytes(path), path.read_bytes(), Meter())
    assert found.version == platform.python_version().removesuffix("+")


def test_node_as_it_is_here() -> None:
    path = Path("/usr/bin/node").resolve()
    if not path.is_file():
        pytest.skip("no node here: its version is not read from the real program")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    found = named_programs.read_program(bytes(path), Elf(memoryview(path.read_bytes())))
    if found is None:
        pytest.skip("the node here has its code in a library of another name")
    assert f"v{found.packages[0].version}\n" == said
