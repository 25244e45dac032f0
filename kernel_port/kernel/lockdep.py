# SPDX-License-Identifier: GPL-2.0-only
"""kernel/lockdep.c, as far as reports go: the circle of a deadlock, and locks taken in opposite orders.

- circle() looks at threads as they are: who holds what, who waits for what.
- inversions() looks at a whole trace: a lock taken, or waited for, while another is held is an edge from that one to
  this one. A circle of edges is a possible deadlock, even if this run did not hit it.

Locks have classes, as in lockdep: all `ctrl` locks are one class. Each device lock and each config access lock is a
class of its own, because they form trees: Linux exempts device locks (lockdep_set_novalidate_class), and does not
check the config access lock, which is a flag and a wait queue.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .sched import Thread
    from .system import Event, Stack

#: (kind, address of what it guards).
Lock: TypeAlias = tuple[str, str]

#: Kinds where each lock is a class of its own.
BY_INSTANCE = frozenset({"device", "cfg"})


class WaitLink(NamedTuple):
    """A thread that waits, the lock it waits for, and the holder."""

    waiter: Thread
    lock: Lock
    holder: Thread


class Order(NamedTuple):
    """The first time a lock was taken, or waited for, while another was held."""

    held: Lock
    taken: Lock
    context: str
    """The thread or interrupt that did it."""
    held_stack: Stack
    taken_stack: Stack


#: Lock held -> lock taken -> the first such order; locks by instance or by class.
Edges: TypeAlias = dict[Hashable, dict[Hashable, Order]]


class Inversion(NamedTuple):
    """Orders of locks that form a circle."""

    orders: tuple[Order, ...]

    def __str__(self) -> str:
        return "; ".join(f"{o.context}: {lock_name(o.held)}, then {lock_name(o.taken)}" for o in self.orders)


def lock_name(lock: Lock) -> str:
    """Format a lock for reports: "device lock of 0000:01:00.0"."""
    kind, of = lock
    return f"{kind} lock of {of}" if of else kind


def circle(threads: Iterable[Thread]) -> list[WaitLink]:
    """Return the threads that wait for each other, or for themselves, in a circle of locks; empty if none do."""
    threads = list(threads)
    for start in threads:
        chain: list[WaitLink] = []
        thread = start
        while thread.wants is not None and (holder := holder_of(thread.wants, threads)) is not None:
            chain.append(WaitLink(thread, thread.wants, holder))
            if holder is start:
                return chain
            if any(link.waiter is holder for link in chain):
                break  # a circle that start is not in: found from another start
            thread = holder
    return []


def holder_of(lock: Lock, threads: Iterable[Thread]) -> Thread | None:
    """Return the thread that holds a lock, None if it is free."""
    return next((thread for thread in threads if lock in thread.held), None)


def inversions(events: Iterable[Event]) -> list[Inversion]:
    """Find the locks of a trace that were taken in opposite orders: first instances, then those that only cross by
    class."""
    orders = list(_orders(events))
    found = _circles(orders, lambda lock: lock)
    kinds = {_kinds(inversion) for inversion in found}
    return found + [more for more in _circles(orders, _class) if _kinds(more) not in kinds]


def held_at_end(events: Iterable[Event]) -> list[tuple[str, Lock]]:
    """Return (context, lock) for each lock of a trace that was never released."""
    held: dict[str, list[tuple[Lock, Stack]]] = {}
    for event in events:
        if event.op == "lock":
            held.setdefault(event.context, []).append((event.args[:2], event.stack))
        elif event.op == "unlock":
            _release(held, event.context, event.args)
    return [(context, lock) for context, locks in held.items() for lock, _ in locks]


def _class(lock: Lock) -> Hashable:
    return lock if lock[0] in BY_INSTANCE else lock[0]


def _kinds(inversion: Inversion) -> frozenset[str]:
    return frozenset(order.held[0] for order in inversion.orders)


def _orders(events: Iterable[Event]) -> Iterable[Order]:
    """Yield every order of two locks in a trace, once."""
    held: dict[str, list[tuple[Lock, Stack]]] = {}
    seen: set[tuple[Lock, Lock]] = set()
    for event in events:
        if event.op in ("lock", "lock_wait"):
            kind, of = event.args
            mine = held.setdefault(event.context, [])
            for lock, stack in mine:
                if (lock, (kind, of)) not in seen:
                    seen.add((lock, (kind, of)))
                    yield Order(lock, (kind, of), event.context, stack, event.stack)
            if event.op == "lock":
                mine.append(((kind, of), event.stack))
        elif event.op == "unlock":
            _release(held, event.context, event.args)


def _release(held: dict[str, list[tuple[Lock, Stack]]], context: str, lock: tuple[str, ...]) -> None:
    """Drop *lock* from its holder. As in C, any thread may release what another took."""
    for owned in (held.get(context, []), *held.values()):
        for entry in owned:
            if entry[0] == lock:
                owned.remove(entry)
                return


def _circles(orders: list[Order], name: Callable[[Lock], Hashable]) -> list[Inversion]:
    """Return circles of orders, the shortest first, that have no order in common."""
    edges: Edges = {}
    for order in orders:
        edges.setdefault(name(order.held), {}).setdefault(name(order.taken), order)
    left = _led_to(_reversed(_led_to(edges)))  # a long chain of locks is no circle
    circles = []
    for order in (order for held in edges if held in left for order in edges[held].values()):
        if name(order.taken) in left:
            back = _path(edges, name(order.taken), name(order.held))
            if back is not None:
                circles.append((order, *back))
    found: list[Inversion] = []
    reported: set[Order] = set()
    for orders_round in sorted(circles, key=len):
        if reported.isdisjoint(orders_round):
            reported.update(orders_round)
            found.append(Inversion(orders_round))
    return found


def _led_to(edges: Edges) -> Edges:
    """Leave out, one after the other, the locks that no other one leads to: they are in no circle."""
    leading = Counter(taken for following in edges.values() for taken in following)
    pending = [held for held in edges if not leading[held]]
    left = dict(edges)
    while pending:
        for taken in left.pop(pending.pop(), {}):
            leading[taken] -= 1
            if not leading[taken]:
                pending.append(taken)
    return left


def _reversed(edges: Edges) -> Edges:
    """Turn the edges around."""
    back: Edges = {}
    for held, following in edges.items():
        for taken, order in following.items():
            back.setdefault(taken, {})[held] = order
    return back


def _path(edges: Edges, start: Hashable, goal: Hashable) -> tuple[Order, ...] | None:
    """Return the shortest path of orders from one lock to another; empty if they are the same, None if none exists."""
    paths: dict[Hashable, tuple[Order, ...]] = {start: ()}
    pending = deque([start])
    while pending:
        at = pending.popleft()
        if at == goal:
            return paths[at]
        for following, order in edges.get(at, {}).items():
            if following not in paths:
                paths[following] = (*paths[at], order)
                pending.append(following)
    return None
