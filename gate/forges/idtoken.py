"""The identity token of a CI job, and the keys of who issued it.

GitHub gives a job that may ask (``permissions: id-token: write``) a URL and a
secret for it; GitLab puts the token itself into a variable (``id_tokens``).
Rules: OpenID Connect Discovery 1.0; GitHub's and GitLab's documentation of OpenID Connect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from gate.errors import UnreachableError, UsageError, VerificationError
from gate.forges.asking import ask

AUDIENCE = "patchgate"
VARIABLE = "PATCHGATE_ID_TOKEN"
"""Holds the token; GitLab's ``id_tokens`` writes it."""
ISSUERS = ("https://token.actions.githubusercontent.com", "https://gitlab.com")
"""Those that everybody shares; a policy names others."""
_REQUEST = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_LARGEST = 1024 * 1024
_HINT = "GitHub: permissions: id-token: write. GitLab: id_tokens with aud: patchgate"
_REFUSED = "answers {status}: it gives no identity"


def find_token(environment: Mapping[str, str]) -> str:
    """Return the job's token, "" where it has none; UnreachableError where GitHub gives none."""
    given = environment.get(VARIABLE, "").strip()
    if given:
        return given
    url, secret = (environment.get(name, "") for name in _REQUEST)
    if not url or not secret:
        return ""
    _check_url(url)
    separator = "&" if "?" in url else "?"
    headers = {"Authorization": f"bearer {secret}", "Accept": "application/json"}
    address = f"{url}{separator}audience={quote(AUDIENCE)}"
    answer = ask("GET", address, headers, None, refused=_REFUSED, hint=_HINT)
    value = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise UnreachableError("gives no identity token", where=urlsplit(url).netloc)
    return value


def keys_of(issuer: str) -> list[Mapping[str, Any]]:
    """Return the JSON Web Keys that an issuer publishes; UnreachableError or VerificationError."""
    _check_url(issuer)
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    configuration = ask("GET", address, {}, None, refused=_REFUSED, hint=_HINT)
    if not isinstance(configuration, dict) or configuration.get("issuer") != issuer:
        raise VerificationError("does not describe itself as that issuer", where=issuer)
    place = configuration.get("jwks_uri")
    if not isinstance(place, str) or urlsplit(place).netloc != urlsplit(issuer).netloc:
        raise VerificationError("keeps its keys with somebody else", where=issuer)
    _check_url(place)
    return _keys(ask("GET", place, {}, None, refused=_REFUSED, hint=_HINT), issuer)


def keys_in(path: Path) -> list[Mapping[str, Any]]:
    """Return the keys in a file that the issuer published; UsageError where there are none."""
    try:
        with path.open("rb") as file:
            return _keys(json.loads(file.read(_LARGEST)), str(path))
    except (OSError, ValueError, VerificationError) as error:
        raise UsageError(f"holds no JSON Web Key Set ({error})", where=str(path)) from error


def _keys(document: Any, where: str) -> list[Mapping[str, Any]]:
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise VerificationError("publishes no JSON Web Key Set", where=where)
    return keys


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise VerificationError("is no https address, so nothing it says counts", where=url[:200])
