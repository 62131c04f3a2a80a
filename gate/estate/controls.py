"""Which control of which framework asks for what, in our words, and what evidence of ours shows.

The identifiers are those of the frameworks; their texts are not repeated here.  A new
framework, or control, is an entry in the table.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Rows(StrEnum):
    """A kind of line of evidence; its table goes to each control that it serves."""

    SYSTEMS = "systems"
    CHECKS = "checks"
    GAPS = "gaps"
    FLAWS = "flaws"
    CHANGES = "changes"
    EXCEPTIONS = "exceptions"


NOT_PROVEN = {
    Rows.SYSTEMS: "that there are no other systems, or that a system is what its name says",
    Rows.CHECKS: "that what was checked is what ran; that the advisories knew every flaw",
    Rows.GAPS: "that nobody looked in another way in that time",
    Rows.FLAWS: "when the patch was applied (the end is the first check without the flaw); "
    "that the flaw could be exploited here",
    Rows.CHANGES: "who applied the change, or that it was tested: the actor began the check "
    "that saw it",
    Rows.EXCEPTIONS: "that the compensating controls work, or that the risk was judged rightly",
}
"""What a line does not prove, by its kind."""


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One control."""

    id: str
    oscal: str
    """The same as an OSCAL token: letters, digits, ``.``, ``-`` and ``_``."""
    asks: str
    rows: tuple[Rows, ...]
    beyond: str
    """What it asks for that no evidence here can show."""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """One framework."""

    id: str
    title: str
    controls: tuple[Control, ...]

    def serves(self, rows: Rows) -> tuple[str, ...]:
        """Return the controls that a kind of line is evidence for."""
        return tuple(control.id for control in self.controls if rows in control.rows)


_SOC2 = Framework(
    id="soc2",
    title="SOC 2 (Trust Services Criteria)",
    controls=(
        Control(
            id="CC6.1",
            oscal="cc6.1",
            asks="the systems in scope are known, and the list is kept current",
            rows=(Rows.SYSTEMS,),
            beyond="who may access the systems",
        ),
        Control(
            id="CC7.1",
            oscal="cc7.1",
            asks="systems are looked at for known flaws, again and again",
            rows=(Rows.CHECKS, Rows.GAPS),
            beyond="that configurations are monitored",
        ),
        Control(
            id="CC7.2",
            oscal="cc7.2",
            asks="what is found is watched until it is dealt with",
            rows=(Rows.FLAWS,),
            beyond="how incidents were handled",
        ),
        Control(
            id="CC8.1",
            oscal="cc8.1",
            asks="patches are found, approved and applied in time, by a process",
            rows=(Rows.CHANGES, Rows.FLAWS, Rows.EXCEPTIONS),
            beyond="that changes were tested and approved: tickets show that",
        ),
    ),
)
_ISO = Framework(
    id="iso27001",
    title="ISO/IEC 27001:2022, Annex A",
    controls=(
        Control(
            id="A.8.8",
            oscal="a.8.8",
            asks="technical vulnerabilities are learned of, judged, and dealt with in time",
            rows=(Rows.SYSTEMS, Rows.CHECKS, Rows.GAPS, Rows.FLAWS, Rows.EXCEPTIONS),
            beyond="that the times to patch follow from an assessment of risk",
        ),
        Control(
            id="A.8.32",
            oscal="a.8.32",
            asks="changes go through change management, and their effect is verified",
            rows=(Rows.CHANGES,),
            beyond="approval, test and roll-back of a change: tickets show that",
        ),
    ),
)
_PCI = Framework(
    id="pci",
    title="PCI DSS 4.0.1, requirement 6.3",
    controls=(
        Control(
            id="6.3.1",
            oscal="pci-6.3.1",
            asks="vulnerabilities are identified from reputable sources, and ranked",
            rows=(Rows.CHECKS, Rows.GAPS),
            beyond="flaws in software of one's own",
        ),
        Control(
            id="6.3.2",
            oscal="pci-6.3.2",
            asks="there is an inventory of software and its components",
            rows=(Rows.SYSTEMS,),
            beyond="components that no package database names",
        ),
        Control(
            id="6.3.3",
            oscal="pci-6.3.3",
            asks="critical security patches are installed within a month of their release",
            rows=(Rows.FLAWS, Rows.CHANGES, Rows.EXCEPTIONS),
            beyond="which flaws the entity ranks as critical, where it has its own ranking",
        ),
    ),
)
_HIPAA = Framework(
    id="hipaa",
    title="HIPAA Security Rule, 45 CFR 164.308",
    controls=(
        Control(
            id="164.308(a)(1)(ii)(A)",
            oscal="hipaa-164.308.a.1.ii.A",
            asks="risks and vulnerabilities are assessed, accurately and thoroughly",
            rows=(Rows.SYSTEMS, Rows.CHECKS, Rows.GAPS),
            beyond="where electronic health information is, and what else threatens it",
        ),
        Control(
            id="164.308(a)(1)(ii)(B)",
            oscal="hipaa-164.308.a.1.ii.B",
            asks="risks are brought down to a reasonable level",
            rows=(Rows.FLAWS, Rows.CHANGES, Rows.EXCEPTIONS),
            beyond="what level is reasonable",
        ),
        Control(
            id="164.308(a)(5)(ii)(B)",
            oscal="hipaa-164.308.a.5.ii.B",
            asks="there is protection from malicious software, for which patches are one part",
            rows=(Rows.FLAWS,),
            beyond="detection and reporting of malicious software",
        ),
    ),
)

FRAMEWORKS = {one.id: one for one in (_SOC2, _ISO, _PCI, _HIPAA)}
