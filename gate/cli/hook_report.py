"""What the pre-push hook says: a line for each image, with what to do, and one for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from gate.cli import exits
from gate.policy.verdict import Outcome
from gate.references.finding import Unread
from gate.report.changes import changes
from gate.report.encoding import log_line, visible
from gate.report.facts import count, tally, whys
from gate.run.pushed_images import PushedImage

_NOT_JUDGED = "NOT JUDGED"
_WIDTH = 300
_PLACES = 3
_CHANGES = 3
_WHYS = 3


def write_image(image: PushedImage) -> None:
    """Write what came of one image to standard output."""
    word = _NOT_JUDGED if image.result is None else image.result.verdict.outcome.value
    basis = f" ({image.basis})" if image.basis else ""
    _line(f"{word:<13} {image.name}{basis}  {_places(image)}")
    if image.result is None:
        _line(f"              {image.why}")
        return
    if image.result.verdict.outcome is Outcome.PASS:
        return
    for why in whys(image.result)[:_WHYS]:
        _line(f"              {why.message}")
    breaking = [row for row in changes(image.result).fixable if row.breaks]
    for row in breaking[:_CHANGES]:
        due = f"{row.flaws}; due {row.due}"
        _line(f"              raise {row.packages} from {row.installed} to {row.to}: {due}")
    if len(breaking) > _CHANGES:
        _line(f"              and {len(breaking) - _CHANGES:,} more; {tally(image.result)}")


def write_unread(unread: Unread) -> None:
    """Write which file could not be read to standard output."""
    _line(f"{_NOT_JUDGED:<13} {unread.path}  {unread.why}")


def summary(images: Sequence[PushedImage], unread: Sequence[Unread], code: int, remote: str) -> str:
    """Return the last line: how many of what, and what to do next."""
    to = f" to {visible(remote, 80)}" if remote else ""
    if not images and not unread:
        return f"patchgate: this push{to} touches no file that names an image"
    words = Counter(
        _NOT_JUDGED if image.result is None else image.result.verdict.outcome.value
        for image in images
    )
    words[_NOT_JUDGED] += len(unread)
    order = ("FAIL", "INDETERMINATE", _NOT_JUDGED, "PASS")
    counts = ", ".join(f"{words[word]} {word}" for word in order if words[word])
    head = f"patchgate: {count(len(images), 'image')}{to}: {counts}"
    if code == exits.PASS:
        open_ones = words[_NOT_JUDGED] + words["INDETERMINATE"]
        return f"{head}; let go by --allow-unjudged, CI decides" if open_ones else head
    hints = []
    if any(image.result is None and image.references[0].image for image in images):
        hints.append("`patchgate hook warm` reads what is not known yet")
    if words["INDETERMINATE"]:
        hints.append("`patchgate db update` brings advisories")
    if words[_NOT_JUDGED] or words["INDETERMINATE"]:
        hints.append("--allow-unjudged lets go what could not be judged")
    hints.append("`git push --no-verify` goes past this hook, CI does not")
    return "\n  ".join((f"{head} [exit {code}]", *hints))


def _places(image: PushedImage) -> str:
    shown = [f"{one.path}:{one.line}" for one in image.references[:_PLACES]]
    left = len(image.references) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def _line(text: str) -> None:
    click.echo(log_line(visible(text, _WIDTH)))
