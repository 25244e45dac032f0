# SPDX-License-Identifier: GPL-2.0-only
"""Pages that are one file: everything in them, nothing fetched, and nothing in a dump can run.

Text goes through text(), data through data(); both escape control characters and direction marks. The page's policy
allows its own script and style, by their hashes, and no other.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from ...terminal import clean

#: Characters that could end a script element or begin a comment in it, or that JavaScript takes for the end of a line.
UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

#: By this element in its head a page is known to be ours.
GENERATOR = '<meta name="generator" content="kernel-port">'


def text(value: object) -> str:
    """Return *value* as text of an element or of a quoted attribute."""
    return html.escape(clean(str(value)))


def cleaned(value: Any) -> Any:
    """Return *value*, made of lists, dicts and strings, with every string harmless to display."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(str(key)): cleaned(entry) for key, entry in value.items()}
        case list() | tuple():
            return [cleaned(entry) for entry in value]
    return value


def data(name: str, value: Any) -> str:
    """Return an element that carries *value* for scripts, as JSON: document.getElementById(name).textContent."""
    encoded = json.dumps(cleaned(value), separators=(",", ":"), ensure_ascii=False)
    return f'<script type="application/json" id="{text(name)}">{encoded.translate(UNSAFE)}</script>'


def asset(name: str) -> str:
    """Return a script or style of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def page(title: str, body: str, styles: Iterable[str], scripts: Iterable[str] = (), head: str = "") -> str:
    """Return a whole page.

    :param body: elements, their text escaped
    :param styles: names of the style sheets in this folder, in order
    :param scripts: names of the scripts in this folder, in order; they run when the body is there
    :param head: further elements of the head"""
    style = "\n".join(map(asset, styles))
    script = "\n".join(map(asset, scripts))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src '{digest(style)}'",
            f"script-src '{digest(script)}'" if script else "script-src 'none'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
{GENERATOR}
<link rel="icon" href="data:,">
<title>{text(title)}</title>
<style>{style}</style>
{head}</head>
<body>
{body}
{f"<script>{script}</script>" if script else ""}
</body>
</html>
"""


def digest(source: str) -> str:
    """Return a source for the Content-Security-Policy that allows exactly this inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
