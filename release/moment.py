"""When a release is from, so that two builds of one commit are the same bytes."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def commit_time() -> datetime | None:
    """Return SOURCE_DATE_EPOCH, else the time of the commit; None where there is neither."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        asked = subprocess.run(
            ["git", "log", "-1", "--format=%ct"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        given = asked.stdout.strip()
    return datetime.fromtimestamp(int(given), UTC) if given else None
