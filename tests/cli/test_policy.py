"""`patchgate policy`."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from gate.policy.context import Context
from gate.policy.presets import PRESETS
from gate.policy.settings import Rules
from gate.policy.template import DEFAULT_DOCUMENT
from gate.policy.verdict import Dates, Decision, ExceptionResult, RuleResult
from tests.cli.bad_inputs import run


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_init_writes_a_policy_that_is_valid(place: Path) -> None:
    assert run(["policy", "init"])[0] == 0
    assert (place / "patchgate.yaml").read_text() == DEFAULT_DOCUMENT
    code, _, err = run(["policy", "check"])
    assert (code, err) == (0, "patchgate.yaml: valid policy 'default'\n")
    assert run(["policy", "init"])[0] == 2
    assert run(["policy", "init", "--force"])[0] == 0


def test_the_schema_accepts_what_the_parser_accepts() -> None:
    code, out, _ = run(["policy", "schema"])
    assert code == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(yaml.safe_load(DEFAULT_DOCUMENT))
    assert not validator.is_valid({"version": 1, "fail_onn": "high"})
    assert not validator.is_valid({"version": 2})
    assert not validator.is_valid({"version": 1, "advisories": {"fail_after": "3 days"}})


def test_explain_says_where_values_come_from(place: Path) -> None:
    assert run(["policy", "explain"])[1].startswith("# from built-in, sha256:")
    (place / "patchgate.yaml").write_text("version: 1\nrules: {image_age: {max: 7d}}\n")
    inner = place / "a" / "b"
    inner.mkdir(parents=True)
    code, out, _ = run(["policy", "explain"])
    assert code == 0
    assert out.startswith("# from patchgate.yaml, sha256:")
    assert 'rules.image_age.max: "7d"' in out
    assert 'rules.patch_sla.allow.critical: "72h"' in out


def test_a_policy_that_is_not_valid(place: Path) -> None:
    (place / "bad.yaml").write_text("version: 1\nrules:\n  patch_sla: {allow: {urgent: 1h}}\n")
    code, out, err = run(["policy", "check", "bad.yaml"])
    assert (code, out) == (2, "")
    assert "bad.yaml, line 3" in err
    assert "unknown key 'rules.patch_sla.allow.urgent'" in err


def test_init_with_a_preset(place: Path) -> None:
    assert run(["policy", "init", "pci.yaml", "--preset", "pci-dss"])[0] == 0
    assert (place / "pci.yaml").read_text() == PRESETS["pci-dss"]
    assert run(["policy", "check", "pci.yaml"])[2] == "pci.yaml: valid policy 'pci-dss'\n"
    assert run(["policy", "init", "x.yaml", "--preset", "made-up"])[0] == 2


def test_explain_names_file_and_line_and_shows_a_target(place: Path) -> None:
    (place / "patchgate.yaml").write_text(
        "version: 1\nrules:\n  image_age: {max: 7d}\n"
        "targets:\n- name: web\n  match: {image: [web*]}\n  rules: {image_age: {max: 1d}}\n"
    )
    out = run(["policy", "explain"])[1]
    assert 'rules.image_age.max: "7d"  # patchgate.yaml, line 3\n' in out
    assert 'rules.image_age.by: "created"  # default\n' in out
    assert out.endswith("# targets: web; --target NAME shows one\n")
    web = run(["policy", "explain", "--target", "web"])[1]
    assert 'rules.image_age.max: "1d"  # patchgate.yaml, line 7\n' in web
    code, _, err = run(["policy", "explain", "--target", "wbe"])
    assert (code, "it has: web" in err) == (2, True)


def test_the_policy_page_names_every_rule_field_and_control() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "policy.md").read_text("utf-8")
    for rule in msgspec.structs.fields(Rules):
        assert f"`{rule.name}`" in page, rule.name
        module = import_module(f"gate.policy.rules.{rule.name}")
        for control in module.CONTROLS:
            assert control in page, (rule.name, control)
        for setting in msgspec.structs.fields(rule.type):
            assert f"`{setting.name}`" in page, (rule.name, setting.name)
    assert set(PRESETS) <= set(re.findall(r"--preset ([a-z0-9-]+)", page))


def test_the_table_of_controls_is_what_the_rules_say() -> None:
    """Row by row: a control, the rules that serve it, and fields that evidence has."""
    page = (Path(__file__).parent.parent.parent / "docs" / "policy.md").read_text("utf-8")
    table = page.partition("| control | rule | evidence |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()]
    written = {
        (control, rule)
        for control, rules, _ in (row for row in rows if len(row) == 3)
        for rule in re.findall(r"`([a-z_]+)`", rules)
    }
    served = {
        (control, rule.name)
        for rule in msgspec.structs.fields(Rules)
        for control in import_module(f"gate.policy.rules.{rule.name}").CONTROLS
    }
    assert written == served
    known = {
        "decisions": Decision,
        "rules": RuleResult,
        "context": Context,
        "dates": Dates,
        "exceptions": ExceptionResult,
    }
    for text in re.findall(r"`([a-z_]+)(?:\[\])?\.([a-z_]+)`", table):
        fields = {field.name for field in msgspec.structs.fields(known[text[0]])}
        assert text[1] in fields, text
