"""An audit as one HTML file: on a screen, on a phone, on paper, years from now.

The answer to the question of the period stands first, then what was missed, then who
looked at what and when.  Each part names the controls it serves and what it does not
prove.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate import __version__
from gate.estate import figures
from gate.estate.audit import Audit, System
from gate.estate.controls import Control, Framework, Rows
from gate.estate.lives import Standing
from gate.report import audit_charts as charts
from gate.report.audit_tables import (
    changes,
    exceptions,
    flaws,
    gaps,
    past_their_time,
    record,
    severities,
    systems,
)
from gate.report.charts import legend
from gate.report.facts import count
from gate.report.markup import Markup, joined, tag
from gate.report.page import page

_SHOWN = 200


def render(audit: Audit, framework: Framework) -> bytes:
    """Return the page, UTF-8."""
    body = tag("body", tag("main", *_sections(audit, framework)), _footer(audit, framework))
    return page(f"Patch evidence, {framework.title}, {audit.period.written}", body, "audit.css")


def _sections(audit: Audit, framework: Framework) -> Iterator[Markup]:
    yield _head(audit, framework)
    yield from _problems(audit)
    yield from _answer(audit, framework)
    yield from _charts(audit, framework)
    yield from _controls(framework)
    yield from past_their_time(audit, framework)
    yield from exceptions(audit, framework)
    yield from systems(audit, framework)
    yield from gaps(audit, framework)
    yield from severities(audit)
    yield from flaws(audit, framework)
    yield from changes(audit, framework)
    yield from record(audit)
    yield from _verify(audit)


def _until(audit: Audit) -> str:
    if audit.as_of == audit.period.end:
        return f"end of {audit.period.last_day}"
    return f"{audit.as_of:%Y-%m-%d %H:%M} UTC"


def _head(audit: Audit, framework: Framework) -> Markup:
    checks = sum(len(system.checks) for system in audit.systems)
    if audit.verified:
        state = f"All {checks:,} records of the period verify, with everything attached to them."
    else:
        names = {name for name, _ in audit.problems}
        state = (
            f"NOT VERIFIED: something is wrong with {count(len(names), 'record')}. "
            "What does not verify is not counted."
        )
    upto = "" if audit.as_of == audit.period.end else f", as of {audit.as_of:%Y-%m-%d %H:%M} UTC"
    return tag(
        "header",
        tag("p", "Patch evidence", class_="word"),
        tag("h1", f"{framework.title}: {audit.period.begin:%Y-%m-%d} to {audit.period.last_day}"),
        tag("p", f"{state} {audit.entries:,} of {audit.size:,} entries of the ledger{upto}."),
        class_="verdict audit" if audit.verified else "verdict audit unsound",
    )


def _problems(audit: Audit) -> Iterator[Markup]:
    if audit.problems:
        yield tag("h2", "What does not verify")
        lines = [
            tag("li", tag("b", problem.code.value), f" {name or 'ledger'}: {problem.message}")
            for name, problem in audit.problems[:_SHOWN]
        ]
        yield tag("ul", *lines, class_="why")
        if len(audit.problems) > _SHOWN:
            yield tag("p", f"and {len(audit.problems) - _SHOWN:,} more")


def _answer(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield the question of the period and its answer, in words and in figures."""
    total = figures.share(audit.lives, audit.as_of)
    missed = figures.breaches(audit)
    never = figures.never_checked(audit)
    longer = sum(bool(system.gaps) for system in audit.systems if system.checks)
    in_scope = [system for system in audit.systems if system.scope.begin < system.scope.end]
    percent = f"{total.percent:.1f}%" if total.percent is not None else "none"
    tiles = [
        (percent, "fixed in time"),
        (f"{len(missed):,}", "breaches without exception"),
        (f"{total.excepted:,}", "accepted by exception"),
        (f"{len(in_scope) - len(never):,} of {len(in_scope):,}", "systems checked"),
        (f"{longer:,}", "systems with gaps"),
    ]
    shown = (tag("div", tag("b", value), label, class_="tile") for value, label in tiles)
    yield tag("div", *shown, class_="tiles")
    yield tag("h2", "Was every system patched in time?")
    yield tag("p", *_sentence(audit, never), class_="answer")
    if not audit.asset_list:
        yield tag(
            "p",
            "No list of assets was given: systems that nobody ever checked cannot be seen here.",
            class_="answer",
        )
    yield tag(
        "p",
        "Time to patch is what the policy of each run allowed. A flaw counts once its time was "
        "kept or ran out; its end is the first check that no longer saw it. An exception is "
        "not a fix and does not raise the share.",
        class_="not",
    )
    if audit.refs:
        yield tag(
            "p",
            f"Only runs of {', '.join(audit.refs)} count, and runs outside of CI; "
            f"{count(audit.left_out, 'run')} of other branches left out.",
            class_="answer",
        )
    if framework.id == "pci":
        yield _month_of_release(audit)


def _sentence(audit: Audit, never: list[System]) -> Iterator[Markup | str]:
    total = figures.share(audit.lives, audit.as_of)
    waiting = sum(life.standing(audit.as_of) is Standing.OPEN for life in audit.lives)
    if total.total:
        yield "Of "
        yield tag("b", count(total.total, "flaw"))
        yield " whose time to patch was kept or ran out, "
        yield tag("b", f"{total.kept:,} {'was' if total.kept == 1 else 'were'} fixed in time")
        yield f", {total.excepted:,} accepted by an approved exception, and "
        yield tag("b", f"{total.breached:,} breached it")
        yield ". "
    else:
        yield "No flaw had its time to patch run out, and none was fixed. "
    yield f"{waiting:,} {'is' if waiting == 1 else 'are'} open and within the time. "
    if never:
        names = ", ".join(system.name for system in never[:5])
        more = f" and {len(never) - 5:,} more" if len(never) > 5 else ""
        yield tag("b", f"{count(len(never), 'system')} in scope never checked")
        yield f": {names}{more}. "
    if strangers := figures.unlisted(audit):
        yield f"{count(len(strangers), 'system')} checked and not in the list of assets. "


def _month_of_release(audit: Audit) -> Markup:
    share, unknown = figures.month_of_release(audit)
    text = (
        f"PCI DSS 6.3.3: of {count(share.total, 'critical flaw')} with a released patch, "
        f"{share.kept:,} were gone within a month of the release"
    )
    if unknown:
        text += f"; for {unknown:,} no date of release is known, and they count as not"
    return tag("p", f"{text}.", class_="answer")


def _charts(audit: Audit, framework: Framework) -> Iterator[Markup]:
    yield tag("h2", "At a glance")
    kept = (("kept", "fixed in time"), ("excepted", "by exception"), ("breached", "breached"))
    seen = (("kept", "checked"), ("excepted", "in part"), ("missing", "not checked"))
    shown = [
        (
            "Fixed within the time to patch",
            charts.meanings(*kept),
            charts.kept_by_month(audit),
            Rows.FLAWS,
        ),
        (
            f"Age of flaws still open ({_until(audit)})",
            legend(charts.open_severities(audit)),
            charts.open_by_age(audit),
            Rows.FLAWS,
        ),
        (
            "Mean time to patch, in days",
            tag("p", "The dashed line is the time allowed.", class_="legend"),
            charts.time_to_patch(audit),
            Rows.FLAWS,
        ),
        (
            "Systems checked, by week",
            charts.meanings(*seen),
            charts.coverage_by_week(audit),
            Rows.CHECKS,
        ),
    ]
    figures_ = (
        tag(
            "figure",
            tag("h3", title),
            colours,
            drawing,
            tag("p", tag("small", " ".join(framework.serves(rows)))),
            class_="chart",
        )
        for title, colours, drawing, rows in shown
    )
    yield tag("div", *figures_, class_="charts four")


def _controls(framework: Framework) -> Iterator[Markup]:
    yield tag("h2", "Controls, and what is shown for them")
    heads = ("Control", "Asks that", "Shown here", "Not shown")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    yield tag("table", head, tag("tbody", *map(_control, framework.controls)), class_="stacks")
    yield tag(
        "p",
        "This is evidence for an assessor, and no opinion on whether a control is met.",
        class_="not",
    )


def _control(control: Control) -> Markup:
    return tag(
        "tr",
        tag("td", tag("code", control.id)),
        tag("td", control.asks, data_label="asks that"),
        tag("td", ", ".join(rows.value for rows in control.rows), data_label="shown here"),
        tag("td", control.beyond, data_label="not shown"),
    )


def _verify(audit: Audit) -> Iterator[Markup]:
    yield tag("h2", "Verify this")
    yield tag(
        "p",
        "This page is a summary; the records are the evidence. They lie beside it in the "
        "archive, with the ledger that has them all. With the public key, which must come by "
        "another way than this archive:",
    )
    command = (
        f"patchgate evidence verify --trust KEY --period {audit.period.written} evidence\n"
        "sha256sum -c SHA256SUMS"
    )
    yield tag("pre", *_lines(command))
    yield tag("p", "README.md says how to do it with openssl and sha256sum alone.")


def _lines(text: str) -> Iterator[Markup]:
    for number, line in enumerate(text.split("\n")):
        yield joined([tag("br")] if number else [])
        yield tag("code", line)


def _footer(audit: Audit, framework: Framework) -> Markup:
    pairs = [
        ("framework", framework.title),
        ("period", audit.period.written),
        ("ledger", f"{audit.origin}, {audit.size:,} entries"),
        ("root", audit.root.hex()),
        ("tool", f"patchgate {__version__}"),
    ]
    listed = (tag("dt", word) + tag("dd", text) for word, text in pairs)
    return tag("footer", tag("dl", joined(map(Markup, listed))))
