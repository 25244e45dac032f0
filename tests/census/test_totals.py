# SPDX-License-Identifier: GPL-2.0-only
"""What is made of a census: sums, charts, the page."""

import re
from html.parser import HTMLParser

from kernel_port.census.page import page
from kernel_port.census.totals import Chart, ChartBar, Totals
from kernel_port.choice import KernelChoice
from kernel_port.commands import census as command


def paper(file, error=None, **functions):
    """A record with so many functions of each outcome."""
    how = {"alone": "pcie_flr", "together": "bus:0000:01", "none": None, "unknown": None}
    made = [
        {"bdf": f"0000:01:00.{number}", "vendor": 0x8086, "device": 0x10C9, "class": 0x020000, "driver": "igb",
         "outcome": outcome, "how": how[outcome], "fault": None, "along": 3 * (outcome == "together"), "refused": [0],
         "unknown": ["PCI_EXP_DEVCAP"] * (outcome == "unknown")}
        for number, outcome in enumerate(o for o, count in functions.items() for _ in range(count))
    ]  # fmt: skip
    record = {"file": file, "size": 1, "mtime_ns": 1, "patches": 8, "error": error}
    if error is not None:
        return record
    outcomes = {each: functions.get(each, 0) for each in ("alone", "together", "fails", "none", "unknown")}
    guard = {"rung": "pcie_flr", "explanation": "no <FLR>", "text": "if x: return", "file": "base/pci.py", "line": 87}
    return (
        record
        | outcomes
        | {"machine": "paper", "unseen": 0, "untried": 0, "functions": made, "guards": [guard], "groups": []}
    )


def totals(*records):
    found = Totals(KernelChoice())
    for record in records:
        found.add(record)
    return found


def test_totals_add_up():
    found = totals(paper("a", alone=3, together=4), paper("b", error="bad"), paper("c", none=1, unknown=2))
    assert found.headline() == "3 machines, 1 of them could not be read: 10 functions"
    charts = {chart.title: {bar.label: (bar.number, chart.whole) for bar in chart.bars} for chart in found.charts()}
    assert charts["Functions that can be reset"] == {
        "alone": (3, 10), "only with their slot or bus": (4, 10), "returns 0, and fails": (0, 10),
        "not at all": (1, 10), "unknown: the file lacks what decides": (2, 10),
    }  # fmt: skip
    assert charts["What the files lack, for functions whose outcome is unknown"] == {"PCI_EXP_DEVCAP": (2, 2)}
    assert charts["Reset methods"] == {"pci_reset_bus": (4, 10), "pcie_flr": (3, 10)}
    assert charts["Neighbours reset along with functions that need their slot or bus"] == {"2-3": (4, 4)}
    guard = "pcie_flr: no <FLR>"
    assert charts["Guards that refuse a reset alone, for functions that need their slot or bus"] == {guard: (4, 4)}
    assert charts["Guards that refuse any reset, for functions that cannot be reset at all"] == {guard: (1, 1)}


def test_show_chart_bars_are_in_proportion(capsys):
    command.show(totals(paper("a", alone=3, none=1)))
    shown = capsys.readouterr().out
    # 3 of 4 functions are 75 %, and of 30 columns 22 (22.5 rounded to even); 1 of 4 is 8 (7.5 to even)
    assert f"  alone                        3   75.0%  {'#' * 22}\n" in shown
    assert f"  not at all                   1   25.0%  {'#' * 8}\n" in shown


def test_show_chart_narrow_terminal_keeps_every_word(monkeypatch, capsys):
    monkeypatch.setattr(command, "width", lambda: 80)
    label = "pci_parent_bus_reset: another function is on the same bus, and a bus reset would reset it too"
    command.show_chart(Chart("Guards", [ChartBar(label, 3), ChartBar("short", 1)], 4))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(line[2:36].strip() for line in lines) == f"{label} short"
    assert [line.split()[-1] for line in lines if "%" in line] == ["#" * 22, "#" * 8]


class Page(HTMLParser):
    """What is in a page: tags with their attributes, text, and whether all that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_page_is_one_file_without_script():
    found = Page("".join(page(totals(paper("a", alone=2, together=2)))))
    assert found.open == []
    kinds = [tag for tag, _ in found.tags]
    assert not {"script", "link", "img", "iframe", "form", "object"} & set(kinds)
    names = {name for _, attrs in found.tags for name in attrs}
    assert not [name for name in names if name in ("src", "href", "style") or name.startswith("on")]
    policy = next(attrs["content"] for _, attrs in found.tags if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "prefers-color-scheme: dark" in found.text
    # a bar in each row of the charts; what it says is there as text, too
    assert kinds.count("svg") == kinds.count("rect") == len(re.findall(r"\d\.\d%", found.text)) > 0
    assert all(attrs["aria-hidden"] == "true" for tag, attrs in found.tags if tag == "svg")


def test_page_escapes_what_files_say():
    evil = "<script>alert(1)</script>\x1b[31m\u202e&.txt"
    text = "".join(page(totals(paper(evil, alone=1), paper("b", error='bad "<b>" file'), paper("c", none=1))))
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<b>" not in text
    found = Page(text)
    assert "<script>alert(1)</script>\\x1b[31m\\u202e&.txt" in found.text
    assert 'bad "<b>" file' in found.text
    assert "pcie_flr: no <FLR>" in found.text


def test_page_bar_is_its_share():
    found = Page("".join(page(totals(paper("a", alone=3, none=1)))))
    widths = [attrs["width"] for tag, attrs in found.tags if tag == "rect"]
    # alone, together, fails, none: 3/4, 0, 0 and 1/4 of 100
    assert widths[:4] == ["75.0", "0.0", "0.0", "25.0"]
