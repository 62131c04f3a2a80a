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
  # The same for the catalogues of exploited flaws, where a rule below asks them.
  kev_fail_after: 14d
  epss_fail_after: 7d

coverage:
  # purl patterns of components that need no advisories, for example pkg:generic/acme-*.
  # Everything else that cannot be matched makes the verdict INDETERMINATE (exit 3 or 4).
  accept_unmatched: []
  # Digests (sha256:…) of layers or images of which not everything has to be readable.
  accept_unread: []

# required: a verdict that was not signed and recorded is no pass (exit 5).
# optional: --no-evidence is allowed.
evidence: required

# Who started the run.  claimed: the environment's word is enough.  verified: the CI's
# identity token has to say it, else no verdict is recorded (exit 5).
actor:
  require: claimed
  # Beside github.com and gitlab.com, for example https://gitlab.example.
  issuers: []

exceptions:
  # Who may accept a risk for a while (docs/exceptions.md); without anybody no exception counts:
  #   - name: Ada Risk <ada@example.com>
  #     keys: [ssh-ed25519 AAAA…]
  #     severity: high           # the gravest that may be accepted
  approvers: []
  # Longest time from an approval to the last day, and how often it may be renewed.
  max_term: 90d
  max_renewals: 1
  # Results warn this long before an exception ends.
  warn_before: 14d

vex:
  # Whose statements count, of those that --vex gives: name patterns; without any, everybody's.
  authors: []
  # Public keys of those whose attestations beside an image in a registry count.
  keys: []

rules:
  # Each rule is off, warn or fail.

  # Time to patch, by severity.  "none" is no time limit; it is not 0h.
  patch_sla:
    action: fail
    # When the clock starts: published (the flaw), or fix_available (the first advisory
    # with a fix), first_seen (by an earlier run), kev_added (to CISA's catalogue).  Where
    # that date is not known, the flaw's publication counts.
    clock: published
    allow:
      critical: 72h
      high: 14d
      medium: 30d
      low: 90d
    # Other times for some findings; the first condition that matches rules, for example:
    #   - name: exploited and reachable
    #     match: {known_exploited: true, internet_facing: true}
    #     clock: kev_added
    #     allow: 24h
    conditions: []
    # calendar: every day counts.  business: days without weekend and holidays, whole ones
    # or their hours (09:00-17:00), by the clocks of a time zone (Europe/Berlin) or offset.
    calendar:
      count: calendar
      hours: ""
      time_zone: ""
      utc_offset: "+00:00"
      weekend: [saturday, sunday]
      holidays: []

  # No flaw of this severity or above, however young.
  severity_threshold:
    action: "off"
    at_least: critical
    only_fixable: false

  # No flaw that is this dangerous, however young.
  risk_threshold:
    action: "off"
    known_exploited: true
    malware: true
    # A CVSS score (7.0) and an EPSS probability (0.1); ~ asks for none.
    cvss: ~
    epss: ~
    # Whether a flaw without an EPSS score counts or is ignored.
    unscored: counts
    only_fixable: false

  # Built at most this long ago, by: created, packages (the newest one), label or all.
  # An unknown age is too old.
  image_age:
    action: fail
    max: 90d
    by: created

  # What the image is built from.
  base_image:
    action: "off"
    # Patterns such as docker.io/library/debian:*; none accepts every base.
    approved: []
    max_age: ~
    # Known by its digest; recognised by its layers, not by what a label claims.
    pinned: false
    proven: false
    # Public keys (PEM or an OpenSSH line), one of which has signed the base in its registry.
    signed_by: []
    # How long a fix for one of its packages may have been out.
    max_fix_age: ~

  # Distribution and language runtimes are supported.  What is not known is not.
  end_of_life:
    action: "off"
    warn_within: 90d
    # free or extended: whether paid and long-term support counts.
    support: free
    runtimes: true
    max_data_age: 400d

  # Hosts: the newest kernel runs, and no process runs replaced files.
  restart:
    action: "off"
    within: 0h
    processes: true
    accept_unseen: false

  # Compared with the run before: how long ago, and how many packages are gone (percent).
  scan_coverage:
    action: "off"
    cadence: ~
    max_drop: 50

  # purl patterns, and licences as SPDX names; both may use *.
  packages:
    action: "off"
    forbidden: []
    required: []
    licences:
      forbidden: []
      allowed: []
      unknown: accepted

# Other rules for some targets; the first that matches rules.  docs/policy.md has examples.
targets: []
"""
