# SPDX-License-Identifier: GPL-2.0-only
"""Work queues, mutexes, semaphores and timers, where it matters who comes first.

Oracle: v3.11's kernel/workqueue.c, mutex.c, lib/rwsem.c and timer.c, and the recordings of real kernels, in which a
removal that blocks does not hold up an enable."""

import pytest

from kernel_port.hw.clock import Clock
from kernel_port.kernel.lockdep import inversions
from kernel_port.kernel.sched import Deadlock, Oops
from kernel_port.kernel.system import System
from kernel_port.link import link

MS = 1_000_000


@pytest.fixture
def computer():
    system = System(Clock())
    yield system, link(0, system)
    system.sched.shutdown()


def item(kernel, func, data=None):
    work = kernel.work_struct()
    kernel.INIT_WORK(work, func, data, "")
    return work


def test_queue_work_item_that_sleeps_does_not_hold_up_the_next(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_workqueue("pciehp-1", 0, 0)

    def slow(_):
        kernel.msleep(10)
        done.append((system.sched.context, system.sched.clock.now // MS))

    def quick(_):
        done.append((system.sched.context, system.sched.clock.now // MS))

    kernel.queue_work(wq, item(kernel, slow))
    kernel.queue_work(wq, item(kernel, quick))
    system.sched.settle()
    assert done == [("pciehp-1:1", 0), ("pciehp-1", 11)]


def test_queue_work_ordered_queue_waits_for_the_item_that_sleeps(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_ordered_workqueue("pciehp-1", 0)
    kernel.queue_work(wq, item(kernel, lambda _: (kernel.msleep(10), done.append("slow"))))
    kernel.queue_work(wq, item(kernel, lambda _: done.append("quick")))
    system.sched.settle()
    assert done == ["slow", "quick"]


def test_queue_work_items_that_do_not_sleep_share_one_worker(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_workqueue("pciehp-1", 0, 0)
    for name in "abc":
        kernel.queue_work(wq, item(kernel, lambda data: done.append((system.sched.context, data)), name))
    system.sched.settle()
    assert done == [("pciehp-1", "a"), ("pciehp-1", "b"), ("pciehp-1", "c")]


def test_queue_work_item_never_runs_beside_itself(computer):
    system, kernel = computer
    running, wq = [], kernel.alloc_workqueue("pciehp-1", 0, 0)

    def func(_):
        assert running.count("in") == running.count("out")
        running.append("in")
        if len(running) == 1:
            assert kernel.queue_work(wq, work) == 1  # it is under way, so it may be queued again, once
            assert kernel.queue_work(wq, work) == 0
        kernel.msleep(10)
        running.append("out")

    work = item(kernel, func)
    kernel.queue_work(wq, work)
    system.sched.settle()
    assert running == ["in", "out", "in", "out"]
    assert system.sched.clock.now == 22 * MS


def test_cancel_delayed_work_takes_expired_work_off_the_queue(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_ordered_workqueue("pciehp-1", 0)
    late = kernel.delayed_work(item(kernel, lambda _: done.append("late")))
    kernel.queue_work(wq, item(kernel, lambda _: kernel.msleep(100)))
    kernel.queue_delayed_work(wq, late, 10)
    kernel.msleep(20)  # it has expired, and waits behind the item that sleeps
    assert kernel.cancel_delayed_work(late) == 1
    assert kernel.cancel_delayed_work(late) == 0
    system.sched.settle()
    assert done == []
    assert kernel.queue_delayed_work(wq, late, 10) == 1
    kernel.msleep(20)
    assert done == ["late"]


def test_destroy_workqueue_waits_for_every_worker(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_workqueue("pciehp-1", 0, 0)
    for ms in (30, 10):
        kernel.queue_work(wq, item(kernel, lambda ms: (kernel.msleep(ms), done.append(ms)), ms))
    kernel.destroy_workqueue(wq)
    assert done == [10, 30]
    kernel.msleep(1)
    assert [thread.name for thread in system.sched.threads] == ["main"]


def test_mutex_unlock_wakes_who_waited_first(computer):
    system, kernel = computer
    lock, order = kernel.mutex("slot", ""), []

    def body(name, after):
        kernel.msleep(after)
        kernel.mutex_lock(lock)
        order.append(name)
        kernel.mutex_unlock(lock)

    kernel.mutex_lock(lock)
    system.sched.spawn("late", lambda: body("late", 2))  # the older thread, but it comes later
    system.sched.spawn("early", lambda: body("early", 1))
    kernel.msleep(5)
    kernel.mutex_unlock(lock)
    assert [thread.name for thread in system.sched.threads if thread.waits_for is lock] == ["late"]
    system.sched.settle()
    assert order == ["early", "late"]


def test_down_read_waits_behind_a_writer_that_waits(computer):
    system, kernel = computer
    sem, order = kernel.rw_semaphore("pci_bus_sem"), []

    def writer():
        kernel.msleep(1)
        kernel.down_write(sem)
        order.append("writer")
        kernel.up_write(sem)

    def reader():
        kernel.msleep(2)
        kernel.down_read(sem)
        order.append("reader")
        kernel.up_read(sem)

    kernel.down_read(sem)
    system.sched.spawn("reader", reader)  # it could share the lock with main, were it not for the writer
    system.sched.spawn("writer", writer)
    kernel.msleep(5)
    assert order == []
    kernel.up_read(sem)
    system.sched.settle()
    assert order == ["writer", "reader"]


@pytest.mark.parametrize("call", ["init_timer", "add_timer"])
def test_timer_that_is_pending_is_an_oops(computer, call):
    _, kernel = computer
    timer = kernel.timer_list(of="0000:00:1c.0", function=lambda data: None)
    timer.expires = 10
    kernel.add_timer(timer)
    with pytest.raises(Oops, match=rf"kernel oops in main: {call}\(\) on the pending timer of 0000:00:1c.0\n"):
        getattr(kernel, call)(timer)
    kernel.msleep(20)
    kernel.init_timer(timer)  # it has fired


def test_destroy_workqueue_inside_an_item_of_another_queue_is_an_inversion(computer):
    # As lockdep says of the inner pciehp's queue flushed from the outer one's work (p8-mess-sw-bus01 of the
    # recordings): all queues that one line of code made are of one class.
    system, kernel = computer
    outer, inner = (kernel.alloc_workqueue(f"pciehp-{number}", 0, 0) for number in (1, 2))
    kernel.queue_work(outer, item(kernel, lambda _: kernel.destroy_workqueue(inner)))
    system.sched.settle()
    (inversion,) = inversions(system.events)
    assert str(inversion) == "pciehp-1: workqueue lock of pciehp-1, then workqueue lock of pciehp-2"


def test_destroy_workqueue_by_its_own_item_is_a_deadlock(computer):
    system, kernel = computer
    wq = kernel.alloc_workqueue("pciehp-1", 0, 0)
    kernel.queue_work(wq, item(kernel, lambda _: kernel.destroy_workqueue(wq)))
    with pytest.raises(Deadlock, match="recursive locking: pciehp-1 waits for workqueue lock of pciehp-1, its own"):
        system.sched.settle()
