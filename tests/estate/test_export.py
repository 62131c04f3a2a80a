"""`patchgate audit export`: an archive that answers the question and verifies by itself."""

from __future__ import annotations

import csv
import hashlib
import html
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gate.estate.controls import FRAMEWORKS, NOT_PROVEN, Rows
from tests.cli.bad_inputs import run
from tests.estate.halfyear import HalfYear

PERIOD = "2026-01-01..2026-06-30"
JUNE = "2026-06-01..2026-06-14"
NOW = ["--now", "2026-07-02"]


def export(year: HalfYear, output: Path, *more: str, evidence: Path | None = None) -> Any:
    arguments = ["--period", PERIOD, "--assets", str(year.assets), "--trust", str(year.trust)]
    folder = ["--evidence", str(evidence or year.evidence)]
    if "--framework" not in more:
        arguments += ["--framework", "soc2"]
    return run(["audit", "export", *arguments, *folder, *NOW, "-o", str(output), *more])


@pytest.fixture(scope="module")
def archive(year: HalfYear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported folder; nobody writes to it."""
    folder = tmp_path_factory.mktemp("audit") / "export"
    code, _, err = export(year, folder)
    assert code == 0, err
    assert "92.3% fixed in time (36 of 39), 1 accepted, 2 breaches" in err
    assert "7 systems, 2 never checked, 3 with gaps" in err
    return folder


@pytest.fixture
def copy(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "copy"))


def table(archive: Path, name: str) -> list[dict[str, str]]:
    text = (archive / "controls" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_breach_has_its_finding_or_its_exception(archive: Path) -> None:
    rows = table(archive, "CC7.2-flaws.csv")
    past = {row["flaw"]: row for row in rows if row["days_late"] not in {"", "0"}}
    assert {flaw: row["standing"] for flaw, row in past.items()} == {
        "CVE-2026-1303": "fixed-late",
        "CVE-2026-1501": "overdue",
        "CVE-2026-1203": "excepted",
    }
    late = past["CVE-2026-1303"]
    assert (late["system"], late["owner"]) == ("registry.example/shop/api", "Team Shop")
    assert (late["due"], late["ended"]) == ("2026-03-20T08:00:00Z", "2026-03-26T10:00:00Z")
    assert (late["before"], late["after"], late["how"]) == ("1.0-3", "1.0-4", "upgraded")
    assert late["days_late"] == "7"
    excepted = past["CVE-2026-1203"]
    assert (excepted["exceptions"], excepted["approvers"]) == ("EX-7", "Ada Risk")
    assert excepted["tickets"] == "CHG-1847"
    standings = [row["standing"] for row in rows]
    assert (standings.count("fixed-in-time"), standings.count("open")) == (36, 4)


def test_systems_that_nobody_checked_and_gaps(archive: Path) -> None:
    systems = {row["system"]: row for row in table(archive, "CC6.1-systems.csv")}
    assert len(systems) == 7
    assert {name for name, row in systems.items() if row["checks"] == "0"} == {
        "mail-prod-03",
        "legacy-prod-00",
    }
    assert systems["legacy-prod-00"]["in_scope_until"] == "2026-02-01"
    assert systems["cache-prod-02"]["in_scope_from"] == "2026-03-30"
    gaps = {(row["system"], row["kind"], row["days"]) for row in table(archive, "CC7.1-gaps.csv")}
    assert gaps == {
        ("mail-prod-03", "never", "181"),
        ("legacy-prod-00", "never", "31"),
        ("registry.example/shop/batch", "between", "35"),
    }


def test_before_and_after_of_every_patch(archive: Path) -> None:
    rows = table(archive, "CC8.1-changes.csv")
    (patch,) = [row for row in rows if "CVE-2026-1303" in row["flaws_closed"].split()
                and row["system"].endswith("/api")]  # fmt: skip
    assert (patch["package"], patch["before"], patch["after"]) == ("curl", "1.0-3", "1.0-4")
    assert (patch["actor"], patch["actor_is"]) == ("lee", "claimed")
    assert patch["ticket"] == "CHG-0326"
    assert patch["ci_run"].startswith("https://git.example/shop/api/actions/runs/")
    assert (archive / "evidence" / f"{patch['evidence_after']}.intoto.jsonl").is_file()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_line_names_its_controls_and_what_it_does_not_prove(
    year: HalfYear, tmp_path: Path, framework: str
) -> None:
    folder = tmp_path / "export"
    assert export(year, folder, "--framework", framework)[0] == 0
    known = {control.id for control in FRAMEWORKS[framework].controls}
    files = sorted(path.name for path in (folder / "controls").iterdir())
    assert len(files) == sum(len(one.rows) for one in FRAMEWORKS[framework].controls)
    for name in files:
        rows = table(folder, name)
        kind = Rows(name.rpartition("-")[2].removesuffix(".csv"))
        assert rows
        for row in rows:
            assert set(row["framework_controls"].split()) <= known
            assert row["framework_controls"]
            assert row["not_proven"] == NOT_PROVEN[kind]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for control in FRAMEWORKS[framework].controls:
        assert control.id in page
    assert "PCI DSS 6.3.3: of 2 critical flaws" in page or framework != "pci"


class Page(html.parser.HTMLParser):
    """What a page holds that could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.drawings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video"}:
            self.found.append(tag)
        self.found += [
            name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}
        ]
        self.drawings += tag == "svg"


def test_the_page_runs_and_loads_nothing(archive: Path) -> None:
    text = (archive / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.found == []
    assert page.drawings >= 4
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in html.unescape(text.split("<style>")[0])
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text))
    assert "Of 39 flaws whose time to patch was kept or ran out, 36 were fixed in time" in words
    assert "2 systems in scope never checked: legacy-prod-00, mail-prod-03" in words
    assert "All 156 records of the period verify" in words


def test_oscal_is_valid(archive: Path) -> None:
    oscal = pytest.importorskip(
        "trestle.oscal.assessment_results",
        reason="compliance-trestle is not installed: OSCAL is not validated",
    )
    path = archive / "oscal-assessment-results.json"
    read = oscal.AssessmentResults.oscal_read(path)
    assert read is not None
    document = json.loads(path.read_text(encoding="utf-8"))["assessment-results"]
    assert document["metadata"]["oscal-version"] == "1.2.1"
    (result,) = document["results"]
    assert {risk["status"] for risk in result["risks"]} == {"open", "closed"}
    assert {one["target"]["status"]["state"] for one in result["findings"]} == {"not-satisfied"}
    linked = [
        evidence["href"]
        for observation in result["observations"]
        for evidence in observation.get("relevant-evidence", [])
    ]
    assert len(linked) == 156
    assert all((archive / href).is_file() for href in linked)
    plan = document["import-ap"]["href"].removeprefix("#")
    (policies,) = [one for one in document["back-matter"]["resources"] if one["uuid"] == plan]
    for link in policies["rlinks"]:
        digest = hashlib.sha256((archive / link["href"]).read_bytes()).hexdigest()
        assert digest == link["hashes"][0]["value"]


def verify(year: HalfYear, folder: Path, period: str = PERIOD) -> tuple[int, str]:
    trust = ["--trust", str(year.trust), "--period", period]
    code, out, _ = run(["evidence", "verify", *trust, str(folder / "evidence")])
    return code, out


def test_the_archive_verifies_by_itself(year: HalfYear, archive: Path) -> None:
    code, out = verify(year, archive)
    assert code == 0
    assert "160 records verified" in out
    assert "3 entries outside of the period have no record here" in out
    trust = ["--trust", str(year.trust)]
    assert run(["evidence", "verify", *trust, str(archive / "evidence")])[0] == 6
    for proof in sorted((archive / "proofs").iterdir())[::40]:
        record = archive / "evidence" / proof.name.replace(".tlog-proof", ".intoto.jsonl")
        assert run(["evidence", "verify", *trust, "--proof", str(proof), str(record)])[0] == 0


def test_what_is_taken_from_the_archive_is_missed(year: HalfYear, copy: Path) -> None:
    sorted((copy / "evidence").glob("*.jsonl"))[20].unlink()
    code, out = verify(year, copy)
    assert code == 6
    assert "V02" in out
    assert verify(year, copy, "2026-06-01..2026-06-30")[0] == 0


def test_a_blob_that_is_altered_is_found(year: HalfYear, copy: Path) -> None:
    blob = next(path for path in (copy / "evidence" / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes() + b" ")
    code, out = verify(year, copy)
    assert code == 6
    assert "V01" in out


def test_the_same_records_give_the_same_bytes(
    year: HalfYear, archive: Path, tmp_path: Path
) -> None:
    assert export(year, tmp_path / "again")[0] == 0
    assert content(tmp_path / "again") == content(archive)
    from_itself = tmp_path / "from-itself"
    assert export(year, from_itself, evidence=archive / "evidence")[0] == 0
    assert content(from_itself) == content(archive)


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "zip"])
def test_archives(year: HalfYear, archive: Path, tmp_path: Path, ending: str) -> None:
    one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
    assert export(year, one)[0] == 0
    assert export(year, two)[0] == 0
    assert one.read_bytes() == two.read_bytes()
    unpacked = tmp_path / "unpacked"
    if ending == "zip":
        zipfile.ZipFile(one).extractall(unpacked)
    else:
        with tarfile.open(one) as packed:
            packed.extractall(unpacked, filter="data")
    (root,) = unpacked.iterdir()
    assert root.name == "patch-evidence-soc2-2026-01-01-to-2026-06-30"
    assert content(root) == content(archive)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [one.name, two.name, "unpacked"]
    )


def plain_tools(archive: Path, key: Path) -> subprocess.CompletedProcess[str]:
    missing = [tool for tool in ("sh", "openssl", "sha256sum", "python3") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"the commands of the README need {', '.join(missing)}: they are not tested")
    shutil.copy(key, archive / "gate.pub")
    readme = (archive / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) == 5
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(blocks)],
        cwd=archive,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_verifies_with_plain_tools(year: HalfYear, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    assert export(year, folder, "--period", JUNE)[0] == 0
    done = plain_tools(folder, year.trust)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "163 entries have the root that was signed; 11 are of the period" in done.stdout
    assert "all records are signed, and whole" in done.stdout
    blob = next(path for path in (folder / "evidence" / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes() + b" ")
    assert plain_tools(folder, year.trust).returncode != 0


def test_evidence_that_does_not_verify_is_exported_and_said(year: HalfYear, tmp_path: Path) -> None:
    evidence = Path(shutil.copytree(year.evidence, tmp_path / "evidence"))
    records = sorted(evidence.glob("*.jsonl"))
    records[30].write_bytes(records[30].read_bytes().replace(b"A", b"B", 1))
    records[40].unlink()
    code, _, err = export(year, tmp_path / "export", evidence=evidence)
    assert code == 6
    assert "NOT VERIFIED" in err
    page = (tmp_path / "export" / "report.html").read_text(encoding="utf-8")
    assert "NOT VERIFIED: something is wrong with 2 records" in page
    assert records[30].name in page
    assert records[40].name in page
    assert 'class="verdict audit unsound"' in page


def test_a_period_that_is_not_over(year: HalfYear, tmp_path: Path) -> None:
    code, _, err = export(year, tmp_path / "export", "--period", "2026-01-01..2026-12-31")
    assert code == 0, err
    page = (tmp_path / "export" / "report.html").read_text(encoding="utf-8")
    assert "as of 2026-07-02 00:00 UTC" in page
    assert export(year, tmp_path / "no", "--period", "2027-01-01..2027-06-30")[0] == 2


def test_only_the_branch_that_is_deployed(year: HalfYear, tmp_path: Path) -> None:
    main, other = tmp_path / "main", tmp_path / "other"
    assert export(year, main, "--ref", "refs/heads/main", "--period", JUNE)[0] == 0
    assert "0 runs of other branches left out" in (main / "report.html").read_text("utf-8")
    code, _, err = export(year, other, "--ref", "refs/heads/x", "--period", JUNE)
    assert code == 0
    assert "6 never checked" in err
    assert len(list((other / "evidence").glob("*.jsonl"))) == 11
    assert verify(year, other, JUNE)[0] == 0
    assert "--ref refs/heads/x" in (other / "README.md").read_text("utf-8")


def test_without_a_list_of_assets(year: HalfYear, tmp_path: Path) -> None:
    arguments = ["--framework", "soc2", "--period", PERIOD, "--evidence", str(year.evidence)]
    folder = tmp_path / "export"
    code, _, _ = run(
        ["audit", "export", *arguments, *NOW, "--trust", str(year.trust), "-o", str(folder)]
    )
    assert code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "No list of assets was given" in page
    systems = table(folder, "CC6.1-systems.csv")
    assert {row["in_asset_list"] for row in systems} == {"no list was given"}
    gaps = table(folder, "CC7.1-gaps.csv")
    assert ("cache-prod-02", "before-the-first") in {(row["system"], row["kind"]) for row in gaps}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--period", "2026"], 2, "is not a period"),
        (["--period", "2026-06-30..2026-01-01"], 2, "is not a period"),
        (["--every", "12h"], 2, "is not whole days"),
        (["--every", "often"], 2, "is not a duration"),
        (["--assets", "nowhere.csv"], 2, "cannot be read"),
        (["--framework", "cobit"], 2, "cobit"),
    ],
)
def test_what_makes_no_sense(
    year: HalfYear, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    found, _, err = export(year, tmp_path / "export", *arguments)
    assert found == code
    assert words in err
    assert not (tmp_path / "export").exists()


def test_nothing_is_overwritten(year: HalfYear, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    code, _, err = export(year, tmp_path)
    assert code == 2
    assert "is not an empty folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_an_untrusted_ledger_is_no_evidence(year: HalfYear, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    assert run(["evidence", "keygen", "--key", str(other)])[0] == 0
    arguments = ["--framework", "soc2", "--period", PERIOD, "--evidence", str(year.evidence)]
    trust = ["--trust", str(other.with_suffix(".pub.pem"))]
    code, _, err = run(["audit", "export", *arguments, *trust, *NOW, "-o", str(tmp_path / "x")])
    assert code == 6
    assert "no ledger here that a trusted key signed" in err


def test_what_was_redacted_is_told_and_the_rest_still_verifies(
    year: HalfYear, tmp_path: Path
) -> None:
    evidence = Path(shutil.copytree(year.evidence, tmp_path / "evidence"))
    records = sorted(path.name.partition(".")[0] for path in evidence.glob("20260[23]*.jsonl"))
    why = ["--by", "Ada", "--reason", "GDPR request 12", "--key", str(year.key), *NOW]
    place = ["--evidence", str(evidence), "--trust", str(year.trust)]
    assert run(["evidence", "redact", records[0], *why, *place])[0] == 0
    assert run(["evidence", "redact", records[1], "--attachment", "verdict", *why, *place])[0] == 0
    folder = tmp_path / "export"
    code, _, err = export(year, folder, evidence=evidence)
    assert code == 0, err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "2 parts of it removed by signed redactions" in page
    assert "GDPR request 12" in page
    verify = ["evidence", "verify", "--trust", str(year.trust), "--period", PERIOD]
    code, out, _ = run([*verify, str(folder / "evidence")])
    assert code == 0, out
    assert "2 records were redacted" in out
