"""Policies to start from, one for each framework: what `policy init --preset` writes.

They hold the numbers that auditors ask for.  docs/policy.md says which control
each rule serves, and what in the evidence shows it.
"""

from __future__ import annotations

_HEAD = """\
# patchgate policy for {title}.  Every field is explained in docs/policy.md;
# what is left out has the value that `patchgate policy explain` shows.
version: 1
name: {name}
evidence: required
"""

_ISO_SOC = """
severity:
  unknown: high

rules:
  patch_sla:
    action: fail
    clock: published
    conditions:
      # A flaw that is exploited is critical, whatever its score (patchgate db import-kev).
      - name: known exploited
        match: {known_exploited: true}
        allow: 72h
    allow: {critical: 72h, high: 14d, medium: 30d, low: 90d}
  risk_threshold:
    action: fail
    known_exploited: false
    malware: true
  image_age: {action: fail, max: 90d}
  end_of_life: {action: fail, warn_within: 90d}
  restart: {action: fail, within: 7d}
  scan_coverage: {action: fail, cadence: %s, max_drop: 50}
"""

_PCI = """
severity:
  unknown: critical

rules:
  # 6.3.3: critical and high patches within one month of their release.  Since a month
  # has 28 days at least, 28d holds in every one.
  patch_sla:
    action: fail
    clock: fix_available
    allow: {critical: 28d, high: 28d, medium: 90d, low: 90d}
  # 6.3.1 ranks flaws by risk; 5.2 keeps malware out.
  risk_threshold:
    action: fail
    known_exploited: false
    malware: true
  image_age: {action: fail, max: 90d}
  # 12.3.4: what vendors no longer support is found and replaced.
  end_of_life: {action: fail, warn_within: 180d}
  restart: {action: fail, within: 7d}
  # 11.3.1: at least one scan every three months.
  scan_coverage: {action: fail, cadence: 90d, max_drop: 50}
"""

_HIPAA = """
severity:
  unknown: high

rules:
  # 164.308(a)(1)(ii)(B): risks are brought down to a reasonable level.
  patch_sla:
    action: fail
    clock: published
    allow: {critical: 72h, high: 14d, medium: 30d, low: 90d}
  # 164.308(a)(5)(ii)(B): protection from malicious software.
  risk_threshold:
    action: fail
    known_exploited: false
    malware: true
  image_age: {action: fail, max: 90d}
  end_of_life: {action: fail, warn_within: 90d}
  restart: {action: fail, within: 7d}
"""

_KEV = """
rules:
  # CISA's catalogue (patchgate db import-kev) names the date for each exploited flaw.
  # The others have the times of the default policy.
  patch_sla:
    action: fail
    clock: published
    conditions:
      - name: known exploited
        match: {known_exploited: true}
        clock: kev_added
        allow: kev_due
    allow: {critical: 72h, high: 14d, medium: 30d, low: 90d}
  risk_threshold:
    action: warn
    known_exploited: true
    malware: true
"""


def _preset(name: str, title: str, body: str) -> str:
    return _HEAD.format(name=name, title=title) + body


PRESETS: dict[str, str] = {
    "hipaa": _preset("hipaa", "HIPAA", _HIPAA),
    "iso27001": _preset("iso27001", "ISO/IEC 27001", _ISO_SOC.replace("%s", "30d")),
    "kev": _preset("kev", "CISA's catalogue of exploited flaws", _KEV),
    "pci-dss": _preset("pci-dss", "PCI-DSS 4", _PCI),
    "soc2": _preset("soc2", "SOC 2", _ISO_SOC.replace("%s", "7d")),
}
"""By name."""
