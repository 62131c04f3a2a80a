"""A file of exceptions, from text to values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gate.errors import UsageError
from gate.policy.exceptions.model import ExceptionList, PolicyException
from gate.policy.strict_yaml import Path, at, load_strict, nearest
from gate.policy.typed import typed

_HINT = "`patchgate exceptions schema` prints what is allowed"


def read_exceptions(text: str, where: str) -> tuple[PolicyException, ...]:
    """Return the exceptions in `text`: one that stands alone, or a list of them.

    UsageError, with line and column, where it is not valid: unknown keys, days
    that are in no calendar, patterns that fit everything.
    """
    value, marks = load_strict(text, where)
    if not isinstance(value, dict):
        raise UsageError("is not a file of exceptions: 'version: 1' is expected", where=where)
    prefix: Path = ("exceptions", 0)
    if "exceptions" not in value:
        single = {key: item for key, item in value.items() if key != "version"}
        value = {"version": value.get("version"), "exceptions": [single]}
        marks = {_moved(path, prefix): mark for path, mark in marks.items()}
    listed = typed(value, ExceptionList, marks, where, hint=_HINT)
    for number, exception in enumerate(listed.exceptions):
        here: Path = ("exceptions", number)
        for path, what, hint in _problems(exception):
            mark = nearest(marks, (*here, *path))
            raise UsageError(f"{exception.id}: {what}", where=at(where, mark), hint=hint)
    return listed.exceptions


def _moved(path: Path, prefix: Path) -> Path:
    return path if path == ("version",) else (*prefix, *path)


def _problems(exception: PolicyException) -> Iterator[tuple[Path, str, str]]:
    """Yield where, what is wrong, and a hint."""
    if not exception.vulnerabilities and not exception.rules:
        yield (), "accepts nothing", "name vulnerabilities, or rules"
    for field in ("requested", "remediation", "expires"):
        if not _is_day(getattr(exception, field)):
            yield (field,), f"{getattr(exception, field)} is in no calendar", ""
    for number, day in enumerate(exception.earlier_terms):
        if not _is_day(day):
            yield ("earlier_terms", number), f"{day} is in no calendar", ""
    if exception.remediation > exception.expires:
        what = f"the remediation is planned after the last day, {exception.expires}"
        yield ("remediation",), what, "an exception ends when the flaw is gone, or earlier"
    for number, pattern in enumerate(exception.systems):
        if not pattern.strip("*?./:@-_[]!"):
            hint = "name a part of what is meant, for example registry.example/team/*"
            yield ("systems", number), f"'{pattern}' fits everything", hint
    for number, pattern in enumerate(exception.packages):
        kind, _, name = pattern.removeprefix("pkg:").partition("/")
        if not pattern.startswith("pkg:") or not kind.strip("*?") or not name.strip("*?/@"):
            hint = "for example pkg:deb/debian/openssl@*"
            yield ("packages", number), f"'{pattern}' is not a purl pattern with a name", hint


def _is_day(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True
