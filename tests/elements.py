# SPDX-License-Identifier: GPL-2.0-only
"""The elements of a page, its links and where they lead."""

from html.parser import HTMLParser

from kernel_port.series import COVER_LETTER

#: The places that pages of the side by side link to, besides themselves.
OUTSIDE = ("https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/commit/?id=",
           *COVER_LETTER.archives.values())  # fmt: skip


class Page(HTMLParser):
    """The elements, links and anchors of a page, and whether its elements close as they open."""

    VOID = ("meta", "link", "input", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.ids, self.tags = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        assert not [name for name in given if name.startswith("on") or name in ("src", "style")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def dead(found):
    """The links that lead nowhere: to no anchor of the page, and to none of the places outside that are known."""
    return {link for link in found.links if link.removeprefix("#") not in found.ids and not link.startswith(OUTSIDE)}
