"""Runtimes and servers that no package manager installed, by the version in the program.

A program of a known name is asked for the text by which it states its version.  Almost all
are the distribution's, and are dropped as owned; the others were built from source or
unpacked, as the official images of Redis, Memcached, HAProxy or httpd do.

Linkers let one text be the end of another, so nothing need come before it.  Each
pattern was taken from the programs of Debian 12.  One that does not match proves
nothing: a program may have the name of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gate.catalog.elf import Elf
from gate.catalog.language import Contents, Identity

_ELSEWHERE = b"opt/bitnami/"
"""Bitnami writes an SBOM for each of its programs, which is read as such."""
_TEXTS = (b".rodata", b".data")
_DIGITS = rb"(\d+\.\d+\.\d+)"
_SHORT = rb"(\d+\.\d+\.\d{1,2})"
_BUILD = rb"\d{10}[01][0-9a-f]{8}\0"

_PROGRAMS: Mapping[str, tuple[bytes, bytes]] = {
    "haproxy": (rb"haproxy", rb" version " + _DIGITS + rb"[^,\0]*, released 2"),
    "httpd": (rb"httpd|apache2", rb"Apache/" + _DIGITS + rb"[ \0]"),
    "mariadb": (rb"mariadbd|mysqld", rb"(?<![\d.])" + _DIGITS + rb"-MariaDB"),
    "memcached": (rb"memcached", rb"memcached " + _DIGITS + rb"\0"),
    "nginx": (rb"nginx", rb"nginx version: nginx/" + _DIGITS),
    "node": (rb"node|nodejs|libnode\.so\.\d+", rb"node\.js/v" + _DIGITS + rb"\0"),
    "openresty": (rb"nginx|openresty", rb"nginx version: openresty/" + _DIGITS),
    "perl": (rb"perl(?:5\.\d+\.\d+)?|libperl\.so[0-9.]*", rb"(?<![\w.])v(5\.\d+\.\d+)\0"),
    "php": (
        rb"(?:php|php-fpm|php-cgi|phpdbg)[0-9.]*|libphp[0-9.]*\.so",
        rb"X-Powered-By: PHP/(\d+\.\d+\.\d+[0-9A-Za-z]*)",
    ),
    "postgresql": (rb"postgres", rb"PostgreSQL (\d+(?:\.\d+)+)[^\0]* on [a-z]"),
    "python": (
        rb"(?:lib)?python(?P<line>\d\.\d+).*",
        rb"(?<![\d.])(%b\.\d+(?:(?:a|b|rc)\d+)?)\+?\0",
    ),
    "redis": (
        rb"redis-(?:server|check-rdb)",
        rb"(?:%b[0-9a-f]{12}-|%b(?:[A-Za-z][\w.-]*-)?)" % (_SHORT, _SHORT) + _BUILD,
    ),
    "ruby": (rb"ruby[0-9.]*|libruby.*", rb"ruby " + _DIGITS + rb"(?:p\d+)? \("),
    "varnish": (rb"varnishd", rb"varnish-" + _DIGITS + rb" "),
}
"""What upstream calls it: pattern of the file's whole name, and of the text whose group is
the version.  Redis writes its version, the host and time of the build, and its revision in one."""


def read_program(path: bytes, elf: Elf) -> Contents | None:
    """Return what a program of a known name is, None where it is not known or does not tell."""
    if path.startswith(_ELSEWHERE):
        return None
    file = path.rpartition(b"/")[2]
    for name, (files, version) in _PROGRAMS.items():
        called = re.fullmatch(files, file)
        if called is None:
            continue
        line = called.groupdict().get("line")
        pattern = version if line is None else version % re.escape(line)
        for section in _TEXTS:
            found = re.search(pattern, elf.section(section) or b"")
            if found is not None:
                stated = next(group for group in found.groups() if group is not None)
                return Contents((Identity("generic", name, stated.decode("ascii")),))
    return None
