"""The result of verifying evidence as one HTML file, for whoever files it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gate.report.facts import count
from gate.report.markup import Markup, joined, tag
from gate.report.page import page
from gate.report.verification import (
    LedgerNote,
    PlaceNote,
    ProblemNote,
    RecordNote,
    Verification,
    all_problems,
)

_SHOWN = 1000
_NOT_PROVEN = (
    "This does not prove that the signer's clock was right (only a trusted time stamp does), nor "
    "that whoever has the key did not write the ledger anew (a checkpoint kept elsewhere does)."
)


def render(document: Verification) -> bytes:
    """Return the page, UTF-8."""
    parts = [_head(document), *_codes(document), *map(_place, document.places), *_trust(document)]
    word = "verified" if document.verified else "NOT VERIFIED"
    return page(f"Evidence: {word}", tag("body", tag("main", *parts)), "audit.css")


def _head(document: Verification) -> Markup:
    word = "Verified" if document.verified else "Not verified"
    records = sum(place.sound for place in document.places)
    when = f"{document.verified_at:%Y-%m-%d %H:%M} UTC by {document.tool}"
    return tag(
        "header",
        tag("p", word, class_="word"),
        tag("p", f"{count(records, 'record')} verified, at {when}"),
        tag("p", _NOT_PROVEN, class_="not"),
        class_="verdict audit" if document.verified else "verdict audit unsound",
    )


def _codes(document: Verification) -> Iterator[Markup]:
    found = list(all_problems(document))
    if not found:
        return
    times = Counter((one.code, one.meaning) for one in found)
    yield tag("h2", "What was found")
    rows = (
        tag("tr", tag("td", tag("code", code)), tag("td", meaning), tag("td", f"{number:,}"))
        for (code, meaning), number in sorted(times.items())
    )
    head = tag("thead", tag("tr", tag("th", "Code"), tag("th", "Means"), tag("th", "Times")))
    yield tag("table", head, tag("tbody", *rows))


def _place(place: PlaceNote) -> Markup:
    word = "verified" if place.verified else "NOT VERIFIED"
    parts = [tag("h2", tag("code", place.name), f": {word}")]
    if place.ledger is not None:
        parts += _ledger(place.ledger)
    else:
        parts.append(tag("p", "Not held against a ledger: there is none beside it."))
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in place.verdicts.items())
    parts.append(tag("p", f"{count(place.sound, 'record')} verified{counts and ': '}{counts}."))
    if place.elsewhere:
        parts.append(tag("p", f"{place.elsewhere:,} entries of other times have no record here."))
    parts += _others(place)
    if place.assets is not None:
        checked = place.assets - len(place.gaps)
        parts.append(tag("p", f"{checked:,} of {count(place.assets, 'asset')} were checked."))
    parts += _problems(place.gaps)
    parts += [_record(record) for record in place.records[:_SHOWN]]
    if len(place.records) > _SHOWN:
        more = len(place.records) - _SHOWN
        parts.append(tag("p", f"And {more:,} more: `evidence verify --json` has all."))
    return tag("section", *parts)


def _ledger(ledger: LedgerNote) -> list[Markup]:
    if ledger.size is None:
        return [tag("p", "No trusted key has signed its ledger."), *_problems(ledger.problems)]
    said = tag(
        "p",
        "Ledger ",
        tag("code", ledger.origin),
        f": {ledger.size:,} {'entry' if ledger.size == 1 else 'entries'}, root ",
        tag("code", ledger.root),
        ", signed by ",
        joined((tag("code", key[:16]) for key in ledger.signed_by), ", "),
        ".",
    )
    return [said, *_problems(ledger.problems)]


def _others(place: PlaceNote) -> Iterator[Markup]:
    for name, entries in sorted(place.witnesses.items()):
        yield tag("p", "Witness ", tag("code", name), f" cosigned the first {entries:,} entries.")
    if place.time_stamped:
        yield tag("p", f"Trusted time stamps cover the first {place.time_stamped:,} entries.")
    if place.time_stamps_unchecked:
        number = place.time_stamps_unchecked
        yield tag("p", f"{number:,} time stamps were not checked: no authority is trusted.")


def _record(record: RecordNote) -> Markup:
    if record.verified:
        word = "verified"
    else:
        only = all(one.information for one in record.problems)
        word = "redacted" if record.problems and only else "NOT VERIFIED"
    entry = f", entry {record.entry:,}" if record.entry is not None else ""
    said = [tag("h3", tag("code", record.name or "a record"), f": {word}{entry}")]
    if record.verdict is not None and record.decided_at is not None:
        what = f"{record.verdict.value}, decided {record.decided_at:%Y-%m-%d %H:%M} UTC: "
        said.append(tag("p", what, joined((tag("code", one) for one in record.subjects), ", ")))
    return tag("div", *said, *_problems(record.problems))


def _problems(problems: tuple[ProblemNote, ...]) -> list[Markup]:
    lines = [
        tag("li", tag("code", one.code), f" {one.where}{': ' if one.where else ''}{one.message}")
        for one in problems
    ]
    return [tag("ul", *lines, class_="why")] if lines else []


def _trust(document: Verification) -> Iterator[Markup]:
    yield tag("h2", "Who was trusted")
    lines = (
        tag("li", tag("code", one.keyid), f" {one.name} ({', '.join(one.roles)})")
        for one in document.trusted
    )
    yield tag("ul", *lines)
