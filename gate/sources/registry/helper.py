"""Credential helpers: programs of the user's own that keep passwords.

The protocol is Docker's: ``docker-credential-NAME get`` reads the server's
address and writes JSON with Username and Secret.  This is the one child
process that patchgate starts, and only where the user's configuration names
it; nothing from an image or a registry reaches its command line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import msgspec

from gate.errors import UnreachableError, UsageError
from gate.sources.registry.login import Login

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECONDS = 30.0
_TOKEN_USER = "<token>"  # noqa: S105 - the word that says that Secret is an identity token
_NOT_FOUND = (b"credentials not found", b"credentials do not exist")


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str
    secret: str


def ask_helper(name: str, address: str) -> Login | None:
    """Return what the helper `name` keeps for the server `address`; None where nothing.

    Raises UsageError for a name that is no program's, UnreachableError where it
    is missing or fails.  Its output is never part of a message.
    """
    program = f"docker-credential-{name}"
    if not _NAME.fullmatch(name):
        raise UsageError(
            "names a credential helper that is no program's name",
            where="Docker's configuration",
            hint="credsStore and credHelpers hold the NAME of docker-credential-NAME",
        )
    path = shutil.which(program)
    if path is None:
        raise UnreachableError(
            "is not installed, and the Docker configuration asks it for credentials",
            where=program,
            hint="install it, or take it out of credsStore and credHelpers",
        )

    # A helper needs the user's environment, but not the passphrase of the signing key.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("PATCHGATE_")
    }
    try:
        done = subprocess.run(  # noqa: S603 - named by the user's configuration, no shell
            [path, "get"],
            input=address.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise _failed(program, f"did not answer within {_SECONDS:g} s or cannot run") from None
    if done.returncode:
        if any(sign in done.stdout.lower() + done.stderr.lower() for sign in _NOT_FOUND):
            return None
        raise _failed(program, f"ended with exit code {done.returncode}")
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _failed(program, "wrote something else than credentials") from None
    if answer.username == _TOKEN_USER:
        return Login(source=program, identity_token=answer.secret)
    return Login(source=program, username=answer.username, password=answer.secret)


def _failed(program: str, what: str) -> UnreachableError:
    return UnreachableError(
        what, where=program, hint=f"try it: echo SERVER | {program} get, or docker login again"
    )
