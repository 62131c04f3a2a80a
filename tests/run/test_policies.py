"""Policies that extend others: pinned by digest, recorded as one that stands alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.errors import UsageError
from gate.policy.document import parse_policy
from gate.policy.model import DEFAULT
from gate.run.policies import built_in_policy, load_policy

COMPANY = (
    "version: 1\nname: company\nrules: {image_age: {max: 30d}, risk_threshold: {epss: 0.0001}}\n"
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def extending(path: str, text: str, rest: str = "") -> str:
    return f"version: 1\nextends: {{path: {path}, sha256: {digest(text)}}}\n{rest}"


def test_the_built_in_policy() -> None:
    assert built_in_policy().in_use.policy == DEFAULT


def test_a_policy_that_stands_alone_is_recorded_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("# mine\nversion: 1\n")
    assert load_policy(tmp_path / "p.yaml").in_use.document == b"# mine\nversion: 1\n"


def test_a_chain_is_recorded_as_one_document(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    team = extending("company.yaml", COMPANY, "rules: {image_age: {by: all}}\n")
    (tmp_path / "shared" / "company.yaml").write_text(COMPANY)
    (tmp_path / "shared" / "team.yaml").write_text(team)
    own = extending("shared/team.yaml", team, "rules: {patch_sla: {allow: {low: none}}}\n")
    (tmp_path / "p.yaml").write_text(own)
    loaded = load_policy(tmp_path / "p.yaml")
    policy = loaded.in_use.policy
    assert policy.name == "company"
    assert (policy.rules.image_age.max, policy.rules.image_age.by) == ("30d", "all")
    assert policy.rules.patch_sla.allow.low == "none"
    assert policy.rules.risk_threshold.epss == 0.0001
    alone = loaded.in_use.document.decode()
    assert parse_policy(alone, "recorded") == policy
    assert [document.where for document in loaded.documents] == [
        "p.yaml",
        "team.yaml",
        "company.yaml",
    ]
    assert f"# 'company.yaml' sha256:{digest(COMPANY)}\n" in alone
    assert load_policy(tmp_path / "p.yaml").in_use.digest == loaded.in_use.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (extending("company.yaml", "other"), "is another document than expected"),
        (extending("missing.yaml", "x"), "cannot be read"),
        (extending("https://policies.example/p.yaml", "x"), "is not a path"),
        (extending("oci://registry.example/policy", "x"), "is not a path"),
        (extending("git@example.com:x/y", "x"), "is not a path"),
        (extending("broken.yaml", "version: 1\nrulez: {}\n"), "broken.yaml, line 2, column 1"),
        ("version: 1\nextends: {path: company.yaml}\n", "missing required field `sha256`"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "company.yaml").write_text(COMPANY)
    (tmp_path / "broken.yaml").write_text("version: 1\nrulez: {}\n")
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_policy(tmp_path / "p.yaml")
    assert said in str(caught.value)


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    text = COMPANY
    for number in range(9):
        (tmp_path / f"{number}.yaml").write_text(text)
        text = extending(f"{number}.yaml", text)
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError, match="extends more than 7 policies"):
        load_policy(tmp_path / "p.yaml")
    assert load_policy(tmp_path / "7.yaml").in_use.policy.name == "company"


def test_a_name_cannot_become_a_part_of_the_document(tmp_path: Path) -> None:
    own = extending("company.yaml", COMPANY)
    (tmp_path / "company.yaml").write_text(COMPANY)
    odd = tmp_path / "a\nname: b\x85.yaml"
    odd.write_text(own)
    assert parse_policy(load_policy(odd).in_use.document.decode(), "x").name == "company"
