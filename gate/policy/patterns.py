"""Patterns and dates of a policy that no type can judge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from gate.policy.calendar import hours_of, zone_of
from gate.policy.exceptions.roster import keyid_of
from gate.policy.model import Approver, Extends, Policy, Tracker
from gate.policy.settings import Calendar, Rules
from gate.policy.strict_yaml import Path

Problem = tuple[Path, str, str]
"""Where, what is wrong, and a hint."""


def problems(policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with the patterns and dates of `policy`."""
    if policy.extends is not None:
        yield from _of_extends(policy.extends)
    yield from _purls(policy.coverage.accept_unmatched, ("coverage", "accept_unmatched"))
    yield from _keys(policy.vex.keys, ("vex",))
    yield from _of_rules(policy.rules, ("rules",))
    yield from _of_approvers(policy.exceptions.approvers)
    yield from _of_trackers(policy.exceptions.trackers)
    names: set[str] = set()
    for number, target in enumerate(policy.targets):
        here: Path = ("targets", number)
        if target.name in names or not target.name:
            what = f"'{target.name}' is the name of another target" if target.name else "is empty"
            yield (*here, "name"), what, "results tell targets by their names"
        names.add(target.name)
        if target.match == type(target.match)():
            yield (*here, "match"), "matches every target", "say what is meant, or use `rules`"
        yield from _names(target.match.image, (*here, "match", "image"))
        yield from _of_rules(target.rules, (*here, "rules"))


_FETCHED = re.compile(r"https://[^@\s]+|http://(localhost|127\.0\.0\.1|\[::1\])[:/][^@\s]*")
_REPOSITORY = re.compile(r"https://[^@\s]+|ssh://(\w+@)?[^@\s:-][^@\s]*|file:///\S+")
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]*")


def _of_extends(extends: Extends) -> Iterator[Problem]:
    """Yield what is wrong with the place of a policy that is extended."""
    ways = [name for name in ("path", "oci", "url") if getattr(extends, name)]
    here: Path = ("extends",)
    if len(ways) != 1:
        what = f"extends {' and '.join(ways)}" if ways else "extends nothing"
        yield here, what, "write one: path, path with revision, oci, or url; with sha256"
    elif (extends.git or extends.revision) and ways != ["path"]:
        yield here, f"a revision has no {ways[0]}", "write git, revision and path"
    elif extends.git and not extends.revision:
        yield (*here, "git"), "a repository needs a revision", "name a tag, branch or commit"
    elif extends.url and not _FETCHED.fullmatch(extends.url):
        yield (*here, "url"), f"'{extends.url}' is no https:// address without credentials", ""
    elif extends.git and not _REPOSITORY.fullmatch(extends.git):
        hint = "for example https://git.example/policies.git; Git knows the credentials"
        yield (*here, "git"), f"'{extends.git}' is no repository that can be fetched", hint
    elif extends.revision and not _REVISION.fullmatch(extends.revision):
        yield (*here, "revision"), f"'{extends.revision}' names no revision", ""
    elif "://" in extends.path or extends.path.startswith(("git@", "oci:", "git+")):
        hint = "write url, oci, or git with revision and path"
        yield (*here, "path"), f"'{extends.path}' is not a path", hint


def _of_rules(rules: Rules, path: Path) -> Iterator[Problem]:
    yield from _names(rules.base_image.approved, (*path, "base_image", "approved"))
    yield from _keys(rules.base_image.signed_by, (*path, "base_image"), "signed_by")
    yield from _purls(rules.packages.forbidden, (*path, "packages", "forbidden"))
    yield from _purls(rules.packages.required, (*path, "packages", "required"))
    licences = (*path, "packages", "licences")
    yield from _names(rules.packages.licences.forbidden, (*licences, "forbidden"))
    yield from _of_calendar(rules.patch_sla.calendar, (*path, "patch_sla", "calendar"))


def _of_calendar(calendar: Calendar, path: Path) -> Iterator[Problem]:
    for number, day in enumerate(calendar.holidays):
        yield from _day(day, (*path, "holidays", number))
    if len(set(calendar.weekend)) > 6:
        yield (*path, "weekend"), "leaves no day to work", "leave out at least one day"
    for field, read in (("hours", hours_of), ("time_zone", zone_of)):
        try:
            read(calendar)
        except ValueError as error:
            yield (*path, field), str(error), ""
    if calendar.hours and calendar.count != "business":
        yield (*path, "hours"), "count only of business days", "write count: business"
    if calendar.time_zone and calendar.utc_offset != "+00:00":
        yield (*path, "utc_offset"), "stands beside a time_zone", "give one of them"


def _of_approvers(approvers: tuple[Approver, ...]) -> Iterator[Problem]:
    names: set[str] = set()
    for number, approver in enumerate(approvers):
        here: Path = ("exceptions", "approvers", number)
        if approver.name.casefold() in names:
            what = f"'{approver.name}' is there twice"
            yield (*here, "name"), what, "give all keys of one person together"
        names.add(approver.name.casefold())
        if not approver.keys and not approver.accounts:
            yield here, f"'{approver.name}' has no way to approve", "give keys, or accounts"
        yield from _keys(approver.keys, here)
        for position, account in enumerate(approver.accounts):
            tracker, colon, name = account.partition(":")
            if not (tracker and colon and name):
                hint = "for example jira:ada"
                yield (*here, "accounts", position), f"'{account}' is not TRACKER:ACCOUNT", hint
        yield from _purls(approver.packages, (*here, "packages"))
        for field in ("since", "until"):
            day = getattr(approver, field)
            if day is not None:
                yield from _day(day, (*here, field))


def _of_trackers(trackers: tuple[Tracker, ...]) -> Iterator[Problem]:
    names: set[str] = set()
    for number, tracker in enumerate(trackers):
        here: Path = ("exceptions", "trackers", number)
        if tracker.name in names:
            yield (*here, "name"), f"'{tracker.name}' is there twice", ""
        names.add(tracker.name)
        if not _FETCHED.fullmatch(tracker.url):
            what = f"'{tracker.url}' is no https:// address without credentials"
            yield (*here, "url"), what, ""
        if tracker.kind == "gitlab" and not tracker.label:
            yield here, "tells no approval from a refusal: both are closed", "name a label"
        yield from _keys(tracker.keys, here)


def _keys(keys: tuple[str, ...], here: Path, field: str = "keys") -> Iterator[Problem]:
    for position, key in enumerate(keys):
        try:
            keyid_of(key)
        except ValueError as error:
            yield (*here, field, position), f"'{key[:40]}' {error}", ""


def _day(day: str, path: Path) -> Iterator[Problem]:
    try:
        date.fromisoformat(day)
    except ValueError:
        yield path, f"{day} is in no calendar", ""


def _names(written: tuple[str, ...], path: Path) -> Iterator[Problem]:
    for number, pattern in enumerate(written):
        if not pattern.strip("*?"):
            yield (
                (*path, number),
                f"'{pattern}' fits everything",
                "name a part of what is meant, for example registry.example/team/*",
            )


def _purls(written: tuple[str, ...], path: Path) -> Iterator[Problem]:
    for number, pattern in enumerate(written):
        if not pattern.startswith("pkg:") or not pattern[4:].partition("/")[0].strip("*?"):
            yield (
                (*path, number),
                f"'{pattern}' is not a purl pattern with a type",
                "for example pkg:generic/*",
            )
