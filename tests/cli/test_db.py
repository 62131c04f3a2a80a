"""`patchgate db`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.advisories.servers import Mirror, etag, serving
from tests.advisories.zips import record, write_zip
from tests.builders import DEBIAN, Image, docker_archive_old, tar, write
from tests.cli.bad_inputs import run


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "osv" / "Debian" / "all.zip", record("A"), record("B"))


def test_import_and_status(tmp_path: Path, archive: Path) -> None:
    store = str(tmp_path / "db")
    code, out, err = run(["db", "import", "--db", store, str(archive)])
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Debian: 2 records, newest 2026-11-01"
    assert lines[1].startswith("snapshot sha256:")
    assert run(["db", "import", "--db", store, str(archive)])[1].startswith("Debian: unchanged")

    code, out, _ = run(["db", "status", "--db", store, "--now", "2026-11-03", "--check"])
    assert code == 0
    head, row, snapshot, checked = out.splitlines()
    assert head.split() == ["SOURCE", "RECORDS", "NEWEST", "AS", "OF", "AGE", "DIGEST"]
    assert row.split()[:3] == ["Debian", "2", "2026-11-01"]
    assert "2 days" in row
    assert snapshot == lines[1]
    assert checked == "every record and digest was checked"


def test_what_lies_beside_the_records_is_named(tmp_path: Path, archive: Path) -> None:
    osv = archive.parent.parent
    (osv / "counts.json").write_text("{}")
    (osv / "Mine").mkdir()
    (osv / "Mine" / "A.yaml").write_text("id: A")
    code, _, err = run(["db", "import", "--db", str(tmp_path / "db"), str(osv)])
    assert (code, err) == (0, "patchgate: not imported: A.yaml, counts.json\n")
    records = tmp_path / "Records"
    records.mkdir()
    (records / "A.json").write_text(json.dumps(record("A")))
    for number in range(5):
        (records / f"{number}.yaml").write_text("id: A")
    code, _, err = run(["db", "import", "--db", str(tmp_path / "db"), str(records)])
    assert (code, err) == (0, "patchgate: not imported: 0.yaml, 1.yaml, 2.yaml and 2 more\n")


def test_status_as_json(tmp_path: Path, archive: Path) -> None:
    run(["db", "import", "--db", str(tmp_path / "db"), str(archive), "--as-of", "2026-11-02"])
    code, out, _ = run(["db", "status", "--db", str(tmp_path / "db"), "--json"])
    document = json.loads(out)
    assert code == 0
    source = document["sources"][0]
    assert (source["name"], source["records"]) == ("Debian", 2)
    assert (source["as_of"], source["as_of_basis"]) == ("2026-11-02T00:00:00Z", "claimed")
    assert source["ecosystems"] == {"Debian:12": 2}


def test_the_store_is_where_the_environment_says(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run(["db", "import", str(archive)])[0] == 0
    assert (tmp_path / "cache" / "patchgate" / "db" / "snapshot.json").is_file()
    monkeypatch.setenv("PATCHGATE_DB", str(tmp_path / "other"))
    assert run(["db", "status"])[0] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["status"], 4, "no advisories yet"),
        (["import", "nothing-here"], 4, "does not exist"),
        (["import"], 2, "Missing argument"),
        (["import", "x", "--as-of", "yesterday"], 2, "--as-of: 'yesterday' is not a time"),
        (["import", "x", "--as-of", "2999-01-01"], 2, "lies in the future"),
        (["status", "--now", "never"], 2, "--now: 'never' is not a time"),
        (["update"], 4, "no advisories yet"),
        (["update", "Debian", "--base-url", "mirror"], 2, "is no web address"),
        (["update", "Debian", "--timeout", "0"], 2, "--timeout"),
        (["update", "--for", "nothing-here.tar"], 3, "no such file"),
    ],
)
def test_what_cannot_be_done(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    ended, out, err = run(["db", arguments[0], "--db", str(tmp_path / "db"), *arguments[1:]])
    assert (ended, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_export_and_import(tmp_path: Path, archive: Path) -> None:
    first, second = str(tmp_path / "db"), str(tmp_path / "other")
    run(["db", "import", "--db", first, str(archive)])
    path = str(tmp_path / "advisories.tar")
    code, out, _ = run(["db", "export", "--db", first, path])
    assert code == 0
    digest = out.splitlines()[-1].removeprefix("sha256 ")
    code, out, _ = run(["db", "import", "--db", second, path, "--sha256", digest])
    assert code == 0
    assert out.splitlines()[0] == "Debian: 2 records, newest-record"
    assert out.splitlines()[-1] == f"sha256 {digest} as given"
    assert run(["db", "status", "--db", second, "--check"])[0] == 0
    code, _, err = run(["db", "import", "--db", second, path, "--sha256", "0" * 64])
    assert code == 4
    assert "not the one given" in err
    code, _, err = run(["db", "import", "--db", second, str(archive), "--sha256", digest])
    assert code == 2
    assert run(["db", "export", "--db", str(tmp_path / "none"), path])[0] == 4


def test_update_for_a_target(tmp_path: Path, archive: Path) -> None:
    image = write(tmp_path / "image.tar", tar(docker_archive_old(Image([tar(DEBIAN)]))))
    content = archive.read_bytes()
    with serving(Mirror({"Debian/all.zip": content})) as mirror:
        store = ["--db", str(tmp_path / "db"), "--base-url", mirror.url]
        assert run(["db", "update", *store, "--for", str(image)])[0] == 0
        code, out, _ = run(["db", "update", *store])
        assert code == 0
        assert out.startswith("Debian: unchanged")
        assert mirror.log == ["Debian/all.zip", f"Debian/all.zip If-None-Match={etag(content)}"]
        code, _, err = run(["db", "update", *store, "Debain"])
        assert code == 4
        assert "ecosystems are spelled as OSV spells them" in err
