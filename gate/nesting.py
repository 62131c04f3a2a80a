"""What of a YAML document would harm its reader, told before it is composed.

The YAML library composes nodes by recursion in C: some ten thousand brackets
exhaust the stack and end the process, without an error that could be caught.
A few aliases can stand for gigabytes.
"""

from __future__ import annotations

import yaml


def harm_in(content: str, deepest: int, *, aliases: bool) -> str:
    """Return what is wrong, empty for nothing: collections more than `deepest` deep, an alias.

    Aliases are fine where `aliases` says so.  yaml.YAMLError where it cannot be parsed.
    """
    depth = 0
    for event in yaml.parse(content, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > deepest:
                return "is nested too deep"
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not aliases and isinstance(event, yaml.AliasEvent):
            return "has an alias, which is not read"
    return ""
