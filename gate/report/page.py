"""One HTML file that holds all it needs: no script, nothing that is loaded."""

from __future__ import annotations

from importlib import resources

from gate.report.markup import Markup, tag

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = "report.css"


def page(title: str, body: Markup, *styles: str) -> bytes:
    """Return the page, UTF-8; `styles` are style sheets of this room beside the common one."""
    room = resources.files("gate.report")
    style = "\n".join(room.joinpath(name).read_text("utf-8") for name in (_STYLE, *styles))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(f"\n{style}")),
    )
    written = f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"
    # Lines keep a page readable for tools; no text from outside holds one of these signs.
    return written.replace("><", ">\n<").encode()
