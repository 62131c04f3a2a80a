"""Targets: what is judged by other rules than the rest, and by which.

The first target whose `match` holds rules; the others do not count, and where
none holds the rules of the policy do.  A target's rules are written as what is
different; `gate.policy.document` completes them from the rules of the policy.

A name and a label are what the image says of itself: use them to be stricter,
not to be more lenient (docs/policy.md, "Targets").
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec

from gate.bom.model import Subject, SubjectKind
from gate.policy.context import Attributes
from gate.policy.settings import Patterns, Rules, Settings


class TargetMatch(Settings, frozen=True, kw_only=True):
    """Which targets are meant: all that is said here has to hold."""

    image: Annotated[
        Patterns, msgspec.Meta(description="one of these patterns fits the name or a tag")
    ] = ()
    kind: tuple[SubjectKind, ...] = ()
    labels: Annotated[
        dict[str, str], msgspec.Meta(description="every label has a value that fits its pattern")
    ] = msgspec.field(default_factory=dict)
    environment: tuple[str, ...] = ()
    internet_facing: Annotated[
        bool | None, msgspec.Meta(description="a target that does not say counts as true")
    ] = None
    classification: tuple[str, ...] = ()


class Target(Settings, frozen=True, kw_only=True):
    """Some targets, what is said of them, and what is different for them."""

    name: str
    match: TargetMatch
    attributes: Annotated[
        Attributes, msgspec.Meta(description="what is said of them; --target-attr outranks it")
    ] = Attributes()
    rules: Annotated[
        Rules, msgspec.Meta(description="what is left out is as in the rules of the policy")
    ] = Rules()


def matching_target(
    targets: Iterable[Target], subject: Subject, given: Attributes
) -> Target | None:
    """Return the first of `targets` that `subject` belongs to, or None."""
    return next((target for target in targets if _holds(target.match, subject, given)), None)


def attributes_of(target: Target | None, given: Attributes) -> Attributes:
    """Return what is said of a target: `given` for this run, else by the policy."""
    said = target.attributes if target is not None else Attributes()
    return Attributes(
        environment=_first(given.environment, said.environment),
        internet_facing=(
            said.internet_facing if given.internet_facing is None else given.internet_facing
        ),
        classification=_first(given.classification, said.classification),
    )


def faces_internet(attributes: Attributes) -> bool:
    """Return whether the internet reaches it: yes, where nobody says that it does not."""
    return attributes.internet_facing is not False


def _first(given: str | None, said: str | None) -> str | None:
    return said if given is None else given


def _holds(match: TargetMatch, subject: Subject, given: Attributes) -> bool:
    names = (subject.name, *subject.tags)
    return (
        (not match.image or any(fnmatchcase(n, p) for n in names for p in match.image))
        and (not match.kind or subject.kind in match.kind)
        and all(
            name in subject.labels and fnmatchcase(subject.labels[name], pattern)
            for name, pattern in match.labels.items()
        )
        and (not match.environment or given.environment in match.environment)
        and match.internet_facing in {None, faces_internet(given)}
        and (not match.classification or given.classification in match.classification)
    )
