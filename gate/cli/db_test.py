"""`patchgate db test`: what the gate would say of packages and advisories, line by line."""

from __future__ import annotations

import codecs
from pathlib import Path

import click
import msgspec

from gate.advisories.draft import read_draft
from gate.cli import exits
from gate.errors import UsageError
from gate.matching.conformance import Package, answer_draft

_LINE_BYTES = 64 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True):
    package: Package
    advisory: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)


@click.command("test")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
def command(path: Path) -> int:
    """Say for each line of FILE whether the advisory affects the package.

    A line is {"package": {"ecosystem", "name", "version"}, "advisory": {OSV
    record}}; it comes back as {"affected": true | false | null, "reason": …},
    where null cannot be decided. The package may be a {"purl"} instead, and
    the advisory a draft: what is missing or malformed in it and does not
    matter for the answer is passed over. A line that cannot be read comes
    back as null with an error; then the exit code is 2.
    """
    try:
        # As bytes: a line that is not UTF-8 is an error of that line alone.
        lines = click.open_file(str(path), "rb")
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error
    code = exits.PASS
    with lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                result = _answer(line)
                if "error" in result:
                    code = exits.USAGE
                click.echo(msgspec.json.encode({"line": number, **result}))
    return code


def _answer(line: bytes) -> dict[str, object]:
    if len(line) > _LINE_BYTES:
        return _unread(f"is longer than {_LINE_BYTES:,} bytes")
    try:
        asked = _decoder.decode(line.removeprefix(codecs.BOM_UTF8))
        draft = read_draft(bytes(asked.advisory))
        found = answer_draft(asked.package, draft)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return _unread(str(error))
    return {
        "affected": found.affected,
        "reason": {
            "record": draft.record.id,
            "package": asked.package.name or asked.package.purl,
            "ecosystem": found.ecosystem or asked.package.ecosystem,
            "why": found.why,
            "fixed": found.fixed,
            "range": found.range,
            "events": found.events,
            "comparison": found.comparison,
        },
    }


def _unread(why: str) -> dict[str, object]:
    return {"affected": None, "reason": {"why": f"the line cannot be read: {why}"}, "error": why}
