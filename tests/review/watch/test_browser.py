# SPDX-License-Identifier: GPL-2.0-only
"""The page of kernel-port watch in a real browser: it opens, steps both ways, links, and stays quick and harmless."""

import json
import os
import re
import time
from itertools import combinations, pairwise

import pytest
from browser import DESKTOP, PHONE, SIZES, axe, chromium, contrast, errors, show

from kernel_port.cli import main
from kernel_port.machine import boot
from kernel_port.review.watch.observer import Observer
from kernel_port.review.watch.page import Recording, Subject, watch_page

pytestmark = pytest.mark.slow

RIGHT, LEFT, HOME, END, PAGE_DOWN, PAGE_UP = "\ue014", "\ue012", "\ue011", "\ue010", "\ue00f", "\ue00e"
#: A name that would be a tag, end an attribute or a script, turn writing around, or move a cursor.
HOSTILE = "</script><img src=x onerror=window.hit=1><script>window.hit=1</script>'\"&amp;\u202ertl\x1b[31m"
#: Everything on the page that depends on the step.
SHOWN = """
return [...document.querySelectorAll(".panel:not(.time), .sentence, .count")].map((e) => e.textContent).join("|");
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "slot": ["example:vga", "slot:1"],
        "mess": ["mess", "--against", "0"],
        "wide": [str(wide(folder)), "bus:02"],
        "c": ["example:vga", "slot:1", "--c", str(kernel(folder))],
    }
    for name, argv in made.items():
        assert main(["watch", *argv, "-o", str(folder / f"{name}.html")]) == 0
    (folder / "hostile.html").write_text(hostile(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in (*made, "hostile")}


def kernel(folder):
    """A kernel tree with an invented function that says HOSTILE."""
    path = folder / "linux/drivers/pci/pci.c"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"""\
void pci_reset_bridge_secondary_bus(struct pci_dev *dev)
{{
	u16 toys;	/* {HOSTILE} */

	toys = juggle(dev) | PCI_BRIDGE_CTL_BUS_RESET;
	pci_write_config_word(dev, PCI_BRIDGE_CONTROL, toys);
	toys &= ~PCI_BRIDGE_CTL_BUS_RESET;
	pci_write_config_word(dev, PCI_BRIDGE_CONTROL, toys);
}}
""",
        encoding="utf-8",
    )
    return folder / "linux"


def wide(folder):
    """A machine of 120 functions on one bus: to reset that is some five thousand events."""
    bridge = """name = "wide"
[[function]]
address = "00:1e.0"
kind = "pci-bridge"
vendor = 0x8086
device = 0x244e
bus = [2, 2]
"""
    functions = [
        f"""[[function]]
address = "02:{number >> 3:02x}.{number & 7}"
kind = "pci"
vendor = 1
device = 1
class = 0x040100
multifunction = {"true" if number % 8 == 0 else "false"}
"""
        for number in range(120)
    ]
    path = folder / "wide.toml"
    path.write_text(bridge + "".join(functions))
    return path


def hostile():
    """The page of a run in which every name and message is HOSTILE."""
    with boot("example:vga") as machine:
        seen = Observer(machine)
        machine.system.listen = seen.note
        machine.system.emit("printk", "err", HOSTILE)
        machine.system.emit("lock", HOSTILE, HOSTILE)
        machine.system.emit(HOSTILE, HOSTILE)
        machine.system.sched.current.held.append((HOSTILE, HOSTILE))
        machine.call("pci_reset_slot", machine.slot("1"))
        seen.finish()
        recording = Recording(8, HOSTILE, HOSTILE, HOSTILE, True, HOSTILE, machine.events, seen)
        return watch_page(Subject(HOSTILE, HOSTILE, HOSTILE, HOSTILE, [HOSTILE]), [recording])


def open_page(browser, path, step=None):
    browser.get("about:blank")
    browser.get(path.as_uri() + (f"#step={step}" if step is not None else ""))


def press(browser, key, times=1):
    for _ in range(times):
        browser.switch_to.active_element.send_keys(key)


def step(browser):
    return int(browser.find_element("css selector", ".count").text.split(" / ")[0])


def told(path):
    return json.loads(re.search(r'id="recording">(.*)</script>', path.read_text())[1])


def events(path):
    return told(path)["runs"][0]["events"]


@pytest.mark.parametrize("name", ["slot", "mess", "wide", "hostile", "c"])
def test_page_opens_without_a_word_on_the_console(browser, pages, name):
    open_page(browser, pages[name])
    assert browser.find_element("css selector", "h1").text
    assert browser.find_elements("css selector", ".timeline .bar")
    press(browser, END)
    press(browser, HOME)
    assert errors(browser) == []


def test_page_steps_to_the_last_event_and_back(browser, pages):
    open_page(browser, pages["slot"])
    last = len(events(pages["slot"]))
    assert step(browser) == 0
    # The page hears each key first, then this looks at what it made of it.
    look = "window.seen = [shown()]; addEventListener('keydown', () => seen.push(shown()))"
    browser.execute_script(f"const shown = () => {{ {SHOWN} }}; {look}")
    press(browser, RIGHT * (last + 1))
    assert step(browser) == last
    press(browser, LEFT * last)
    assert step(browser) == 0
    seen = browser.execute_script("return seen")
    forwards, beyond, back = seen[: last + 1], seen[last + 1], seen[last + 2 :]
    assert len(set(forwards)) == last + 1
    assert beyond == forwards[-1]
    assert back == forwards[-2::-1]


def test_page_keys_go_by_pages_and_to_the_ends(browser, pages):
    open_page(browser, pages["slot"])
    last = len(events(pages["slot"]))
    found = []
    for key in (END, HOME, PAGE_DOWN, PAGE_DOWN, PAGE_UP, RIGHT, LEFT, LEFT):
        press(browser, key)
        found.append(step(browser))
    assert found == [last, 0, 25, 50, 25, 26, 25, 24]


def test_page_goes_to_a_step_by_click_slider_and_link(browser, pages):
    open_page(browser, pages["slot"])
    browser.find_element("css selector", "[aria-label='Step forward']").click()
    assert step(browser) == 1
    browser.find_element("css selector", ".lines a[href='#step=7']").click()
    assert step(browser) == 7
    slider = browser.find_element("css selector", ".slider")
    slider.send_keys(RIGHT)
    assert step(browser) == 8
    assert slider.get_attribute("aria-valuetext") == f"8 of {len(events(pages['slot']))}"
    timeline = browser.find_element("css selector", ".timeline")
    # A click in the middle of the time line is a click between two resets' ends: something happened before and after.
    timeline.click()
    assert 8 < step(browser) < len(events(pages["slot"]))


def test_page_deep_link_restores_the_step(browser, pages):
    open_page(browser, pages["slot"])
    press(browser, PAGE_DOWN, 3)
    there = browser.execute_script(SHOWN)
    deadline = time.monotonic() + 5
    while not browser.current_url.endswith("#step=75") and time.monotonic() < deadline:
        os.sched_yield()  # the address follows a moment later
    assert browser.current_url.endswith("#step=75")
    open_page(browser, pages["slot"], 75)
    assert browser.execute_script(SHOWN) == there
    browser.execute_script("location.hash = '#step=3'")
    assert step(browser) == 3
    open_page(browser, pages["slot"], 10**9)
    assert step(browser) == len(events(pages["slot"]))


def test_page_links_resolve(browser, pages):
    for name in ("slot", "mess"):
        open_page(browser, pages[name], 5)
        last = int(browser.find_element("css selector", ".count").text.split(" / ")[1])
        links = browser.execute_script("return [...document.links].map(a => a.getAttribute('href'))")
        assert links
        assert all(0 <= int(re.fullmatch(r"#step=(\d+)", link)[1]) <= last for link in links)
        for element in browser.find_elements("css selector", "[aria-labelledby]"):
            assert browser.find_element("id", element.get_attribute("aria-labelledby"))


def test_page_shows_bridge_control_when_it_is_written(browser, pages):
    number = next(i for i, e in enumerate(events(pages["slot"])) if e[2] == "w" and e[7][0] == 0x3E)
    open_page(browser, pages["slot"], number + 1)
    row = browser.find_element("css selector", ".config tr.changed")
    assert re.sub(r"\s+", " ", row.text) == "0x03e ● PCI_BRIDGE_CONTROL changed 0x0040 BUS_RESET+ (was -)"
    assert "▲ held in reset (was not in reset)" in browser.find_element("css selector", ".hardware").text
    assert "pci_write_config_word(dev, PCI_BRIDGE_CONTROL" in browser.find_element("css selector", ".line.here").text
    assert "cfg 01:00.0" in browser.find_element("css selector", ".thread.current .locks").text


def test_page_marks_the_c_beside_the_python(browser, pages):
    number = next(i for i, e in enumerate(events(pages["c"])) if e[2] == "w" and e[7][0] == 0x3E)
    open_page(browser, pages["c"], number + 1)
    python, c = browser.find_elements("css selector", ".source .line.here")
    assert re.fullmatch(r"▶ +\d+ +pci_write_config_word\(dev, PCI_BRIDGE_CONTROL, ctrl\)", python.text.strip())
    assert re.fullmatch(r"▶ +6 +pci_write_config_word\(dev, PCI_BRIDGE_CONTROL, toys\);", c.text.strip())
    # The delay has no C here.
    delay = next(i for i, e in enumerate(events(pages["c"])) if i > number and e[2] == "msleep")
    open_page(browser, pages["c"], delay + 1)
    (only,) = browser.find_elements("css selector", ".source .line.here")
    assert "msleep(100)" in only.text
    assert "no line matches this one" in browser.find_element("css selector", ".source").text
    assert browser.execute_script("return window.hit === undefined")
    assert len(browser.find_elements("css selector", "script")) == 2
    assert errors(browser) == []


def test_page_of_two_points_goes_to_the_first_difference(browser, pages):
    open_page(browser, pages["mess"])
    press(browser, "d")
    assert "≠ only" in browser.find_element("css selector", ".sentence").text
    assert len(browser.find_elements("css selector", ".run")) == 2
    assert len(browser.find_elements("css selector", ".timeline .difference")) == 2
    assert "no event" in browser.find_element("css selector", ".runs").text


def test_page_shows_the_source_of_another_frame(browser, pages):
    open_page(browser, pages["slot"], 60)
    frame = browser.find_elements("css selector", ".frame")[-1]
    frame.click()
    assert browser.find_element("css selector", ".place strong").text == "pci_reset_slot"
    assert browser.find_element("css selector", ".frame[aria-pressed=true] .function").text == "pci_reset_slot"


def test_page_of_five_thousand_events_steps_in_less_than_50_ms(browser, pages):
    assert len(events(pages["wide"])) >= 5000
    open_page(browser, pages["wide"])
    rounds = browser.execute_script("""
        const timed = (step) => {
          const start = performance.now();
          player.go(step);
          document.body.getBoundingClientRect();
          return performance.now() - start;
        };
        const round = () => {
          const steps = [];
          for (let step = 1; step <= rows.length; step += 97) steps.push(timed(step));
          for (let step = rows.length; step > rows.length - 60; step--) steps.push(timed(step));
          return steps;
        };
        return [round(), round(), round()];
    """)
    times = sorted(map(min, zip(*rounds, strict=True)))  # of each step the best, as other programs run here, too
    assert times[int(len(times) * 0.98)] < 50


def test_page_does_nothing_that_a_name_says(browser, pages):
    open_page(browser, pages["hostile"])
    press(browser, END)
    assert browser.execute_script("return window.hit === undefined")
    assert browser.find_elements("css selector", "img") == []
    assert len(browser.find_elements("css selector", "script")) == 2
    title = browser.find_element("css selector", "h1").text
    assert title.endswith(HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b"))
    assert errors(browser) == []


def test_page_names_everything_that_can_be_used(browser, pages):
    open_page(browser, pages["mess"], 40)
    nameless = browser.execute_script("""
        return [...document.querySelectorAll("button, input, select, a, summary, [tabindex]")].filter((element) =>
          !(element.getAttribute("aria-label") || element.textContent.trim() || element.closest("label"))).length
    """)
    assert nameless == 0
    assert "\nStep 40 of " in browser.find_element("css selector", "[role=status]").text
    levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


#: The panels, and what each shows.
PANELS = ("time", "trace", "source", "stacks", "config", "hardware")
#: The boxes of the panels: left, top, right, bottom; and how high the view of what is in each is.
BOXES = """
return [...document.querySelectorAll(".panel")].map((panel) => {
  const { left, top, right, bottom } = panel.getBoundingClientRect();
  const inner = panel.querySelector(".code, .scroll").getBoundingClientRect();
  return [left, top, right, bottom, inner.bottom - inner.top];
});
"""


@pytest.fixture
def screen(browser):
    """Gives the window another size for a test."""
    yield lambda *size: show(browser, *size)
    show(browser, *DESKTOP)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize(("name", "runs"), [("slot", 1), ("mess", 2), ("c", 1), ("wide", 1)])
def test_page_fills_the_screen_and_no_more(browser, screen, pages, name, runs, size):
    screen(*size)
    open_page(browser, pages[name], 65)
    html = "const html = document.documentElement; return "
    assert browser.execute_script(f"{html} [html.scrollWidth, html.scrollHeight]") == list(size)
    boxes = browser.execute_script(BOXES)
    assert len(boxes) == len(PANELS) * runs
    for left, top, right, bottom, inner in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert inner > 50
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert max(bottom for *_, bottom, _ in boxes) > size[1] - 20


@pytest.mark.parametrize("size", SIZES)
def test_page_cuts_no_value_of_a_register(browser, screen, pages, size):
    screen(*size)
    open_page(browser, pages["mess"], 60)
    cut = browser.execute_script("""
        const inside = (element, box) => {
          const [own, around] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
          return own.left >= around.left - 1 && own.right <= around.right + 1;
        };
        const single = [...document.querySelectorAll(".what")].filter((e) => e.querySelectorAll(".value").length === 1);
        return [single.length, single.filter((e) => !inside(e.querySelector(".value"), e)).length,
          [...document.querySelectorAll(".config .value")].filter((e) => e.scrollWidth > e.clientWidth + 1).length];
    """)
    assert cut[0] > 10
    assert cut[1:] == [0, 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["slot", "mess", "c"])
def test_page_has_nothing_that_axe_finds(browser, screen, pages, name, size, scheme):
    screen(*size, scheme)
    open_page(browser, pages[name], 65)
    found = axe(browser)
    browser.find_element("css selector", ".about summary").click()
    assert found + axe(browser) == []


def shown_panels(browser):
    return [
        name
        for name in PANELS
        if browser.execute_script(f"return document.querySelector('.panel.{name}').getClientRects().length > 0")
    ]


def height(browser, name):
    return browser.execute_script(f"return document.querySelector('.panel.{name}').getBoundingClientRect().height")


def width(browser, name):
    return browser.execute_script(f"return document.querySelector('.panel.{name}').getBoundingClientRect().width")


def tops(browser, name):
    """Where a panel begins, in each run."""
    return browser.execute_script(
        f"return [...document.querySelectorAll('.panel.{name}')].map((each) => each.getBoundingClientRect().top)"
    )


def letters(browser, selector):
    """The size of the letters of an element, in pixels."""
    return browser.execute_script(f"return parseFloat(getComputedStyle(document.querySelector('{selector}')).fontSize)")


@pytest.mark.parametrize(
    ("key", "selector"),
    [("2", ".lines .what"), ("3", ".source .line"), ("4", ".frame"), ("5", ".config td.value"), ("6", ".aspects li")],
)
def test_page_sets_a_panel_alone_large(browser, pages, key, selector):
    open_page(browser, pages["slot"], 65)
    before = letters(browser, selector)
    press(browser, key)
    assert letters(browser, selector) >= max(16, 1.2 * before)


def test_page_cuts_no_offset_of_a_register_alone(browser, pages):
    open_page(browser, pages["slot"], 65)
    press(browser, "5")
    heights = browser.execute_script(
        "return [...document.querySelectorAll('.config .offset')].map((each) => each.getClientRects()[0].height)"
    )
    assert max(heights) < 40


def test_page_keeps_registers_of_one_access_apart(browser, pages):
    """A function's vendor and device are one access of 32 bits; the name after a value begins behind a gap."""
    open_page(browser, pages["slot"], 1)
    gaps = browser.execute_script("""
        return [...document.querySelectorAll(".lines .value")].map((value) => {
          const follows = (each) => value.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
          const after = [...value.parentElement.querySelectorAll(".register")].find(follows);
          return after && after.getBoundingClientRect().left - value.getBoundingClientRect().right;
        }).filter((gap) => gap != null);
    """)
    assert gaps
    assert min(gaps) > 5


@pytest.mark.parametrize("name", ["slot", "mess"])
def test_page_shows_one_panel_alone_and_all_again(browser, pages, name):
    open_page(browser, pages[name], 65)
    for key, panel in enumerate(PANELS, 1):
        press(browser, str(key))
        assert shown_panels(browser) == [panel]
        assert height(browser, panel) > 400
        assert len(set(tops(browser, panel))) == 1
    press(browser, "\ue00c")
    assert shown_panels(browser) == list(PANELS)


def test_page_folds_and_widens_panels(browser, pages):
    open_page(browser, pages["slot"], 65)
    before = width(browser, "trace")
    browser.find_element("css selector", ".trace .widen").click()
    wide = width(browser, "trace")
    assert wide > before * 1.5
    browser.find_element("css selector", ".source .fold").click()
    assert height(browser, "source") < 50
    assert width(browser, "trace") > wide
    assert browser.find_element("css selector", ".source .fold").get_attribute("aria-pressed") == "true"
    browser.find_element("css selector", ".source .fold").click()
    browser.find_element("css selector", ".trace .widen").click()
    assert width(browser, "trace") == before


def test_page_goes_from_chapter_to_chapter(browser, pages):
    open_page(browser, pages["slot"])
    chapters = told(pages["slot"])["runs"][0]["chapters"]
    current = ".chapters [aria-current]"
    for title, _, _, first in chapters:
        press(browser, "]")
        assert step(browser) == first + 1
        assert browser.find_element("css selector", current).text == title
    press(browser, "[")
    assert browser.find_element("css selector", current).text == chapters[-2][0]
    browser.find_elements("css selector", ".chapters button")[2].click()
    assert step(browser) == chapters[2][3] + 1
    press(browser, HOME)
    assert browser.find_elements("css selector", current) == []


def test_page_says_what_the_step_does_and_draws_it(browser, pages):
    number = next(i for i, e in enumerate(events(pages["slot"])) if e[2] == "w" and e[7][0] == 0x3E)
    drawing = ".topology"
    open_page(browser, pages["slot"], number)
    assert "in reset" not in browser.find_element("css selector", drawing).get_attribute("aria-label")
    press(browser, RIGHT)
    caption = browser.find_element("css selector", ".caption").text
    assert caption.startswith("Secondary Bus Reset is set in Bridge Control of 00:1c.0: the link goes down")
    said = browser.find_element("css selector", drawing).get_attribute("aria-label")
    assert "00:1c.0, root port, slot 1 occupied, link down, holds its bus in reset" in said
    assert said.count(", in reset, locked by main") == 2
    assert len(browser.find_elements("css selector", ".topology .node.in-reset")) == 3


def test_page_draws_many_functions_of_a_bus_as_one(browser, pages):
    open_page(browser, pages["wide"], 3000)
    assert "02:00.0 and 119 more" in browser.find_element("css selector", ".topology").get_attribute("aria-label")


def test_page_plays_and_pauses(browser, pages):
    ui = pytest.importorskip("selenium.webdriver.support.ui")
    open_page(browser, pages["slot"], 150)
    ui.Select(browser.find_element("css selector", "[aria-label^=Speed]")).select_by_visible_text("25/s")
    browser.find_element("css selector", "button.play").click()
    assert browser.find_element("css selector", ".sentence").get_attribute("aria-live") == "off"
    ui.WebDriverWait(browser, 10, 0.05).until(lambda browser: step(browser) > 152)
    press(browser, RIGHT)  # a step by hand does not stop it
    browser.find_element("css selector", "button.play").click()
    assert browser.execute_script("return player.timer") is None
    assert browser.find_element("css selector", "button.play .label").text == "Play"
    browser.find_element("css selector", "button.play").click()
    ui.WebDriverWait(browser, 10, 0.05).until(lambda browser: browser.execute_script("return player.timer === null"))
    assert step(browser) == len(events(pages["slot"]))  # it ends at the end


def test_page_counts_the_differences_and_steps_through_them(browser, pages):
    open_page(browser, pages["mess"])
    differences = told(pages["mess"])["differences"]
    assert len(differences) > 3
    which = browser.find_element("css selector", ".which")
    assert which.text == f"{len(differences)} differences"
    for number, (first, last) in enumerate(differences, 1):
        press(browser, "d")
        assert step(browser) == first + 1
        assert which.text == f"difference {number} of {len(differences)}"
        assert len(browser.find_elements("css selector", ".trace .current .nothing")) == 1
        browser.execute_script(f"player.go({last + 1})")
        assert which.text == f"difference {number} of {len(differences)}"
    press(browser, "d")  # round and round
    assert step(browser) == differences[0][0] + 1
    press(browser, "D")
    assert step(browser) == differences[-1][0] + 1


def test_page_folds_the_docstring(browser, pages):
    number = next(i for i, e in enumerate(events(pages["slot"])) if e[2] == "w" and e[7][0] == 0x3E)
    open_page(browser, pages["slot"], number + 1)
    source = browser.find_element("css selector", ".source .code")
    assert "C: drivers/pci/pci.c" not in source.text
    browser.find_element("css selector", ".unfold").click()
    assert "C: drivers/pci/pci.c" in source.text
    assert browser.find_element("css selector", ".unfold").get_attribute("aria-expanded") == "true"
    browser.find_element("css selector", ".unfold").click()
    assert "C: drivers/pci/pci.c" not in source.text


def test_page_scrolls_through_the_whole_trace(browser, pages):
    open_page(browser, pages["wide"], 10)
    lines = browser.find_element("css selector", ".trace-lines")
    last = len(events(pages["wide"]))
    assert browser.execute_script("return arguments[0].scrollHeight", lines) == 24 * last
    browser.execute_script("arguments[0].scrollTop = 24 * 4000", lines)
    link = ".lines a[href='#step=4003']"
    ui = pytest.importorskip("selenium.webdriver.support.ui")
    ui.WebDriverWait(browser, 5).until(lambda browser: browser.find_elements("css selector", link))
    assert len(browser.find_elements("css selector", ".lines a")) < 100
    browser.find_element("css selector", link).click()
    assert step(browser) == 4003


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["slot", "mess"])
def test_page_fits_a_phone(tmp_path, pages, name, scheme):
    with chromium(tmp_path, *PHONE, scheme=scheme) as browser:
        open_page(browser, pages[name], 60)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
        shade = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", shade)[:3])) > 384) == (scheme == "light")
        assert contrast(browser) >= 4.5
        assert errors(browser) == []
