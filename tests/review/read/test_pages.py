# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port read -o FOLDER: a page for each patch, mend and file of base, an index, and a search over all of them."""

import html
import json
import os
import re
from itertools import accumulate

import pytest
import toys
from elements import OUTSIDE, Page

from kernel_port.cli import main
from kernel_port.files import write_text
from kernel_port.series import PATCHES

MINE = '''"""pci: Mine

Why: a test, see 0123456789abcdef."""

ADDS = ("mine_own",)


def mine_own() -> int:
    """Return 0.

    C: drivers/pci/pci.c, static, mine"""
    return 0
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return toys.make_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tree):
    """The pages of everything, with a mend."""
    path = tmp_path_factory.mktemp("pages")
    assert main(["read", "--with", "tune-bus-reset-timing", "--c", str(tree), "-o", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def data(text):
    return json.loads(re.search(r'<script type="application/json" id="search">(.*?)</script>', text)[1])


def test_pages_are_one_for_each_patch_and_mend_with_an_index(texts):
    expected = {f"patch-{patch.number}.html" for patch in PATCHES}
    expected |= {"index.html", "names.html", "mend-tune-bus-reset-timing.html", "module-base-pci.html"}
    assert expected <= texts.keys()
    for patch in PATCHES:
        page = texts[f"patch-{patch.number}.html"]
        articles = set(re.findall(r'<article id="([^".]+)[^"]*">', page))
        assert articles == {*patch.adds, *patch.modifies}, patch.number
        assert f'href="patch-{patch.number}.html"' in texts["index.html"]
    assert 'href="mend-tune-bus-reset-timing.html"' in texts["index.html"]


def test_every_link_between_the_pages_resolves(texts):
    pages = {name: Page(text) for name, text in texts.items()}
    for name, page in pages.items():
        assert len(set(page.ids)) == len(page.ids), name
        for link in page.links:
            file, _, anchor = link.partition("#")
            if not link.startswith(OUTSIDE):
                assert file in ("", *pages), (name, link)
                assert not anchor or anchor in pages[file or name].ids, (name, link)


def test_patch_page_leads_to_the_next_and_back(texts):
    assert re.findall(r"<a rel=(\w+) href=\"([\w.-]+)\"", texts["patch-4.html"]) == [
        ("prev", "patch-3.html"), ("next", "patch-5.html"),
    ]  # fmt: skip
    assert re.findall(r"<a rel=(\w+)", texts["patch-1.html"]) == ["next"]


def test_search_finds_names_and_words_of_all_pages(texts):
    found = data(texts["patch-8.html"])
    assert found == data(texts["index.html"]) == data(texts["module-base-pci.html"])
    numbers = {}
    for each in found["words"].split(";"):
        word, *steps = each.split(" ")
        numbers[word] = list(accumulate(map(int, steps)))

    def having(word):
        return {found["entries"][number][0] for number in numbers[word]}

    # By hand: who says so in kernel_port/patch, or in the C of the toys.
    assert {"pciehp_reset_slot"} <= having("hp_supr_rm")
    assert having("toy_dance") == {"pci_dev_lock"}
    places = {name: found["places"][place] for name, place, _ in found["entries"]}
    assert places["pci_reset_bus"][0] == "patch-7.html"
    assert places["PCI_COMMAND"][0] == "names.html"
    assert places["pci_save_state"][0] == "module-base-pci.html"


def test_search_leads_to_what_is_there(texts):
    found = data(texts["index.html"])
    ids = {name: set(Page(text).ids) for name, text in texts.items()}
    for name, place, anchor in found["entries"]:
        assert (anchor or name) in ids[found["places"][place][0]]


def test_mend_page_has_what_the_mend_changes_and_says(texts):
    page = texts["mend-tune-bus-reset-timing.html"]
    assert '<article id="pci_reset_bridge_secondary_bus">' in page
    assert "<strong>Why:</strong>" in page
    # That of patch 1 has its point in its name, and its own page.
    assert '<article id="pci_reset_bridge_secondary_bus.1">' in texts["patch-1.html"]


def test_mend_of_a_users_file_has_a_page_whatever_its_name(tmp_path, capsys):
    mine = tmp_path / 'a "mend" <b>.py'
    mine.write_text(MINE)
    (tmp_path / "out").mkdir()
    assert main(["read", "--with", str(mine), "-o", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out/mend-a-mend-b-.html").read_text()
    assert Page(page).tags.count("b") == 0
    assert "mine_own" in page
    assert "0123456789abcdef" in page  # whose id it is, nobody has verified
    assert "?id=0123456789abcdef" not in page


def test_what_a_page_says_of_unpublished_ids_is_no_link(texts):
    page = texts["patch-8.html"]
    assert "the id of the commit is not verified" in page
    assert "git.kernel.org" not in page


def test_pages_of_one_patch_have_what_it_uses(tmp_path):
    assert main(["read", "2", "-o", str(tmp_path)]) == 0
    assert {"index.html", "names.html", "patch-2.html"} <= {path.name for path in tmp_path.iterdir()}
    assert not (tmp_path / "patch-3.html").exists()


def test_one_page_has_everything_with_mends(tmp_path, texts):
    path = tmp_path / "one.html"
    assert main(["read", "--one", "--with", "tune-bus-reset-timing", "-o", str(path)]) == 0
    page = path.read_text()
    assert all(f'<section id="patch-{patch.number}">' in page for patch in PATCHES)
    assert '<section id="mend-tune-bus-reset-timing">' in page
    assert html.unescape(page).count("--one") == 1  # in the command that makes it


def test_page_that_would_replace_something_else_stops_all(tmp_path, capsys):
    (tmp_path / "patch-2.html").mkdir()
    assert main(["read", "2", "-o", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "patch-2.html: not a regular file" in captured.err
    assert captured.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["patch-2.html"]


def test_pages_are_written_whole_and_the_index_last(tmp_path, monkeypatch):
    written = []

    def noted(path, text):
        written.append(path.name)
        write_text(path, text)

    monkeypatch.setattr("kernel_port.commands.read.write_text", noted)
    assert main(["read", "2", "-o", str(tmp_path)]) == 0
    assert written[-1] == "index.html"
    assert sorted(written) == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main(["read", "-o", str(tmp_path)]) == 2
    assert "choose an existing, writable folder" in capsys.readouterr().err
