// SPDX-License-Identifier: GPL-2.0-only
/* Delays against absolute deadlines. The caller is cffi, which releases the interpreter lock around each call. */
#include "delay.h"

#include <errno.h>
#include <time.h>

#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull

/*
 * A sleeper wakes late by the timer slack (50 us unless told) and a context switch, on a virtual machine by more, and
 * what it does next is not in the caches any more: spin for the last millisecond instead.
 */
#define SPIN_NSEC NSEC_PER_MSEC

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

void sleep_until(uint64_t when)
{
	if (when > monotonic_ns() + SPIN_NSEC) {
		uint64_t wake = when - SPIN_NSEC;
		struct timespec deadline = {
			.tv_sec = (time_t)(wake / NSEC_PER_SEC),
			.tv_nsec = (long)(wake % NSEC_PER_SEC),
		};

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
			;
	}

	while (monotonic_ns() < when)
		;
}

void ssleep(unsigned int seconds)
{
	sleep_until(monotonic_ns() + seconds * NSEC_PER_SEC);
}

void msleep(unsigned int msecs)
{
	sleep_until(monotonic_ns() + msecs * NSEC_PER_MSEC);
}

/* The kernel spins for the whole of the next two; nobody can tell from outside, and the processor stays free. */
void mdelay(unsigned int msecs)
{
	msleep(msecs);
}

void udelay(unsigned int usecs)
{
	sleep_until(monotonic_ns() + usecs * NSEC_PER_USEC);
}
