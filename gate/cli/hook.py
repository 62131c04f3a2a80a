"""`patchgate hook`: judge the images that a push touches, before it leaves this machine.

It is a courtesy to whoever pushes: `git push --no-verify` goes past it.  CI decides.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from gate.bom.model import Bom
from gate.cli import exits
from gate.cli.hook_install import install_command, uninstall_command
from gate.cli.hook_report import summary, write_image, write_unread
from gate.cli.hook_warm import warm_command
from gate.cli.inputs import find_inventories
from gate.cli.options import cache_option, now_option, store_option
from gate.cli.places import POLICY_NAME, skip_log, store_folder
from gate.cli.rules_in_force import InForce, policy_option, rules_at, rules_in_force
from gate.errors import UsageError
from gate.policy.durations import parse_duration
from gate.policy.verdict import Cause
from gate.references.finding import Unread
from gate.report.encoding import visible
from gate.run.check import examine
from gate.run.clock import Clock, read_clock
from gate.run.git import Repository, repository_around
from gate.run.inventories import Inventories
from gate.run.pushed_images import Knowledge, PushedImage, judge_references, pushed_references
from gate.run.pushes import Push, PushedFiles, Update, pushed_files, read_push
from gate.run.request import CheckRequest
from gate.run.result import Result
from gate.run.revisions import Revision
from gate.sources.budget import Budget
from gate.sources.request import Choice


@click.group(name="hook")
def command() -> None:
    """Judge the images that a Git push touches; install that as a pre-push hook."""


@command.command(name="run")
@click.argument("remote", default="")
@click.argument("address", default="")
@click.option("--rev", metavar="REV", help="Look at every file of this revision instead.")
@policy_option
@store_option
@cache_option
@now_option
@click.option(
    "--sboms",
    metavar="DIR",
    default="sboms",
    show_default=True,
    help="Folder of the pushed commit with SBOMs of images (CycloneDX or SPDX JSON).",
)
@click.option(
    "--max-age",
    metavar="TIME",
    envvar="PATCHGATE_HOOK_MAX_AGE",
    default="7d",
    show_default=True,
    help="How long ago a tag may have been read; a digest does not age.",
)
@click.option(
    "--allow-unjudged",
    is_flag=True,
    envvar="PATCHGATE_ALLOW_UNJUDGED",
    help="Let a push go that could not be judged; one that fails still stops.",
)
def run_command(
    *,
    remote: str,
    address: str,
    rev: str | None,
    policy_path: str | None,
    store: str | None,
    cache: str | None,
    now: str | None,
    sboms: str,
    max_age: str,
    allow_unjudged: bool,
) -> int:
    """Judge the images that a push touches: what Git runs as its pre-push hook.

    REMOTE and ADDRESS, and the pushed refs on standard input, come from Git;
    pre-commit's variables count too. Files are read from the pushed commits,
    never from the work tree. Images are judged from the cache of earlier runs
    or from SBOMs in the commit, without a network. Policy and exceptions are
    those that the remote has already.

    Exit 0: every image was judged and passes, or there is none. 1: one fails.
    Anything else: something could not be judged, which is no pass.
    """
    del address
    if reason := os.environ.get("PATCHGATE_SKIP", ""):
        return _skipped(reason, remote)
    lines = "" if rev is not None or sys.stdin.isatty() else sys.stdin.read()
    push = read_push(lines, remote, os.environ)
    if rev is not None:
        push = Push(updates=(Update(ref=rev, new=rev),))
    hook = _Hook(
        repository=repository_around(Path.cwd()),
        policy=policy_path,
        store=store_folder(store),
        inventories=find_inventories(cache, Budget()),
        sboms=sboms,
        clock=read_clock(now),
        max_age=_span(max_age),
    )
    images, unread = hook.judged(push)
    code = _code(images, unread, allow_unjudged)
    for image in images:
        write_image(image)
    for one in unread:
        write_unread(one)
    click.echo(summary(images, unread, code, push.remote), err=True)
    return code


command.add_command(install_command)
command.add_command(uninstall_command)
command.add_command(warm_command)


class _Hook(msgspec.Struct, frozen=True, kw_only=True):
    """What a push is judged with."""

    repository: Repository
    policy: str | None
    store: Path
    inventories: Inventories | None
    sboms: str
    clock: Clock
    max_age: timedelta

    def judged(self, push: Push) -> tuple[list[PushedImage], list[Unread]]:
        """Return what came of each image that the push touches, and what could not be read."""
        images: list[PushedImage] = []
        unread: list[Unread] = []
        seen: set[tuple[object, str]] = set()
        for files in pushed_files(self.repository, push):
            references, missed = pushed_references(self.repository, files)
            unread.extend(one for one in missed if one not in unread)
            # Several refs often bring the same commits: those are judged once.
            fresh = [one for one in references if (one, files.base) not in seen]
            seen.update((one, files.base) for one in fresh)
            if fresh:
                known = self._knowledge(files.commit)
                images.extend(judge_references(fresh, known, self._judge(files)))
        return images, unread

    def _knowledge(self, commit: str) -> Knowledge:
        return Knowledge(
            self.repository,
            commit,
            folder=self.sboms,
            inventories=self.inventories,
            now=self.clock.now,
            max_age=self.max_age,
        )

    def _judge(self, files: PushedFiles) -> Callable[[str, Bom], Result]:
        rules = self._rules(files)

        def judge(image: str, bom: Bom) -> Result:
            request = CheckRequest(
                target=image,
                choice=Choice(),
                policy=rules.policy,
                exceptions=rules.exceptions,
                store=self.store,
                clock=self.clock,
                bom=bom,
            )
            return examine(request)[0]

        return judge

    def _rules(self, files: PushedFiles) -> InForce:
        """Return the rules that the remote has; the pushed ones where it has nothing."""
        if self.policy is not None:
            return rules_in_force(self.policy, None, "none")
        at = files.base or files.commit
        base = Revision(root=self.repository.folder, commit=at, name=at[:12])
        return rules_at(base, self.repository.folder / POLICY_NAME)


def _code(images: list[PushedImage], unread: list[Unread], allow_unjudged: bool) -> int:
    verdicts = [image.result.verdict for image in images if image.result is not None]
    reasons = [reason for verdict in verdicts for reason in verdict.reasons]
    if allow_unjudged:
        failed = any(reason.cause is Cause.POLICY for reason in reasons)
        return exits.FAIL if failed else exits.PASS
    code = exits.code_of_reasons(reasons)
    unjudged = bool(unread) or len(verdicts) < len(images)
    return exits.INPUT if unjudged and code in {exits.PASS, exits.FAIL} else code


def _span(written: str) -> timedelta:
    try:
        return parse_duration(written)
    except ValueError as error:
        raise UsageError(str(error), where="--max-age") from error


def _skipped(reason: str, remote: str) -> int:
    """Let the push go, and write down when and why."""
    log = skip_log()
    entry = {"at": read_clock(None).now, "folder": str(Path.cwd()), "remote": remote}
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(msgspec.json.encode({**entry, "reason": reason}) + b"\n")
    except OSError as error:
        raise UsageError(
            f"why this push is skipped cannot be written down ({error.strerror})", where=str(log)
        ) from error
    said = f"nothing was judged, since PATCHGATE_SKIP says: {reason}"
    click.echo(f"patchgate: {visible(said, 300)}; it is written down in {log}", err=True)
    return exits.PASS
