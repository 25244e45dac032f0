# SPDX-License-Identifier: GPL-2.0-only
"""The service that shares pciehp's interrupt. Oracle: v3.11's drivers/pci/pcie/pme.c, and the recorded boots."""

import pytest
from paper import Paper, pcie

NAME = "00:00.0"
RTCTL, RTSTA = 0x5C, 0x60
PMEIE, PME = 0x08, 0x10000


def root_port():
    paper = Paper()
    port = paper.dev(paper.bus(), **pcie(2, 4))
    return paper, paper.kernel.pcie_device(port=port, irq=24)


def probed():
    paper, service = root_port()
    assert paper.kernel.pcie_pme_probe(service) == 0
    paper.take()
    return paper, service


def test_pcie_pme_probe_clears_the_status_before_it_listens():
    # As in the recorded boots: Root Control off, the status cleared (a dword, written back with the bit), then on.
    paper, service = root_port()
    paper.config[NAME][RTCTL] = PMEIE
    assert paper.kernel.pcie_pme_probe(service) == 0
    assert paper.take() == [
        ("r", NAME, RTCTL, 2), ("w", NAME, RTCTL, 2, 0), ("r", NAME, RTSTA, 4), ("w", NAME, RTSTA, 4, PME),
        ("r", NAME, RTCTL, 2), ("w", NAME, RTCTL, 2, PMEIE),
    ]  # fmt: skip
    (action,) = paper.system.irq_actions[24]
    assert (action.dev_id, action.flags & paper.kernel.IRQF_SHARED) == (service, paper.kernel.IRQF_SHARED)


def test_pcie_pme_probe_interrupt_of_somebody_who_does_not_share_is_ebusy_and_off():
    paper, service = root_port()
    paper.kernel.request_irq(24, lambda irq, dev_id: 0, 0, "other", None)
    assert paper.kernel.pcie_pme_probe(service) == -16
    assert paper.config[NAME][RTCTL] == 0


def test_pcie_pme_irq_without_an_event_reads_root_status_alone():
    paper, service = probed()
    paper.answer(service.port, RTSTA, 0xFFFEFFFF)
    assert paper.kernel.pcie_pme_irq(24, service) == paper.kernel.IRQ_NONE
    assert paper.take() == [("r", NAME, RTSTA, 4)]


def test_pcie_pme_irq_with_an_event_leaves_it_to_a_worker():
    paper, service = probed()
    paper.answer(service.port, RTSTA, PME, PME | 0x100, PME | 0x100, 0)
    assert paper.kernel.pcie_pme_irq(24, service) == paper.kernel.IRQ_HANDLED
    assert paper.take() == [
        ("r", NAME, RTSTA, 4), ("r", NAME, RTCTL, 2), ("w", NAME, RTCTL, 2, 0),
        ("queue_work", "pcie_pme_work_fn", NAME),
    ]  # fmt: skip
    paper.system.sched.settle()
    acts = [act for act in paper.take() if act[0] in "rw"]
    assert acts == [
        ("r", NAME, RTSTA, 4), ("r", NAME, RTSTA, 4), ("w", NAME, RTSTA, 4, PME | 0x100), ("r", NAME, RTSTA, 4),
        ("r", NAME, RTCTL, 2), ("w", NAME, RTCTL, 2, PMEIE),
    ]  # fmt: skip


@pytest.mark.parametrize("late", [False, True])
def test_pcie_pme_remove_stops_listening(late):
    paper, service = probed()
    data = service.priv_data
    paper.kernel.pcie_pme_remove(service)
    assert paper.writes() == [(RTCTL, 2, 0), (RTSTA, 4, PME)]
    assert paper.system.irq_actions == {}
    if late:  # a worker that comes now touches nothing
        paper.kernel.pcie_pme_work_fn(data)
        assert paper.take() == []
