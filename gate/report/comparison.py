"""Before and after of a patch: for a terminal, as JSON, and as Markdown for a ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from gate.estate.comparison import Comparison, Flaw, Side
from gate.estate.sightings import End
from gate.matching.diff import Difference
from gate.report.difference import render_text as render_packages
from gate.report.encoding import log_line, visible, visible_json
from gate.report.markdown_text import code, plain

SCHEMA = "https://patchgate.dev/schema/evidence-diff-1.json"
_SHOWN = 200
_ENDS = {
    End.UPGRADED: "fixed",
    End.REMOVED: "package removed",
    End.CORRECTED: "no longer reported: the package is the same, the advisories changed",
    End.CLEARED: "not affected, by VEX",
}


def render_json(found: Comparison) -> bytes:
    """Return all of it as JSON; fields are only ever added."""
    document = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return visible_json(data) + b"\n"


def render_text(found: Comparison) -> str:
    """Return lines for a terminal."""
    lines = [
        _side("before", found.before),
        _side("after", found.after),
        *map(visible, _notes(found)),
    ]
    lines += ["", "packages", *_indented(render_packages(found.packages).splitlines())]
    for title, flaws in _parts(found):
        lines += ["", f"{title}: {len(flaws)}"]
        lines += [f"  {_line(one, visible)}" for one in flaws[:_SHOWN]]
        if len(flaws) > _SHOWN:
            lines.append(f"  and {len(flaws) - _SHOWN} more (-o json has all)")
    return "\n".join([*map(log_line, lines), ""])


def render_markdown(found: Comparison) -> str:
    """Return Markdown as GitHub and GitLab read it."""
    lines = ["### Before and after", ""]
    for title, side in (("before", found.before), ("after", found.after)):
        lines.append(f"- {title}: {_side_markdown(side)}")
    lines += [f"- {plain(note)}" for note in _notes(found)]
    lines += ["", f"**Packages** ({len(found.packages)})", ""]
    lines += ["| package | | before | after |", "|---|---|---|---|"]
    lines += [_package(one) for one in found.packages[:_SHOWN]]
    for title, flaws in _parts(found):
        if not flaws:
            continue
        lines += ["", f"**{title.capitalize()}** ({len(flaws)})", ""]
        lines += [f"- {_line(one, plain)}" for one in flaws[:_SHOWN]]
        if len(flaws) > _SHOWN:
            lines.append(f"- and {len(flaws) - _SHOWN} more")
    return "\n".join([*lines, ""])


def _parts(found: Comparison) -> Iterator[tuple[str, Sequence[Flaw]]]:
    yield "flaws closed", found.closed
    if found.unknown:
        yield "flaws not seen, by a run that did not see everything", found.unknown
    yield "flaws opened", found.opened
    yield "flaws that remain", found.remaining


def _notes(found: Comparison) -> Iterator[str]:
    before, after = found.before.run, found.after.run
    if not found.same_system:
        yield f"not the same system: {before.subject} and {after.subject}"
    if before.decided_at > after.decided_at:
        yield "the second run is the older one"
    if not found.after.whole:
        yield "the second run did not see everything: what it does not report may still be there"
    if before.policy != after.policy:
        yield "another policy ruled the second run"


def _side(title: str, side: Side) -> str:
    run = side.run
    who = f"{visible(run.actor) or 'nobody known'} ({_basis(side)})"
    place = f", entry {side.entry}" if side.entry is not None else ""
    said = (
        f"{title:<7} {run.verdict.value} {visible(run.subject)} {run.decided_at:%Y-%m-%d %H:%M} UTC"
    )
    where = f" {visible(run.url or run.repository)}" if run.url or run.repository else ""
    return f"{said}\n        run {run.run_id}{place}, by {who}{where}"


def _side_markdown(side: Side) -> str:
    run = side.run
    who = f"{plain(run.actor) or 'nobody known'} ({_basis(side)})"
    where = f", {code(run.url or run.repository)}" if run.url or run.repository else ""
    return (
        f"**{run.verdict.value}** {code(run.subject)} {run.decided_at:%Y-%m-%d %H:%M} UTC, "
        f"run {code(run.run_id)}, by {who}{where}"
    )


def _basis(side: Side) -> str:
    return "verified" if side.run.actor_verified else "claimed"


def _line(one: Flaw, escape: Callable[[str], str]) -> str:
    both = (one.before, one.after if one.after != one.before else "")
    versions = " → ".join(escape(text) for text in both if text)
    parts = [f"{escape(one.id)} {one.severity.value} {escape(one.package)} {versions}".rstrip()]
    if one.end is not None:
        parts.append(_ENDS.get(one.end, one.end.value))
    if one.exception:
        parts.append(f"accepted by {escape(one.exception)}")
    parts.append(_clock(one, escape))
    return ": ".join([parts[0], "; ".join(part for part in parts[1:] if part)])


def _clock(one: Flaw, escape: Callable[[str], str]) -> str:
    """Return how long it was open against the time it had."""
    if one.days_open is None:
        return "no date is known" if one.allowed != "none" else "no limit"
    days = f"{one.days_open} day{'s' if one.days_open != 1 else ''}"
    since = f"{escape(one.clock.replace('_', ' '))} {one.start:%Y-%m-%d}"
    if one.in_time is None or one.due is None:
        return f"open {days} since {since}, no limit"
    closed = one.end is not None
    end = ("in time" if closed else "time left") if one.in_time else "late" if closed else "overdue"
    return f"open {days} of {one.allowed} since {since}, due {one.due:%Y-%m-%d}: {end}"


def _package(one: Difference) -> str:
    return f"| {code(one.name)} | {one.change.value} | {code(one.before)} | {code(one.after)} |"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
