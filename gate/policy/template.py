"""The default policy as a document: what `patchgate policy init` writes.

It is the built-in policy, word for word, so that writing it down changes
nothing.
"""

from __future__ import annotations

DEFAULT_DOCUMENT = """\
# patchgate policy.  Every field is explained in docs/policy.md; `patchgate policy schema`
# prints the JSON Schema for editors.  What is left out has the value shown here.
version: 1
name: default

severity:
  # What a flaw without any severity counts as: critical, high, medium or low.
  unknown: high

advisories:
  # Age of the advisory data that were needed: warn, then refuse to judge (exit 4).
  warn_after: 24h
  fail_after: 72h

coverage:
  # purl patterns of components that need no advisories, for example pkg:generic/acme-*.
  # Everything else that cannot be matched makes the verdict INDETERMINATE (exit 3 or 4).
  accept_unmatched: []

# required: a verdict that was not signed and recorded is no pass (exit 5).
# optional: --no-evidence is allowed.
evidence: required

rules:
  # Each rule is off, warn or fail.

  # Time to patch, by severity.  "none" is no time limit; it is not 0h.
  patch_sla:
    action: fail
    # When the clock starts: published (the flaw), or fix_available (the first advisory
    # with a fix; until there is one, the flaw's publication counts).
    clock: published
    allow:
      critical: 72h
      high: 14d
      medium: 30d
      low: 90d

  # No flaw of this severity or above, however young.
  severity_threshold:
    action: "off"
    at_least: critical
    only_fixable: false

  # Built at most this long ago.  An unknown age is too old.
  image_age:
    action: fail
    max: 90d
"""
