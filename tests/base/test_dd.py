# SPDX-License-Identifier: GPL-2.0-only
"""Binding drivers to devices."""

import pytest
from paper import Paper


def attached(probe):
    """A device on paper with a driver that answers *probe*, what device_attach() says, and the levels of messages."""
    paper = Paper()
    dev = paper.dev(paper.bus())
    paper.kernel.pci_drivers["00:00.0"] = paper.kernel.device_driver("odd", probe=probe)
    result = paper.kernel.device_attach(dev)
    return paper, dev, result, [level for level, _ in paper.said]


def test_device_attach_a_driver_that_takes_the_device_gives_1():
    _, dev, result, levels = attached(lambda dev: 0)
    assert (result, levels) == (1, [])
    assert dev.driver is dev.dev.driver
    assert dev.driver.name == "odd"


# ENODEV is 19, ENXIO 6: the device is of another kind. EIO is 5.
@pytest.mark.parametrize(("error", "levels"), [(-19, []), (-6, []), (-5, ["warning"])])
def test_device_attach_a_driver_that_fails_gives_0_and_warns_if_the_device_is_its_own(error, levels):
    _, dev, result, said = attached(lambda dev: error)
    assert (result, said) == (0, levels)
    assert (dev.driver, dev.dev.driver) == (None, None)


def test_device_attach_no_driver_gives_0():
    paper = Paper()
    assert paper.kernel.device_attach(paper.dev(paper.bus())) == 0


def test_device_attach_asks_a_driver_once_under_the_device_lock():
    asked = []

    def probe(dev):
        asked.append((dev, dev.dev.mutex.owner is not None))
        return 0

    paper, dev, _, _ = attached(probe)
    assert dev.dev.mutex.owner is None
    assert paper.kernel.device_attach(dev) == 1  # it is bound already
    assert asked == [(dev, True)]
