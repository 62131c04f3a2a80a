"""Archives of records as OSV publishes them, for tests."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


def record(id: str, ecosystem: str = "Debian:12", name: str = "openssl", **fields: Any) -> Any:  # noqa: A002
    """Return a record about one package, fixed in 3.0.11-1 unless `fields` say otherwise."""
    return {
        "id": id,
        "modified": "2026-11-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": "3.0.11-1"}],
                    }
                ],
            }
        ],
        **fields,
    }


def write_zip(path: Path, *records: Any) -> Path:
    """Write an ``all.zip``; its folder names the source."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for found in records:
            archive.writestr(f"{found['id']}.json", json.dumps(found))
    return path
