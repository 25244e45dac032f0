# SPDX-License-Identifier: GPL-2.0-only
"""Threads on virtual time: who runs when, what a deadlock says, and that it always ends."""

import os
import signal
import threading
from random import Random

import pytest

from kernel_port.hw.clock import Clock
from kernel_port.kernel.sched import PATIENCE, Deadlock
from kernel_port.kernel.system import System
from kernel_port.link import link
from kernel_port.machine import boot

MS = 1_000_000


@pytest.fixture
def make():
    """Make computers without hardware, each with a linked kernel on it; they are switched off at the end."""
    made = []

    def make(choose=None):
        system = System(Clock(), choose)
        made.append(system)
        return system, link(0, system)

    yield make
    for system in made:
        system.sched.shutdown()


@pytest.fixture
def computer(make):
    return make()


def ops(system):
    return [(event.time // MS, event.context, event.op, *event.args) for event in system.events]


# -- time --------------------------------------------------------------------------------------------------------


def test_msleep_lets_others_run_meanwhile(computer):
    system, kernel = computer
    system.sched.spawn("other", lambda: kernel.msleep(30))
    kernel.msleep(100)
    assert ops(system) == [(0, "main", "msleep", 100), (0, "other", "msleep", 30)]
    assert system.sched.clock.now == 101 * MS


def test_mdelay_lets_nobody_run_meanwhile(computer):
    system, kernel = computer
    system.sched.spawn("other", lambda: kernel.msleep(30))
    kernel.mdelay(100)
    assert ops(system) == [(0, "main", "mdelay", 100)]
    assert system.sched.clock.now == 100 * MS


def test_udelay_is_in_microseconds_and_ssleep_in_seconds(computer):
    system, kernel = computer
    kernel.udelay(7)
    assert system.sched.clock.now == 7_000
    kernel.ssleep(2)
    assert system.sched.clock.now == 2_001_000_000  # from the tick of that millisecond on: 2001 jiffies


@pytest.mark.parametrize(
    ("hz", "msecs", "ns"),
    [
        (1000, 100, 101_000_000),
        (250, 100, 104_000_000),  # a tick is 4 ms: 25 of them, and one more
        (250, 2, 8_000_000),  # less than a tick counts as one
        (300, 10, 13_333_334),  # 3.33 ms: 3 and one more, at the first ns of the fourth
        (100, 1000, 1_010_000_000),
        (1000, 0, 1_000_000),
    ],
)
def test_msleep_lasts_a_jiffy_longer(computer, hz, msecs, ns):
    system, kernel = computer
    vars(kernel)["HZ"] = hz
    kernel.msleep(msecs)
    assert system.sched.clock.now == ns


def test_msleep_within_a_jiffy_ends_with_a_tick(computer):
    system, kernel = computer
    vars(kernel)["HZ"] = 100
    kernel.udelay(9_900)
    kernel.msleep(10)  # the tick of 10 ms has begun 0.1 ms later: asked for 10 ms, slept 10.1
    assert system.sched.clock.now == 20_000_000


def test_timers_and_waits_follow_hz(computer):
    system, kernel = computer
    vars(kernel)["HZ"] = 100
    fired = []
    timer = kernel.timer_list(function=lambda data: fired.append(system.sched.clock.now))
    timer.expires = kernel.jiffies() + kernel.msecs_to_jiffies(1001)  # 101 jiffies
    kernel.add_timer(timer)
    work = kernel.work_struct()
    kernel.INIT_WORK(work, lambda data: fired.append(system.sched.clock.now), None)
    kernel.queue_delayed_work(kernel.system_wq, kernel.delayed_work(work), 5 * kernel.HZ)
    assert kernel.wait_event_timeout(kernel.wait_queue_head("cmd"), lambda: False, 200) == 0
    assert (system.sched.clock.now, fired) == (2_000_000_000, [1_010_000_000])
    armed = [event.args[-1] for event in system.events if event.op in ("add_timer", "queue_delayed_work")]
    assert armed == [1010, 5000]  # ms
    kernel.ssleep(4)
    assert fired == [1_010_000_000, 5_000_000_000]


def test_threads_wake_in_order_of_their_deadlines(computer):
    system, kernel = computer
    woken = []
    for name, ms in (("late", 30), ("early", 10), ("middle", 20)):
        system.sched.spawn(name, lambda name=name, ms=ms: (kernel.msleep(ms), woken.append(name)))
    kernel.msleep(50)
    assert woken == ["early", "middle", "late"]


def test_add_timer_fires_at_its_jiffy_as_an_interrupt(computer):
    system, kernel = computer
    timer = kernel.timer_list(of="0000:00:1c.0", expires=5, function=lambda data: kernel.printk("info", data), data="x")
    kernel.add_timer(timer)
    assert kernel.timer_pending(timer) == 1
    kernel.msleep(10)
    assert ops(system)[-1] == (5, "timer 0000:00:1c.0", "printk", "info", "x")
    assert kernel.timer_pending(timer) == 0


def test_del_timer_sync_keeps_it_from_firing(computer):
    system, kernel = computer
    timer = kernel.timer_list(expires=5, function=lambda data: kernel.printk("info", "fired"))
    kernel.add_timer(timer)
    assert kernel.del_timer_sync(timer) == 1
    assert kernel.del_timer_sync(timer) == 0
    kernel.msleep(10)
    assert "printk" not in [event.op for event in system.events]


# -- waiting -----------------------------------------------------------------------------------------------------


def test_wait_event_timeout_ends_when_the_condition_holds(computer):
    system, kernel = computer
    queue, done = kernel.wait_queue_head("cmd"), []
    system.sched.spawn("waker", lambda: (kernel.msleep(19), done.append(1), kernel.wake_up(queue)))
    assert kernel.wait_event_timeout(queue, lambda: bool(done), 1000) == 1
    assert system.sched.clock.now == 20 * MS
    assert [op for op in ops(system) if op[1] == "main"] == [
        (0, "main", "wait", "cmd", 1000), (20, "main", "waited", "cmd", True)
    ]  # fmt: skip


def test_wait_event_timeout_ignores_wakers_while_the_condition_does_not_hold(computer):
    system, kernel = computer
    queue = kernel.wait_queue_head("cmd")
    system.sched.spawn("waker", lambda: (kernel.msleep(20), kernel.wake_up(queue)))
    assert kernel.wait_event_timeout(queue, lambda: False, 50) == 0
    assert system.sched.clock.now == 50 * MS


def test_wait_event_timeout_holds_condition_already_takes_no_time(computer):
    system, kernel = computer
    assert kernel.wait_event_timeout(kernel.wait_queue_head("cmd"), lambda: True, 50) == 1
    assert system.sched.clock.now == 0


def test_block_woken_before_the_deadline_but_run_after_it_counts_as_woken(computer):
    system, kernel = computer
    on, woken = object(), []
    system.sched.spawn("waiter", lambda: woken.append(system.sched.block(on, 10 * MS)))
    kernel.msleep(1)
    system.sched.wake(on)
    kernel.mdelay(20)  # the waiter has its turn only afterwards, at 21 ms
    system.sched.settle()
    assert woken == [True]


def test_block_a_timeout_that_is_over_wakes_nobody_later(computer):
    system, _ = computer
    first, second = object(), object()
    system.sched.spawn("waker", lambda: system.sched.wake(first))
    assert system.sched.block(first, 10 * MS)
    assert system.sched.block(second, 30 * MS) is False
    assert system.sched.clock.now == 30 * MS  # not 10


# -- locks -------------------------------------------------------------------------------------------------------


def test_mutex_lock_contended_waits_for_the_owner(computer):
    system, kernel = computer
    lock = kernel.mutex("device", "0000:01:00.0")
    kernel.mutex_lock(lock)
    system.sched.spawn("other", lambda: (kernel.mutex_lock(lock), kernel.mutex_unlock(lock)))
    kernel.msleep(10)
    kernel.mutex_unlock(lock)
    system.sched.settle()
    assert ops(system) == [
        (0, "main", "lock", "device", "0000:01:00.0"),
        (0, "main", "msleep", 10),
        (0, "other", "lock_wait", "device", "0000:01:00.0"),
        (11, "main", "unlock", "device", "0000:01:00.0"),
        (11, "other", "lock", "device", "0000:01:00.0"),
        (11, "other", "unlock", "device", "0000:01:00.0"),
    ]


def test_down_write_waits_for_all_readers(computer):
    system, kernel = computer
    sem, wrote = kernel.rw_semaphore("pci_bus_sem"), []
    kernel.down_read(sem)
    kernel.down_read(sem)
    system.sched.spawn("writer", lambda: (kernel.down_write(sem), wrote.append(system.sched.clock.now)))
    kernel.msleep(10)
    kernel.up_read(sem)
    kernel.msleep(10)
    assert wrote == []
    kernel.up_read(sem)
    system.sched.settle()
    assert wrote == [22 * MS]


def test_down_read_waits_for_the_writer(computer):
    system, kernel = computer
    sem, read = kernel.rw_semaphore("sem"), []
    kernel.down_write(sem)
    system.sched.spawn("reader", lambda: (kernel.down_read(sem), read.append(system.sched.clock.now)))
    kernel.msleep(10)
    assert read == []
    kernel.up_write(sem)
    system.sched.settle()
    assert read == [11 * MS]


def deadlock(system, kernel):
    """Two threads, two mutexes, opposite order; made of kernel code so that reports show its stack."""
    a, b = kernel.mutex("device", "0000:01:00.0"), kernel.mutex("slot", "0000:00:1c.0")

    def other():
        kernel.mutex_lock(b)
        kernel.mutex_lock(a)

    kernel.mutex_lock(a)
    system.sched.spawn("pciehp-0", other)
    kernel.msleep(1)
    kernel.mutex_lock(b)


def test_deadlock_report_names_who_holds_and_waits_for_what_and_where(computer):
    system, kernel = computer
    with pytest.raises(Deadlock) as caught:
        deadlock(system, kernel)
    report = str(caught.value)
    assert "main: waits for slot lock of 0000:00:1c.0; holds device lock of 0000:01:00.0" in report
    assert "pciehp-0: waits for device lock of 0000:01:00.0; holds slot lock of 0000:00:1c.0" in report
    assert report.count("    mutex_lock (kernel/mutex.py:") == 2  # both kernel stacks, nothing of the scheduler's own
    assert "in block" not in report


def test_deadlock_behind_a_timer_that_rearms_itself_is_found(computer):
    system, kernel = computer
    timer = kernel.timer_list()

    def poll(data):
        timer.expires = kernel.jiffies() + 1000
        kernel.add_timer(timer)

    timer.function = poll
    poll(None)
    with pytest.raises(Deadlock):
        deadlock(system, kernel)
    assert system.sched.clock.now <= 2 * PATIENCE


def test_deadlock_found_by_another_thread_is_raised_in_main(computer):
    system, kernel = computer
    lock, queue = kernel.mutex("device", "0000:01:00.0"), kernel.wait_queue_head("never")
    kernel.mutex_lock(lock)
    system.sched.spawn("other", lambda: (kernel.msleep(5), kernel.mutex_lock(lock)))
    with pytest.raises(Deadlock, match="main: waits for never wait queue"):
        kernel.wait_event(queue, lambda: False)


def test_mutex_lock_twice_by_one_thread_is_a_deadlock(computer):
    _, kernel = computer
    lock = kernel.mutex("device", "0000:01:00.0")
    kernel.mutex_lock(lock)
    with pytest.raises(Deadlock, match=r"main: waits for device lock of (\S+); holds device lock of \1"):
        kernel.mutex_lock(lock)


# -- interrupts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sleep", ["msleep", "mutex_lock", "wait_event"])
def test_sleeping_in_an_interrupt_is_refused(computer, sleep):
    system, kernel = computer
    lock = kernel.mutex("ctrl", "0000:00:1c.0")
    kernel.mutex_lock(lock)
    act = {
        "msleep": lambda: kernel.msleep(1),
        "mutex_lock": lambda: kernel.mutex_lock(lock),
        "wait_event": lambda: kernel.wait_event(kernel.wait_queue_head("cmd"), lambda: False),
    }[sleep]
    with pytest.raises(RuntimeError, match=r"irq 0000:00:1c\.0 must not sleep"):  # noqa: SIM117
        with system.sched.interrupting("irq 0000:00:1c.0"):
            act()
    assert system.sched.in_interrupt == 0


def test_do_IRQ_runs_on_the_back_of_whoever_runs(computer):
    system, kernel = computer
    kernel.request_irq(7, lambda irq, dev_id: kernel.printk("info", dev_id) or 1, 0, "pciehp", "served")
    system.sched.clock.call_at(5 * MS, lambda: kernel.do_IRQ(7, "0000:00:1c.0"))
    kernel.msleep(10)
    assert ops(system)[1:] == [
        (5, "irq 0000:00:1c.0", "irq", "0000:00:1c.0"), (5, "irq 0000:00:1c.0", "printk", "info", "served")
    ]  # fmt: skip
    assert system.sched.context == "main"


def test_request_irq_taken_gives_EBUSY(computer):
    _, kernel = computer
    assert kernel.request_irq(7, lambda irq, dev_id: 1, 0, "a", None) == 0
    assert kernel.request_irq(7, lambda irq, dev_id: 1, 0, "b", None) == -16
    assert kernel.request_irq(7, lambda irq, dev_id: 1, kernel.IRQF_SHARED, "b", None) == -16  # "a" does not share
    kernel.free_irq(7, None)
    assert kernel.request_irq(7, lambda irq, dev_id: 1, 0, "b", None) == 0


@pytest.mark.parametrize(("answers", "answer"), [((0, 1), 1), ((1, 0), 1), ((0, 0), 0), ((1, 1), 1)])
def test_do_IRQ_calls_all_who_share_in_the_order_in_which_they_came(computer, answers, answer):
    _, kernel = computer
    called = []

    def handler(irq, dev_id):
        called.append((irq, dev_id))
        return answers[dev_id]

    assert [kernel.request_irq(7, handler, kernel.IRQF_SHARED, "", dev_id) for dev_id in (1, 0)] == [0, 0]
    assert kernel.do_IRQ(7, "0000:00:1c.0") == answer
    assert called == [(7, 1), (7, 0)]
    kernel.free_irq(7, 1)
    kernel.do_IRQ(7, "0000:00:1c.0")
    assert called[2:] == [(7, 0)]


# -- work --------------------------------------------------------------------------------------------------------


def work(kernel, done, name):
    item = kernel.work_struct()
    kernel.INIT_WORK(item, lambda data: done.append((kernel.system.sched.context, data)), name)
    return item


def test_queue_work_runs_in_order_on_a_thread_of_its_own(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_ordered_workqueue("pciehp-0", 0)
    items = [work(kernel, done, name) for name in "ab"]
    assert [kernel.queue_work(wq, item) for item in (items[0], items[1], items[0])] == [1, 1, 0]
    assert done == []
    system.sched.settle()
    assert done == [("pciehp-0", "a"), ("pciehp-0", "b")]
    assert kernel.queue_work(wq, items[0]) == 1  # a worker that waited for work gets up again
    system.sched.settle()
    assert done[2:] == [("pciehp-0", "a")]


def test_queue_delayed_work_runs_in_time_unless_cancelled(computer):
    _, kernel = computer
    done, wq = [], kernel.alloc_ordered_workqueue("pciehp-0", 0)
    first, second = (kernel.delayed_work(work(kernel, done, name)) for name in "ab")
    assert kernel.queue_delayed_work(wq, first, 5000) == 1
    assert kernel.queue_delayed_work(wq, second, 5000) == 1
    assert kernel.queue_delayed_work(wq, second, 5000) == 0
    assert kernel.cancel_delayed_work(first) == 1
    assert kernel.cancel_delayed_work(first) == 0
    kernel.msleep(4999)
    assert done == []
    kernel.msleep(2)
    assert done == [("pciehp-0", "b")]


# -- settle, shutdown, failure -----------------------------------------------------------------------------------


def test_settle_waits_for_sleepers_but_not_for_idle_workers(computer):
    system, kernel = computer
    done, wq = [], kernel.alloc_ordered_workqueue("pciehp-0", 0)
    item = kernel.work_struct()
    kernel.INIT_WORK(item, lambda data: (kernel.msleep(1000), done.append(1)), None)
    kernel.queue_work(wq, item)
    system.sched.settle()
    assert done == [1]
    assert system.sched.clock.now == 1001 * MS
    system.sched.settle()
    assert system.sched.clock.now == 1001 * MS


def test_settle_raises_if_a_thread_waits_for_what_main_holds(computer):
    system, kernel = computer
    lock = kernel.mutex("device", "0000:01:00.0")
    kernel.mutex_lock(lock)
    system.sched.spawn("other", lambda: kernel.mutex_lock(lock))
    with pytest.raises(Deadlock, match=r"other: waits for device lock of 0000:01:00\.0; holds nothing"):
        system.sched.settle()


def test_shutdown_ends_threads_that_sleep_wait_or_never_ran():
    system = System(Clock())
    kernel = link(0, system)
    ran = []
    system.sched.spawn("sleeper", lambda: kernel.msleep(10_000))
    system.sched.spawn("waiter", lambda: kernel.wait_event(kernel.wait_queue_head("q"), lambda: False))
    kernel.msleep(1)
    system.sched.spawn("newborn", lambda: ran.append(1))
    sleeper, waiter, _ = system.sched.threads[1:]
    system.sched.shutdown()
    assert [thread.name for thread in system.sched.threads] == ["main"]
    assert sleeper.frame is None  # it has left block(), as the waiter has
    assert waiter.frame is None
    assert ran == []


def test_threads_of_the_operating_system_do_not_pile_up():
    before, ran = threading.active_count(), []
    for _ in range(20):
        system = System(Clock())
        kernel = link(0, system)
        system.sched.spawn("sleeper", lambda kernel=kernel: kernel.msleep(10))
        system.sched.spawn("other", lambda kernel=kernel: ran.append(kernel.msleep(1)))
        kernel.msleep(2)
        system.sched.shutdown()
    assert len(ran) == 20
    # Two at a time; one that is about to become idle may be missed once or twice.
    assert threading.active_count() <= before + 6


def test_a_failure_in_a_thread_is_raised_in_main(computer):
    system, kernel = computer

    def fail():
        raise ZeroDivisionError("in the worker")

    system.sched.spawn("other", fail)
    with pytest.raises(ZeroDivisionError, match="in the worker"):
        kernel.msleep(10)
    kernel.msleep(50)  # the computer goes on, and no alarm of the broken sleep disturbs it
    assert system.sched.clock.now == 51 * MS


# -- interleavings -----------------------------------------------------------------------------------------------


def interleaving(make, seed):
    system, kernel = make(Random(seed).randrange)
    order = []
    for name in "abcd":
        system.sched.spawn(name, lambda name=name: [(order.append(name), kernel.msleep(0)) for _ in range(4)])
    system.sched.settle()
    return "".join(order)


def test_a_seed_reproduces_its_interleaving_and_seeds_differ(make):
    orders = {seed: interleaving(make, seed) for seed in range(8)}
    assert {seed: interleaving(make, seed) for seed in range(8)} == orders
    assert len(set(orders.values())) > 4
    assert {"".join(sorted(order)) for order in orders.values()} == {"aaaabbbbccccdddd"}


def test_without_a_seed_the_oldest_thread_goes_first(make):
    system, _ = make()
    order = []
    for name in "abc":
        system.sched.spawn(name, lambda name=name: order.append(name))
    system.sched.settle()
    assert order == ["a", "b", "c"]


def test_threads_of_a_machine_run_in_a_process_that_forked():
    def count_with_a_thread():
        counted = []
        with boot("example:single") as machine:
            machine.system.sched.spawn("counter", lambda: counted.append(1))
            machine.system.sched.settle()
        return len(counted)

    assert count_with_a_thread() == 1  # its carrier is kept for the next one
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(count_with_a_thread())
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
