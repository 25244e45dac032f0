# SPDX-License-Identifier: GPL-2.0-only
"""A headless Chromium for tests of pages. Nothing is downloaded: without a browser and its driver there is no test."""

import os
import shutil
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

#: What every window is opened with: no first run, no calls home.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESKTOP, PHONE = (1280, 900), (390, 844)
#: What a page is to fit: a phone, a projector, a screen.
SIZES = (PHONE, (1280, 720), (1920, 1080))


@contextmanager
def chromium(profile, width=DESKTOP[0], height=DESKTOP[1], scheme="light"):
    """A window; its console is kept."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no chromium or chromedriver")
    os.environ["SE_OFFLINE"] = "true"
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        browser.set_script_timeout(180)  # axe looks at every element, and other tests run, too
        show(browser, width, height, scheme)
        yield browser
    finally:
        browser.quit()


def show(browser, width, height, scheme="light"):
    """Give the window a size and a colour scheme."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})


def errors(browser):
    """What the console complains of."""
    return [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"]


def contrast(browser):
    """The least contrast of text with what is behind it (WCAG 2.1, 1.4.3); the time line left out."""
    return browser.execute_script("""
        const parse = (css) => (css.match(/[\\d.]+/g) || []).map(Number);
        const linear = (v) => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
        const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        const behind = (element) => {
          for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] > 0.99) return colour;
          }
          return [255, 255, 255];
        };
        const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        const seen = [...document.body.querySelectorAll("*")].filter((element) =>
          own(element) && !element.closest("svg, script, option, .absent") && element.getClientRects().length);
        return Math.min(...seen.map((element) => {
          const both = [light(parse(getComputedStyle(element).color)), light(behind(element))];
          return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        }));
    """)


def axe(browser):
    """What axe finds with all its rules, those that are off by default too: the rule and the elements."""
    found = find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("no axe: pip install '.[browser]'")
    (folder,) = found.submodule_search_locations
    browser.execute_script((Path(folder) / "axe.min.js").read_text(encoding="utf-8"))
    results = browser.execute_async_script("""
        const done = arguments[arguments.length - 1];
        const rules = Object.fromEntries(axe.getRules().map((rule) => [rule.ruleId, { enabled: true }]));
        axe.run(document, { rules }).then((results) => done(results.violations), (error) => done(String(error)));
    """)
    return [(each["id"], [" ".join(node["target"]) for node in each["nodes"]]) for each in results]
