"""The options of commands that judge a target and record nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from gate.cli.inputs import find_inventories, read_bases, read_budget
from gate.cli.loudness import loudness_options, step
from gate.cli.options import (
    base_options,
    now_option,
    pushed_option,
    store_option,
    target_options,
    vex_option,
)
from gate.cli.places import store_folder
from gate.cli.rules_in_force import rules_in_force, rules_options
from gate.cli.target_attributes import attributes_option, read_attributes
from gate.run.clock import read_clock, read_time
from gate.run.request import CheckRequest
from gate.run.vexing import vex_of
from gate.sources.request import Choice

F = TypeVar("F", bound=Callable[..., Any])


def judging_options(command: F) -> F:
    """Add everything that a verdict depends on; `judging_request` reads it."""
    for option in (
        loudness_options,
        attributes_option,
        pushed_option,
        base_options,
        target_options,
        now_option,
        store_option,
        vex_option,
        rules_options,
    ):
        command = option(command)
    return command


def judging_request(target: str, horizon: timedelta, given: dict[str, Any]) -> CheckRequest:
    """Return the request that the options of `judging_options` make; UsageError as they say."""
    in_force = rules_in_force(given["policy_path"], given["exceptions_given"], given["base_rev"])
    budget = read_budget(given["limits"])
    documents, remarks = vex_of(given["vex"], target, in_force.policy.policy.vex.keys)
    return CheckRequest(
        target=target,
        choice=Choice(image=given["image"], platform=given["platform"]),
        policy=in_force.policy,
        exceptions=in_force.exceptions,
        remarks=(*in_force.remarks, *remarks),
        vex=documents,
        store=store_folder(given["store"]),
        clock=read_clock(given["now"]),
        budget=budget,
        inventories=find_inventories(given["cache"], budget),
        bases=read_bases(given["catalogs"], given["dockerfile"]),
        attributes=read_attributes(given["attributes"]),
        pushed=read_time(given["pushed"], "--pushed") if given["pushed"] else None,
        horizon=horizon,
        watch=step,
    )
