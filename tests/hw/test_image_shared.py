# SPDX-License-Identifier: GPL-2.0-only
"""The config image among several: threads at once, a fork, one that closes it under another."""

import os
import signal
import threading
import warnings

import pytest

from kernel_port.hw.image import ConfigImage


@pytest.fixture
def image():
    with ConfigImage(2 << 20) as image:
        yield image


def test_two_threads_and_a_fork_at_once(image):
    # Each counts in a dword of its own, next to the others': a store of one must not take a neighbour's along.
    rounds = 20_000

    def count(reg):
        read, write = image.reader(0, 0), image.writer(0, 0)
        for _ in range(rounds):
            write(reg, 4, read(reg, 4) + 1)

    threads = [threading.Thread(target=count, args=(reg,)) for reg in (0x10, 0x14)]
    for thread in threads:
        thread.start()
    child = subprocess_of(lambda: count(0x18))
    for thread in threads:
        thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [image.read(0, 0, reg, 4) for reg in (0x10, 0x14, 0x18, 0x1C)] == [rounds, rounds, rounds, 0]


def subprocess_of(work):
    """Fork a process that does its work and goes, with nothing of pytest at its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of a fork with threads, which is the point
        child = os.fork()
    if child == 0:
        signal.alarm(30)
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_close_while_another_thread_reads_is_all_ones_from_then_on(image):
    image.write(0, 0, 0, 4, 0x12348086)
    seen, under_way = set(), threading.Event()

    def read():
        for _ in range(20_000):
            seen.add(image.read(0, 0, 0, 4))
            under_way.set()

    thread = threading.Thread(target=read)
    thread.start()
    under_way.wait()
    image.close()
    thread.join()
    assert seen <= {0x12348086, 0xFFFFFFFF}
    assert image.read(0, 0, 0, 4) == 0xFFFFFFFF
