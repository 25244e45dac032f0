# SPDX-License-Identifier: GPL-2.0-only
"""The campaign: all targets, as many cases as asked for, on one core. See engine.py."""

import argparse
import sys
import time

import engine
import inputs
import machines

TARGETS = inputs.TARGETS | machines.TARGETS


def shares(cases):
    """How many cases of each target."""
    return {name: max(1, cases * share // 1000) for name, (_, share) in TARGETS.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of all targets together")
    parser.add_argument("--seed", default="0", help="which cases")
    parser.add_argument("--target", choices=TARGETS, help="this one alone; all cases are its")
    parser.add_argument("--case", metavar="SEED:NUMBER", help="of the target, this case alone")
    args = parser.parse_args()
    if args.case and args.target:
        seed, _, number = args.case.rpartition(":")
        engine.run(args.target, TARGETS[args.target][0], 1, seed, int(number))
        return 0
    failed = 0
    for name, cases in ({args.target: args.cases} if args.target else shares(args.cases)).items():
        done, start = 0, time.perf_counter()
        while done < cases:
            try:
                engine.run(name, TARGETS[name][0], cases - done, args.seed, done)
                done = cases
            except engine.Failure as failure:
                failed += 1
                print(f"{name}: {failure}", flush=True)
                done = int(str(failure).rpartition(":")[2]) + 1
        print(f"{name}: {cases} cases in {time.perf_counter() - start:.1f} s", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
