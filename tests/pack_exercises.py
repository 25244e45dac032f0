# SPDX-License-Identifier: GPL-2.0-only
"""Write kernel_port/exercises/data: the golden traces and recordings that judge exercises, from tests/golden and
tests/real. Run it when an exercise wants other traces: python tests/pack_exercises.py
"""

import gzip
import json
import lzma
from fnmatch import fnmatchcase

from paths import GOLDEN, REAL

from kernel_port.exercises import traces
from kernel_port.exercises.patches import EXERCISES


def golden_lines():
    """The traces that an exercise names, one JSON object a line."""
    patterns = {(exercise.patch, pattern) for exercise in EXERCISES for pattern in exercise.traces}
    for path in sorted(GOLDEN.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            trace = json.loads(line)
            if any(
                fnmatchcase(trace["name"], pattern) and traces.level_for(patch, trace["level"]) is not None
                for patch, pattern in patterns
            ):
                yield line


def real_lines():
    """The recordings that an exercise names."""
    for name in sorted({exercise.recording for exercise in EXERCISES} - {""}):
        recording = json.loads(gzip.decompress((REAL / f"{name}.json.gz").read_bytes()))
        yield json.dumps(recording, separators=(",", ":"))


def packed(lines):
    return lzma.compress("".join(f"{line}\n" for line in lines).encode(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    traces.GOLDEN.write_bytes(packed(golden_lines()))
    traces.REAL.write_bytes(packed(real_lines()))
