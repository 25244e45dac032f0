/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's delays in real time. Declarations, also read by cffi. */
#ifndef DELAY_H
#define DELAY_H

#include <stdint.h>

/* CLOCK_MONOTONIC in ns: the clock of Python's time.monotonic_ns(). */
uint64_t monotonic_ns(void);

/* Return once monotonic_ns() is at least when: never early, whatever signals arrive, and at once if that is past. */
void sleep_until(uint64_t when);

void ssleep(unsigned int seconds);
void msleep(unsigned int msecs);
void mdelay(unsigned int msecs);
void udelay(unsigned int usecs);

#endif
