# SPDX-License-Identifier: GPL-2.0-only
"""Deadlocks reported as circles of locks, and locks taken in opposite orders although this run did not deadlock."""

import pytest

from kernel_port import boot
from kernel_port.hw.clock import Clock
from kernel_port.kernel import lockdep
from kernel_port.kernel.lockdep import circle, held_at_end, inversions
from kernel_port.kernel.sched import Deadlock
from kernel_port.kernel.system import Event, System
from kernel_port.link import link, relocate

MS = 1_000_000
A, B, C = (("device", f"0000:0{bus}:00.0") for bus in (1, 2, 3))


class Computer:
    """A computer without hardware; its locks are made when they are first named."""

    def __init__(self):
        self.system = System(Clock())
        self.kernel = link(0, self.system)
        self.locks = {}

    def lock(self, name):
        return self.locks.setdefault(name, self.kernel.mutex(*name))

    def take(self, *names):
        """Take locks one after the other, a millisecond apart, then release them."""
        for name in names:
            self.kernel.mutex_lock(self.lock(name))
            self.kernel.msleep(1)
        for name in names:
            self.kernel.mutex_unlock(self.lock(name))

    def in_turn(self, *orders):
        """Take locks in each of these orders, one thread after the other: nobody ever waits."""
        for number, order in enumerate(orders):
            self.system.sched.spawn(f"thread {number}", lambda order=order: self.take(*order))
            self.system.sched.settle()

    def at_once(self, *orders):
        """The same, all threads at once."""
        for number, order in enumerate(orders):
            self.system.sched.spawn(f"thread {number}", lambda order=order: self.take(*order))
        self.system.sched.settle()


@pytest.fixture
def computer():
    computer = Computer()
    yield computer
    computer.system.sched.shutdown()


def told(computer):
    return [str(inversion) for inversion in inversions(computer.system.events)]


# -- deadlocks ---------------------------------------------------------------------------------------------------


def test_two_threads_in_opposite_orders_are_a_circle(computer):
    with pytest.raises(Deadlock) as caught:
        computer.at_once((A, B), (B, A))
    assert str(caught.value).startswith(
        "deadlock: no thread can run, and no timer will change that\n"
        "circular locking:\n"
        "  thread 0 waits for device lock of 0000:02:00.0, held by thread 1\n"
        "  thread 1 waits for device lock of 0000:01:00.0, held by thread 0\n"
    )


def test_three_threads_are_a_circle_of_three(computer):
    with pytest.raises(Deadlock):
        computer.at_once((A, B), (B, C), (C, A))
    links = circle(computer.system.sched.threads)
    assert [(link.waiter.name, link.lock, link.holder.name) for link in links] == [
        ("thread 0", B, "thread 1"), ("thread 1", C, "thread 2"), ("thread 2", A, "thread 0"),
    ]  # fmt: skip


def test_a_thread_outside_the_circle_is_not_part_of_it(computer):
    with pytest.raises(Deadlock):
        computer.at_once((A,), (A, B), (B, A))
    # Thread 0 has A first and gives it back; 1 then takes it, and both threads of the circle are later than 0.
    assert [link.waiter.name for link in circle(computer.system.sched.threads)] == ["thread 1", "thread 2"]


def test_a_mutex_taken_twice_is_recursive_locking(computer):
    computer.kernel.mutex_lock(computer.lock(A))
    with pytest.raises(Deadlock, match=r"recursive locking: main waits for device lock of 0000:01:00\.0, its own"):
        computer.kernel.mutex_lock(computer.lock(A))


def test_the_config_access_lock_taken_twice_is_recursive_locking(computer):
    dev = computer.kernel.pci_dev()
    dev.dev.name = "0000:01:00.0"
    computer.kernel.pci_cfg_access_lock(dev)
    with pytest.raises(Deadlock, match=r"recursive locking: main waits for cfg lock of 0000:01:00\.0, its own"):
        computer.kernel.pci_cfg_access_lock(dev)


def test_a_circle_is_found_although_a_timer_goes_on_for_ever(computer):
    kernel = computer.kernel
    timer = kernel.timer_list(of="0000:00:1c.0")

    def again(data):
        timer.expires = kernel.jiffies() + 2000
        kernel.add_timer(timer)

    timer.function = again
    again(None)
    with pytest.raises(Deadlock, match="circular locking"):
        computer.at_once((A, B), (B, A))
    assert computer.system.sched.clock.now < 3 * MS


def test_a_circle_waits_for_threads_that_still_run(computer):
    """A thread outside the circle may do as it likes until it comes to rest."""
    done = []
    computer.system.sched.spawn("other", lambda: (computer.kernel.msleep(50), done.append(1)))
    with pytest.raises(Deadlock):
        computer.at_once((A, B), (B, A))
    assert done == [1]


def test_waiting_for_a_lock_that_gets_free_is_no_deadlock(computer):
    computer.at_once((A, B), (A, B), (B,))
    assert circle(computer.system.sched.threads) == []


def test_the_stack_names_function_room_line_and_statement(computer):
    def holds_and_wants(lock, other):  # becomes kernel code
        mutex_lock(lock)  # noqa: F821
        msleep(1)  # noqa: F821
        mutex_lock(other)  # noqa: F821

    code = relocate(holds_and_wants, vars(computer.kernel))
    for name, pair in (("one", (A, B)), ("two", (B, A))):
        computer.system.sched.spawn(name, lambda pair=pair: code(*map(computer.lock, pair)))
    with pytest.raises(Deadlock) as caught:
        computer.system.sched.settle()
    line = holds_and_wants.__code__.co_firstlineno + 3
    where = f"    holds_and_wants (kernel/test_lockdep.py:{line}): mutex_lock(other)  # noqa: F821"
    assert str(caught.value).splitlines().count(where) == 2


# -- inversions --------------------------------------------------------------------------------------------------


def test_both_orders_are_an_inversion_though_nobody_waited(computer):
    computer.in_turn((A, B), (B, A))
    (inversion,) = told(computer)
    assert inversion == (
        "thread 0: device lock of 0000:01:00.0, then device lock of 0000:02:00.0; "
        "thread 1: device lock of 0000:02:00.0, then device lock of 0000:01:00.0"
    )


def test_a_deadlock_is_an_inversion_as_well(computer):
    with pytest.raises(Deadlock):
        computer.at_once((A, B), (B, A))
    (inversion,) = inversions(computer.system.events)
    assert [(order.context, order.held, order.taken) for order in inversion.orders] == [
        ("thread 0", A, B), ("thread 1", B, A)
    ]  # fmt: skip


def test_three_orders_in_a_circle_are_one_inversion(computer):
    computer.in_turn((A, B), (B, C), (C, A))
    (inversion,) = inversions(computer.system.events)
    assert [(order.held, order.taken) for order in inversion.orders] == [(A, B), (B, C), (C, A)]


def test_one_order_is_no_inversion_however_often(computer):
    computer.in_turn((A, B, C), (A, C), (B, C), (A, B))
    assert told(computer) == []


def test_device_locks_of_siblings_are_told_apart(computer):
    """A tree of device locks is taken from the top down; as one class they would all be recursion."""
    computer.in_turn((A, B), (B, C), (A, C))
    assert told(computer) == []


def test_other_locks_are_one_class(computer):
    """Slot 1 then card, card then slot 2: no two threads can block each other so, but the next two slots may."""
    first, second = ("slot", "0000:00:1c.0"), ("slot", "0000:00:1d.0")
    computer.in_turn((first, A), (A, second))
    (inversion,) = told(computer)
    assert inversion == (
        "thread 0: slot lock of 0000:00:1c.0, then device lock of 0000:01:00.0; "
        "thread 1: device lock of 0000:01:00.0, then slot lock of 0000:00:1d.0"
    )


def test_two_of_a_class_at_once_are_recursion_by_class(computer):
    computer.in_turn((("ctrl", "0000:00:1c.0"), ("ctrl", "0000:00:1d.0")))
    assert told(computer) == ["thread 0: ctrl lock of 0000:00:1c.0, then ctrl lock of 0000:00:1d.0"]


def test_a_lock_that_another_thread_releases_is_released(computer):
    kernel = computer.kernel
    kernel.mutex_lock(computer.lock(A))
    computer.system.sched.spawn("other", lambda: kernel.mutex_unlock(computer.lock(A)))
    computer.system.sched.settle()
    computer.in_turn((B, A), (A, C))
    kernel.mutex_lock(computer.lock(B))  # A is not held any more: no order of A and B comes from here
    assert told(computer) == []
    assert held_at_end(computer.system.events) == [("main", B)]


def test_orders_know_where_both_locks_were_taken(computer):
    computer.in_turn((A, B), (B, A))
    (inversion,) = inversions(computer.system.events)
    for order in inversion.orders:
        assert order.held_stack[0][0].co_name == order.taken_stack[0][0].co_name == "lock_acquired"


@pytest.mark.parametrize(("target", "call"), [("slot:4", "pci_reset_slot"), ("bus:02", "pci_reset_bus")])
def test_the_series_takes_its_own_locks_in_one_order(target, call):
    with boot("example:nested") as machine:
        machine.call(call, machine.target(target)[1])
        assert inversions([*machine.boot_events, *machine.events]) == []
        assert held_at_end(machine.events) == []
        assert sum(event.op == "lock" for event in machine.events) > 10


def test_a_chain_of_locks_is_seen_to_be_none_without_looking_for_a_way_back(monkeypatch):
    looked = []
    path = lockdep._path
    monkeypatch.setattr(lockdep, "_path", lambda edges, start, goal: looked.append(start) or path(edges, start, goal))
    chain = [Event(0, "main", "lock", ("device", str(number)), ()) for number in range(300)]
    assert inversions(chain) == []
    assert looked == []
    crossing = [Event(0, "other", "lock", ("device", str(number)), ()) for number in (7, 5)]
    (found,) = inversions([*chain, *crossing])
    assert {(order.held[1], order.taken[1]) for order in found.orders} == {("5", "7"), ("7", "5")}
    assert len(looked) == 8  # 5-6, 5-7, 6-7 and 7-5, by instance and by class
