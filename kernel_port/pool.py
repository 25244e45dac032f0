# SPDX-License-Identifier: GPL-2.0-only
"""Processes that work for this one, one for each core."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def jobs(text: str) -> int:
    """Return a number of processes, as an option gives it.

    :raises argparse.ArgumentTypeError: it is not one that a computer has"""
    if re.fullmatch("[1-9][0-9]{0,2}", text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number of processes, 1 to 999")


def pool(workers: int, prepare: Callable[..., object] | None = None, *args: Any) -> ProcessPoolExecutor:
    """Return processes that share nothing with this one, and end with it.

    :param prepare: called with *args* in each before its first work"""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (prepare, *args))


def submit(workers: ProcessPoolExecutor, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
    """Queue work, which starts a process if none is idle. Workers ignore Ctrl-C, which this process handles: a new
    process inherits the blocked signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return workers.submit(work, *args, **kwargs)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(workers: ProcessPoolExecutor, at_once: bool) -> None:
    """End processes.

    :param at_once: in the middle of their work"""
    for process in multiprocessing.active_children() if at_once else ():
        process.terminate()
    # Wait for the management thread, which could otherwise close a pipe that the interpreter uses to exit.
    workers.shutdown(cancel_futures=True)


def _begin(prepare: Callable[..., object] | None, *args: Any) -> None:
    """End a worker whose parent was killed; prepare it."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if prepare is not None:
        prepare(*args)
