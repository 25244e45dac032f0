# SPDX-License-Identifier: GPL-2.0-only
"""The campaign: all targets, as many cases as asked for, on one core, and a report. See engine.py."""

import argparse
import sys
import time

import commands
import engine
import inputs
import kernels
import machines
import posted
import texts

from kernel_port.link import link

TARGETS = inputs.TARGETS | texts.TARGETS | commands.TARGETS | machines.TARGETS | posted.TARGETS | kernels.TARGETS


def shares(cases, names=tuple(TARGETS)):
    """How many cases of each of some targets."""
    whole = sum(TARGETS[name][1] for name in names)
    return {name: -(-cases * TARGETS[name][1] // whole) for name in names}


def run(name, cases, seed):
    """Run all cases of a target, whatever fails; how many failed."""
    done = failed = 0
    while done < cases:
        try:
            engine.run(name, TARGETS[name][0], cases - done, seed, done)
            break
        except engine.Failure as failure:
            failed += 1
            print(f"{name}: {failure}", file=sys.stderr, flush=True)
            done = int(str(failure).rpartition(":")[2]) + 1
    return failed


def points():
    """How many public functions each point of the series has, and how many of them were called there."""
    for point in range(9):
        names = kernels.public(link(point))
        yield f"+{point}: {sum((point, name) in engine.called for name in names)} of {len(names)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of all these targets together")
    parser.add_argument("--seed", default="0", help="which cases")
    parser.add_argument("--target", choices=TARGETS, nargs="+", default=list(TARGETS), help="these alone")
    parser.add_argument("--case", metavar="SEED:NUMBER", help="of the first target, this case alone")
    args = parser.parse_args()
    if args.case:
        seed, _, number = args.case.rpartition(":")
        engine.run(args.target[0], TARGETS[args.target[0]][0], 1, seed, int(number))
        return 0
    total, failed, used = 0, 0, 0.0
    for name, cases in shares(args.cases, args.target).items():
        start = time.process_time()
        bugs = run(name, cases, args.seed)
        seconds = time.process_time() - start
        print(f"{name:10} {cases:8} cases {seconds:8.1f} s  {bugs} failed", flush=True)
        total, failed, used = total + cases, failed + bugs, used + seconds
    print(f"{'all':10} {total:8} cases {used:8.1f} s  {failed} failed  (seed {args.seed}; seconds of processor time)")
    print(f"refused    {sum(engine.refusals.values())} times, at {len(engine.refusals)} places of the code")
    calls, longest = sum(engine.called.values()), engine.longest / 1e9
    print(f"kernel     {calls} calls, the longest of {longest:.1f} s of virtual time; {engine.halts} never returned")
    print(f"public     functions called at {', '.join(points())}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
