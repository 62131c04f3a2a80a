"""Verify a recorded run offline: from its files and the keys one trusts, nothing else.

In order, each finding with its code (`gate.evidence.problems`):

1. The file is exactly one DSSE envelope and a newline (V15), in its one
   canonical spelling (V14).
2. A trusted key signed it (V03).  Keys come from the caller, never from the
   evidence.  Every signature is by a trusted key, and its keyid, which nobody
   signs, names that key (V17).
3. The payload is a patchgate run record (V16), in canonical form (V14).
4. The record agrees with itself (V11, V19) and with its file name (V18).
5. Every attachment is there (V02), can be read (V20) and is unaltered (V01);
   the attached verdict says what the record says (V11).

A step that cannot start because an earlier one failed is not guessed at: what
nobody trusted has signed is not evidence, and is not shown as such.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import canonical, dsse, vsa
from gate.evidence.consistency import check_run, check_verdict_document, wants_verdict_document
from gate.evidence.durable import read_file
from gate.evidence.keys import VerifyingKey
from gate.evidence.problems import Code, Problem
from gate.evidence.statement import PAYLOAD_TYPE, ResourceDescriptor
from gate.evidence.store import MAX_BUNDLE, blob_path, bundle_name
