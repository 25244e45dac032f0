# SPDX-License-Identifier: GPL-2.0-only
"""Functions of which not all is stated, and others that they may be."""

from dataclasses import replace

from kernel_port.hw.known import unstated


def masked(rng, function):
    """*function* with some of its registers not stated, as files leave them out."""
    size = len(function.config)
    mask = bytearray(b"\xff" * size)
    match rng.randrange(6):
        case 0:
            mask[64:] = bytes(size - 64)
        case 1:  # a row
            at = 16 * rng.randrange(1, 16)
            mask[at : at + 16] = bytes(16)
        case 2:  # bytes here and there
            for _ in range(rng.randrange(1, 60)):
                mask[rng.randrange(0x34, min(size, 0x100))] = 0
        case 3:  # bits here and there
            for _ in range(rng.randrange(1, 200)):
                mask[rng.randrange(0x06, min(size, 0x100))] &= ~(1 << rng.randrange(8))
        case 4:
            return function
        case 5:  # the end of it
            at = 16 * rng.randrange(4, 16)
            mask[at:] = bytes(size - at)
    # which buses a bridge leads to, what it is, and that it passes requests on, everything else shows
    for at in (*range(4), *range(8, 16), *((0x18, 0x19, 0x1A, 0x3E) if function.config[0x0E] & 0x7F else ())):
        mask[at] = 0xFF
    return replace(
        function, stated=bytes(mask), config=bytes(a & b for a, b in zip(function.config, mask, strict=True))
    )


def another(rng, function):
    """*function* with what it does not state filled in, from what devices have or at random."""
    hidden = unstated(function)
    if not hidden:
        return function
    fill = bytearray(rng.choice([bytes([rng.randrange(256)]) * function.size, rng.randbytes(function.size)]))
    for _ in range(rng.randrange(8)):  # capabilities, where a list may find them
        at = 4 * rng.randrange(16, 62)
        fill[at : at + 8] = bytes(
            [rng.choice((1, 0x10, 0x13)), 4 * rng.randrange(16, 64) * rng.randrange(2), *rng.randbytes(6)]
        )
    config = int.from_bytes(function.config.ljust(function.size, b"\0"), "little") & ~hidden
    config |= int.from_bytes(fill, "little") & hidden
    return replace(function, config=config.to_bytes(function.size, "little"), stated=None)


def reached(booted):
    """The functions that a scan reaches and that answer: a file that shows their registers is of no machine without."""
    listed = [function.address for function in booted.description.functions if not function.found]
    answers = {str(each) for each in listed if booted.fabric.read(*each[:2], each.devfn, 0, 4) != 0xFFFFFFFF}
    return answers - set(map(str, booted.recalled)) | {f"{each} answers" for each in answers}
