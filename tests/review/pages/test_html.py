# SPDX-License-Identifier: GPL-2.0-only
"""Pages: nothing outside is fetched, only the page's own script runs, and text stays text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from kernel_port.review.pages.html import cleaned, data, page, text
from kernel_port.review.watch.python_marks import marks

HOSTILE = "</script><script>alert(1)</script>\u202e\x1b[31m\x00\u2028<!-- ' \" &amp;"
ASSETS = [path for path in files("kernel_port.review.pages").iterdir() if path.name.endswith((".js", ".css"))]


class Elements(HTMLParser):
    """Elements with their attributes, and the text of each script and style."""

    def __init__(self, source):
        super().__init__()
        self.found, self.texts, self._raw = [], [], None
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._raw = tag if tag in ("script", "style") else None

    def handle_data(self, told):
        if self._raw:
            self.texts.append((self._raw, self.found[-1][1].get("type"), told))
            self._raw = None


def made():
    body = f"<h1>{text(HOSTILE)}</h1>{data('told', {HOSTILE: [HOSTILE, 1]})}"
    return page(HOSTILE, body, ["page.css", "watch.css"], ["dom.js", "timeline.js"])


def sha256(source):
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def test_page_allows_its_own_script_and_style_alone():
    elements = Elements(made())
    (policy,) = [a["content"] for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    (style,) = [told for tag, _, told in elements.texts if tag == "style"]
    (script,) = [told for tag, kind, told in elements.texts if tag == "script" and kind is None]
    assert rules == {
        "default-src": "'none'", "style-src": sha256(style), "script-src": sha256(script), "img-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip


def test_page_without_scripts_allows_none():
    assert "script-src 'none'" in page("x", "", ["page.css"])
    assert "<script" not in page("x", "", ["page.css"])


def test_page_makes_nothing_of_what_a_name_says():
    source = made()
    elements = Elements(source)
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    assert not set(source) & set("\u202e\x1b\x00\u2028")


def test_page_names_nothing_outside():
    source = made()
    for tag, attributes in Elements(source).found:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert attributes.get(name, "data:,") == "data:,", tag
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(", source)
    assert set(re.findall(r"https?://[^\s\"']+", source)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("asset", ASSETS, ids=lambda path: path.name)
def test_assets_cannot_end_their_element_and_put_text_in_as_text(asset):
    source = asset.read_text(encoding="utf-8")
    assert "SPDX-License-Identifier: GPL-2.0-only" in source.split("\n")[0]
    assert "</" not in source
    assert "<!--" not in source
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source)
    assert max(map(len, source.split("\n"))) < 400


def test_data_comes_back_as_it_was_but_for_what_is_spelled_out():
    value = {"a": ["<b>", "&", 1, None, True, 2.5], "b": {"c": "\u00e9\u4e2d"}}
    encoded = re.fullmatch(r'<script type="application/json" id="x">(.*)</script>', data("x", value))[1]
    assert json.loads(encoded) == value
    assert "<" not in encoded
    assert json.loads(re.search(r">(.*)<", data("x", HOSTILE))[1]) == cleaned(HOSTILE)


def test_cleaned_spells_out_what_turns_writing_around():
    assert cleaned({"a\u202e": ("b\n", 3)}) == {"a\\u202e": ["b\\n", 3]}


def test_marks_are_comments_strings_and_keywords(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('def f(x):\n    """Two\n    lines."""\n    return "a"  # why\n')
    assert marks(str(path)) == {
        1: [(0, 3, "k")],
        2: [(4, 10, "s")],
        3: [(0, 13, "s")],
        4: [(4, 10, "k"), (11, 14, "s"), (16, 21, "c")],
    }
