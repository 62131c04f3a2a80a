"""The settings of the rules: one struct for each.  docs/policy.md explains every field."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gate.policy.kinds import (
    Action,
    Allowance,
    Clock,
    CvssScore,
    Day,
    Duration,
    KevAllowance,
    Level,
    PackageClass,
    Probability,
    UtcOffset,
    Weekday,
)

Patterns = Annotated[
    tuple[str, ...],
    msgspec.Meta(description="names; * stands for anything, and a bare * is refused"),
]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the settings of every rule are."""


class Allowances(Settings, frozen=True, kw_only=True):
    """Time to patch, by severity."""

    critical: Allowance = "72h"
    high: Allowance = "14d"
    medium: Allowance = "30d"
    low: Allowance = "90d"


class SlaMatch(Settings, frozen=True, kw_only=True):
    """Which findings a condition is about: all that is said here has to hold."""

    severity: tuple[Level, ...] = ()
    known_exploited: bool | None = None
    internet_facing: Annotated[
        bool | None, msgspec.Meta(description="a target that does not say counts as true")
    ] = None
    fix_available: bool | None = None
    package_class: tuple[PackageClass, ...] = ()


class SlaCondition(Settings, frozen=True, kw_only=True):
    """Another time to patch for some findings."""

    name: str
    match: SlaMatch
    allow: KevAllowance
    clock: Annotated[
        Clock | None, msgspec.Meta(description="when the time starts; else as in patch_sla")
    ] = None


class Calendar(Settings, frozen=True, kw_only=True):
    """Which days and hours count."""

    count: Annotated[
        Literal["calendar", "business"],
        msgspec.Meta(description="business: days without the weekend and holidays"),
    ] = "calendar"
    hours: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d:[0-5]\d|2[0-3]:[0-5]\d|24:00)$",
            description="of business days, for example 09:00-17:00; empty: whole days",
        ),
    ] = ""
    time_zone: Annotated[
        str,
        msgspec.Meta(
            description="whose clocks count: Europe/Berlin and 40 more, or a POSIX rule; "
            "empty: those at utc_offset"
        ),
    ] = ""
    utc_offset: UtcOffset = "+00:00"
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    holidays: tuple[Day, ...] = ()


class PatchSla(Settings, frozen=True, kw_only=True):
    """Every flaw is patched within the time its severity allows."""

    action: Action = Action.FAIL
    clock: Clock = Clock.PUBLISHED
    allow: Allowances = Allowances()
    conditions: Annotated[
        tuple[SlaCondition, ...],
        msgspec.Meta(description="the first one that matches a finding rules it"),
    ] = ()
    calendar: Calendar = Calendar()


class SeverityThreshold(Settings, frozen=True, kw_only=True):
    """No flaw of this severity or above, however young."""

    action: Action = Action.OFF
    at_least: Level = "critical"
    only_fixable: Annotated[
        bool, msgspec.Meta(description="count only flaws that have a fixed version")
    ] = False


class RiskThreshold(Settings, frozen=True, kw_only=True):
    """No flaw that is this dangerous, however young."""

    action: Action = Action.OFF
    known_exploited: Annotated[
        bool, msgspec.Meta(description="break on flaws in CISA's catalogue")
    ] = True
    malware: Annotated[bool, msgspec.Meta(description="break on malicious packages")] = True
    cvss: Annotated[
        CvssScore | None, msgspec.Meta(description="break at this CVSS score and above")
    ] = None
    epss: Annotated[
        Probability | None,
        msgspec.Meta(description="break at this EPSS probability and above"),
    ] = None
    unscored: Annotated[
        Literal["counts", "ignored"],
        msgspec.Meta(description="whether a flaw without an EPSS score reaches the threshold"),
    ] = "counts"
    only_fixable: Annotated[
        bool, msgspec.Meta(description="count only flaws with a fix; malware always counts")
    ] = False


class ImageAge(Settings, frozen=True, kw_only=True):
    """The image was built recently enough; an unknown age is too old."""

    action: Action = Action.FAIL
    max: Duration = "90d"
    by: Annotated[
        Literal["created", "packages", "files", "label", "pushed", "all"],
        msgspec.Meta(
            description="which date counts; all: every one that is known must be recent enough"
        ),
    ] = "created"


class BaseImage(Settings, frozen=True, kw_only=True):
    """The image is built from an approved and recent base; an unknown base is not."""

    action: Action = Action.OFF
    approved: Patterns = ()
    approved_catalogs: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="catalogs whose bases are approved: file names, or built-in"),
    ] = ()
    max_age: Duration | None = None
    current: Annotated[
        bool,
        msgspec.Meta(description="the base is what its tag means in the registry at this time"),
    ] = False
    rebuild_within: Annotated[
        Duration | None,
        msgspec.Meta(description="as `current`, with time to rebuild after the new base was built"),
    ] = None
    pinned: Annotated[bool, msgspec.Meta(description="the base must be known by its digest")] = (
        False
    )
    proven: Annotated[
        bool,
        msgspec.Meta(description="the base must be recognised by its layers, not by a label"),
    ] = False
    signed_by: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="public keys (PEM, OpenSSH); one has signed the base in its registry"
        ),
    ] = ()
    max_fix_age: Annotated[
        Duration | None,
        msgspec.Meta(description="how long a fix for a package of the base may have been out"),
    ] = None


class EndOfLife(Settings, frozen=True, kw_only=True):
    """Distribution and language runtimes are supported; what is not known is not."""

    action: Action = Action.OFF
    warn_within: Duration = "90d"
    support: Annotated[
        Literal["free", "extended"],
        msgspec.Meta(description="extended: paid or long-term support counts as support"),
    ] = "free"
    runtimes: bool = True
    max_data_age: Annotated[
        Duration, msgspec.Meta(description="older dates than these count as unknown")
    ] = "400d"


class Restart(Settings, frozen=True, kw_only=True):
    """On a host, what was patched is in effect."""

    action: Action = Action.OFF
    within: Annotated[Duration, msgspec.Meta(description="time from the patch to the restart")] = (
        "0h"
    )
    processes: Annotated[
        bool, msgspec.Meta(description="break on processes that run replaced files")
    ] = True
    accept_unseen: Annotated[
        bool, msgspec.Meta(description="accept that not every process could be looked at")
    ] = False


class ScanCoverage(Settings, frozen=True, kw_only=True):
    """Runs follow each other closely enough, and see about as much."""

    action: Action = Action.OFF
    cadence: Annotated[
        Duration | None, msgspec.Meta(description="longest time between two runs")
    ] = None
    max_drop: Annotated[
        int,
        msgspec.Meta(ge=1, le=100, description="percent of packages that may be gone since then"),
    ] = 50


class Licences(Settings, frozen=True, kw_only=True):
    """Which licences packages may have."""

    forbidden: Patterns = ()
    allowed: Annotated[
        tuple[str, ...], msgspec.Meta(description="where any is given, every other is forbidden")
    ] = ()
    unknown: Literal["accepted", "forbidden"] = "accepted"


class Packages(Settings, frozen=True, kw_only=True):
    """Packages that must not, or must, be there."""

    action: Action = Action.OFF
    forbidden: Annotated[
        tuple[str, ...], msgspec.Meta(description="purl patterns: pkg:deb/*/telnetd@*")
    ] = ()
    required: Annotated[
        tuple[str, ...], msgspec.Meta(description="purl patterns, each of which must be met")
    ] = ()
    licences: Licences = Licences()


class Rules(Settings, frozen=True, kw_only=True):
    """The rules, each off, warn or fail."""

    patch_sla: PatchSla = PatchSla()
    severity_threshold: SeverityThreshold = SeverityThreshold()
    risk_threshold: RiskThreshold = RiskThreshold()
    image_age: ImageAge = ImageAge()
    base_image: BaseImage = BaseImage()
    end_of_life: EndOfLife = EndOfLife()
    restart: Restart = Restart()
    scan_coverage: ScanCoverage = ScanCoverage()
    packages: Packages = Packages()
