"""Updates over real HTTP: only what has changed, resumed, and never half."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest

from gate.advisories import download
from gate.advisories.ingest import ImportReport
from gate.advisories.store import Store
from gate.advisories.update import Feeds, update
from gate.errors import AdvisoryError, GateError, UnreachableError, UsageError
from tests.advisories.servers import Mirror, breaks_off_after, etag, fails, healthy, serving
from tests.advisories.zips import record, write_zip

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    noise = random.Random(1)
    # Noise does not compress, so that the archive is long enough to break off in.
    records = [record(f"D-{n}", details=noise.randbytes(600).hex()) for n in range(200)]
    content = write_zip(tmp_path / "z" / "all.zip", *records).read_bytes()
    python = write_zip(tmp_path / "y" / "all.zip", record("P", "PyPI", "x")).read_bytes()
    files = {"Debian/all.zip": content, "PyPI/all.zip": python, "Rocky Linux/all.zip": python}
    with serving(Mirror(files)) as found:
        yield found


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses instead of making them."""
    made: list[float] = []
    monkeypatch.setattr(download.Downloader.__init__, "__kwdefaults__", {"sleep": made.append})
    return made


def run(store: Path, mirror: Mirror, *names: str, now: datetime = NOW) -> ImportReport:
    feeds = Feeds(ecosystems=names or ("Debian",), base_urls=(mirror.url,), seconds=3600)
    return update(store, feeds, now=now)


def count(store: Path) -> int:
    with Store.open(store) as opened:
        opened.verify()
        return sum(source.records for source in opened.sources)


def test_downloads_and_confirms(tmp_path: Path, mirror: Mirror) -> None:
    store = tmp_path / "db"
    run(store, mirror, "Debian", "PyPI", "Rocky Linux")
    assert count(store) == 202
    with Store.open(store) as opened:
        source = opened.sources[0]
        digest = opened.digest
    assert (source.as_of, source.as_of_basis) == (NOW, "confirmed")
    assert source.etag == etag(mirror.files["Debian/all.zip"])
    assert source.url == f"{mirror.url}/Debian/all.zip"
    assert not list((store / "downloads").iterdir())

    mirror.log.clear()
    later = NOW + timedelta(days=1)
    report = run(store, mirror, "Debian", "PyPI", now=later)
    assert mirror.log == [
        f"{name} If-None-Match={etag(mirror.files[name])}"
        for name in ("Debian/all.zip", "PyPI/all.zip")
    ]
    assert [item.unchanged for item in report.imported] == [True, True]
    assert [item.source.as_of for item in report.imported] == [later, later]
    assert report.digest == digest
    with Store.open(store) as opened:
        assert [source.as_of for source in opened.sources] == [later, later, NOW]


def test_what_has_changed_is_replaced(tmp_path: Path, mirror: Mirror) -> None:
    run(tmp_path / "db", mirror)
    changed = write_zip(tmp_path / "x" / "all.zip", *(record(f"N-{n}") for n in range(300)))
    mirror.files["Debian/all.zip"] = changed.read_bytes()
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 300


def test_a_broken_connection_is_resumed(
    tmp_path: Path, mirror: Mirror, pauses: list[float]
) -> None:
    mirror.faults = [breaks_off_after(50_000), breaks_off_after(20_000)]
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 200
    name, tag = "Debian/all.zip", etag(mirror.files["Debian/all.zip"])
    assert mirror.log == [
        name,
        f"{name} Range=bytes=50000- If-Range={tag}",
        f"{name} Range=bytes=70000- If-Range={tag}",
    ]
    assert pauses == [1.0, 2.0]


def test_the_next_run_goes_on_where_this_one_stopped(tmp_path: Path, mirror: Mirror) -> None:
    mirror.faults = [breaks_off_after(10_000) for _ in range(6)]
    with pytest.raises(UnreachableError, match=r"connection broke off \(tried 6 times\)"):
        run(tmp_path / "db", mirror)
    mirror.log.clear()
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 200
    assert mirror.log[0].startswith("Debian/all.zip Range=bytes=60000-")


def test_what_changed_in_between_is_fetched_anew(tmp_path: Path, mirror: Mirror) -> None:
    mirror.faults = [breaks_off_after(5_000) for _ in range(6)]
    with pytest.raises(UnreachableError):
        run(tmp_path / "db", mirror)
    changed = write_zip(tmp_path / "x" / "all.zip", record("NEW")).read_bytes()
    mirror.files["Debian/all.zip"] = changed
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 1


def test_the_wrong_part_is_not_put_together(tmp_path: Path, mirror: Mirror) -> None:
    wrong = fails(206, b"PK wrong", Content_Range="bytes 7-14/15", ETag='"x"')
    mirror.faults = [breaks_off_after(50_000), wrong]
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 200


def test_a_range_the_server_does_not_have(tmp_path: Path, mirror: Mirror) -> None:
    mirror.faults = [breaks_off_after(50_000), fails(416)]
    run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 200


def test_a_busy_server_is_asked_again_when_it_says(
    tmp_path: Path, mirror: Mirror, pauses: list[float]
) -> None:
    at = formatdate(time.time() + 30, usegmt=True)
    mirror.faults = [
        fails(429, Retry_After="7"),
        fails(503, Retry_After=at),
        fails(500),
        fails(502, Retry_After="soon"),
    ]
    run(tmp_path / "db", mirror)
    assert pauses[0] == 7.0
    assert 25 < pauses[1] <= 30
    assert pauses[2:] == [4.0, 8.0]


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (fails(200, b"<html>Please sign in</html>"), AdvisoryError, "is no zip archive: it begins"),
        (fails(200, b""), AdvisoryError, "is empty"),
        (fails(200, b"PK\x03\x04 but no more"), AdvisoryError, "cut short or damaged"),
        (fails(404), AdvisoryError, "does not exist (404)"),
        (fails(401), UnreachableError, "the server answers 401"),
        (fails(403), UnreachableError, "the server answers 403"),
        (fails(429, Retry_After="99999"), UnreachableError, "429"),
    ],
)
def test_other_answers_leave_the_store_as_it_was(
    tmp_path: Path, mirror: Mirror, fault: object, error: type[GateError], said: str
) -> None:
    run(tmp_path / "db", mirror, "PyPI")
    mirror.faults = [fault]  # type: ignore[list-item]
    with pytest.raises(error) as caught:
        run(tmp_path / "db", mirror)
    assert said in str(caught.value)
    assert "Debian" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert count(tmp_path / "db") == 1


def test_no_update_of_several_is_taken_alone(tmp_path: Path, mirror: Mirror) -> None:
    mirror.faults = [healthy, fails(404)]
    with pytest.raises(AdvisoryError):
        run(tmp_path / "db", mirror, "Debian", "PyPI")
    with pytest.raises(AdvisoryError, match=r"holds no source|no advisories yet"):
        Store.open(tmp_path / "db")


def test_a_source_that_shrinks_is_refused(tmp_path: Path, mirror: Mirror) -> None:
    run(tmp_path / "db", mirror)
    mirror.files["Debian/all.zip"] = mirror.files["PyPI/all.zip"]
    with pytest.raises(AdvisoryError, match="199 fewer"):
        run(tmp_path / "db", mirror)
    assert count(tmp_path / "db") == 200


def test_nobody_is_there(tmp_path: Path, mirror: Mirror) -> None:
    gone = Mirror(url="http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="connection was refused"):
        run(tmp_path / "db", gone)


def test_the_next_mirror_is_asked(tmp_path: Path, mirror: Mirror) -> None:
    feeds = Feeds(ecosystems=("Debian",), base_urls=("http://127.0.0.1:9", mirror.url))
    update(tmp_path / "db", feeds, now=NOW)
    assert count(tmp_path / "db") == 200
    with Store.open(tmp_path / "db") as opened:
        assert opened.sources[0].url == f"{mirror.url}/Debian/all.zip"
    update(tmp_path / "db", feeds, now=NOW + timedelta(days=1))
    assert mirror.log[-1].endswith(f"If-None-Match={etag(mirror.files['Debian/all.zip'])}")


def test_a_mirror_that_answers_wrongly_is_not_passed_over(tmp_path: Path, mirror: Mirror) -> None:
    """What the first one says does not exist is not silently taken from another."""
    other = Mirror({"Debian/all.zip": mirror.files["PyPI/all.zip"]})
    with serving(other):
        feeds = Feeds(ecosystems=("Alpine",), base_urls=(mirror.url, other.url))
        with pytest.raises(AdvisoryError, match="does not exist"):
            update(tmp_path / "db", feeds, now=NOW)
    assert other.log == []


def test_no_web_address(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no web address"):
        run(tmp_path / "db", Mirror(url="ftp://mirror"))


def test_all_of_shared_over_http(shared: Path, tmp_path: Path) -> None:
    names = ("AlmaLinux", "Debian", "crates.io")
    files = {f"{name}/all.zip": (shared / "osv" / name / "all.zip").read_bytes() for name in names}
    with serving(Mirror(files, faults=[breaks_off_after(1_000_000)])) as mirror:
        run(tmp_path / "db", mirror, *names)
    assert count(tmp_path / "db") == 5_637 + 9_118 + 1_206
    shutil.rmtree(tmp_path / "db")
