# SPDX-License-Identifier: GPL-2.0-only
"""The page of kernel-port read in a real browser: it opens, keys and links work, it fits a phone, it is harmless."""

import re
from itertools import pairwise

import pytest
from browser import PHONE, chromium, contrast, errors
from paths import SERIES
from toys import make_tree

from kernel_port.cli import main

pytestmark = pytest.mark.slow

#: Whether a box is there to be seen.
WIDE = """
    const box = document.querySelector(arguments[0]), css = getComputedStyle(box);
    return css.display !== "none" && css.visibility !== "hidden" && box.offsetWidth > 99;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    tree = make_tree(folder)
    made = {"alone": ["5"], "tree": ["all", "--c", str(tree)], "mails": ["all", "--c", str(SERIES / "v2.mbox")]}
    for name, argv in made.items():
        assert main(["read", *argv, "-o", str(folder / f"{name}.html")]) == 0
    return {name: folder / f"{name}.html" for name in made}


def open_page(browser, path, anchor=""):
    browser.get("about:blank")
    browser.get(f"{path.as_uri()}{anchor}")


def press(browser, keys):
    browser.find_element("css selector", "body").send_keys(keys)


def place(browser):
    return browser.execute_script("return location.hash.slice(1)")


def shown(browser, selector):
    return browser.execute_script("return document.querySelector(arguments[0]).getClientRects().length > 0", selector)


@pytest.mark.parametrize("name", ["alone", "tree", "mails"])
def test_page_opens_without_a_word_on_the_console(browser, pages, name):
    open_page(browser, pages[name])
    assert browser.find_element("css selector", "h1").text
    assert browser.find_elements("css selector", "article .line")
    press(browser, "jknp")
    assert errors(browser) == []


def test_page_links_resolve(browser, pages):
    open_page(browser, pages["tree"])
    dead = browser.execute_script("""
        return [...document.links].filter((link) => {
          const to = link.getAttribute("href");
          return !to.startsWith("#") || !document.getElementById(to.slice(1));
        }).map((link) => link.outerHTML);
    """)
    assert dead == []


def test_page_keys_go_from_function_to_function_and_patch_to_patch(browser, pages):
    open_page(browser, pages["tree"])
    found = []
    for key in "njjkjnpp":
        press(browser, key)
        found.append(place(browser))
    assert found == [
        "patch-1", "pci_parent_bus_reset", "pci_reset_bridge_secondary_bus", "pci_parent_bus_reset",
        "pci_reset_bridge_secondary_bus", "patch-2", "patch-1", "patch-1",
    ]  # fmt: skip
    current = browser.execute_script("return document.querySelector('nav [aria-current]').getAttribute('href')")
    assert current == "#patch-1"


def test_page_anchor_shows_the_function_and_the_line(browser, pages):
    open_page(browser, pages["tree"], "#pci_dev_unlock")
    top = browser.execute_script("return document.getElementById('pci_dev_unlock').getBoundingClientRect().top")
    assert 0 <= top < 60
    open_page(browser, pages["tree"], "#pci_dev_unlock.c13")
    line = browser.execute_script("return document.querySelector('.line:has(:target)').textContent")
    assert "device_unlock(&dev->dev);" in line


def test_page_statements_are_level(browser, pages):
    open_page(browser, pages["tree"], "#pci_dev_lock")
    tops = browser.execute_script("""
        const top = (id) => document.getElementById(id).closest(".line").getBoundingClientRect().top;
        const lines = [...document.querySelectorAll("#pci_dev_lock .py .line")];
        const python = (word) => lines.find((line) => line.textContent.includes(word)).getBoundingClientRect().top;
        const pairs = [["c6", "pci_cfg_access_lock(dev)"], ["c8", "device_lock("]];
        return pairs.map(([line, word]) => top(`pci_dev_lock.${line}`) - python(word));
    """)
    assert max(map(abs, tops)) < 1


def test_page_columns_can_be_chosen(browser, pages):
    open_page(browser, pages["tree"], "#pci_dev_lock")
    sides = "#pci_dev_lock .sides .row.same .c", "#pci_dev_lock .sides .row.same .py"
    seen = []
    for view in ("c", "py", "both"):
        browser.find_element("css selector", f"label[for=view-{view}]").click()
        seen.append([browser.execute_script(WIDE, side) for side in sides])
    assert seen == [[True, False], [False, True], [True, True]]


def test_page_does_nothing_that_the_c_says(browser, pages):
    open_page(browser, pages["tree"])
    assert browser.execute_script("return window.hit === undefined")
    assert len(browser.find_elements("css selector", "script")) == 1
    assert errors(browser) == []


def test_page_reads_without_script(tmp_path, pages):
    text = pages["alone"].read_text(encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<script>.*</script>", "", text, flags=re.DOTALL), encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        open_page(browser, bare, "#__pci_dev_reset")
        assert shown(browser, "nav .all ul")
        assert "rc = pci_dev_reset_slot_function(dev, probe)" in browser.find_element("id", "__pci_dev_reset").text


def test_page_headings_and_names(browser, pages):
    open_page(browser, pages["tree"])
    levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    nameless = browser.execute_script("""
        return [...document.querySelectorAll("a, summary, input, button")].filter((element) =>
          !(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.length)).length
    """)
    assert nameless == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["alone", "mails"])
def test_page_fits_a_phone(tmp_path, pages, name, scheme):
    with chromium(tmp_path, *PHONE, scheme=scheme) as browser:
        open_page(browser, pages[name], "#__pci_dev_reset")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
        shade = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", shade)[:3])) > 384) == (scheme == "light")
        assert contrast(browser) >= 4.5
        assert errors(browser) == []
