"""The list of assets, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.errors import UsageError
from gate.estate.assets import read_assets, system_name


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "assets.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_columns_in_any_order(tmp_path: Path) -> None:
    text = '\ufeffOwner,Hostname,from,until\r\n"Team, Ops",host:db-1,2026-01-31,2026-02-28\r\n'
    (asset,) = read_assets(write(tmp_path, text))
    assert (asset.name, asset.system, asset.owner) == ("host:db-1", "db-1", "Team, Ops")
    assert asset.begin == datetime(2026, 1, 31, tzinfo=UTC)
    assert asset.end == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_plain_list_with_comments(tmp_path: Path) -> None:
    text = "# hosts\nweb-1\n\nregistry.example/shop/web:1.4\n"
    assert [asset.system for asset in read_assets(write(tmp_path, text))] == [
        "web-1",
        "registry.example/shop/web",
    ]


def test_a_host_in_evidence_is_the_asset_of_its_name() -> None:
    assert system_name("host:db-1") == system_name("db-1") == "db-1"
    assert system_name("r.example:5000/shop/web:1.4") == "r.example:5000/shop/web"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists no assets"),
        ("asset\n", "lists no assets"),
        ("asset,until\nweb,soon\n", "are not days"),
        ("asset,owner\n,ops\n", "without a name"),
        ("asset\nweb\nweb\n", "stands in line 2 already"),
        ("asset\nweb:1\nweb:2\n", "stands in line 2 already"),
        (b"asset\n\xff\n", "is not a CSV in UTF-8"),
        ('asset\n"web\n', "is not a CSV"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_assets(write(tmp_path, text))
