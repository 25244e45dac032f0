// SPDX-License-Identifier: GPL-2.0-only
/* Delays on CLOCK_MONOTONIC. The caller is cffi, which releases the interpreter lock around each call. */
#include "delay.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void spin(uint64_t nsecs)
{
	uint64_t start = monotonic_ns();

	while (monotonic_ns() - start < nsecs)
		;
}

/* Until a deadline, not for a time: what is left after a signal needs no reckoning. */
void msleep(unsigned int msecs)
{
	uint64_t wake = monotonic_ns() + msecs * NSEC_PER_MSEC;
	struct timespec deadline = {
		.tv_sec = (time_t)(wake / NSEC_PER_SEC),
		.tv_nsec = (long)(wake % NSEC_PER_SEC),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
		;
}

void mdelay(unsigned int msecs)
{
	spin(msecs * NSEC_PER_MSEC);
}

void udelay(unsigned int usecs)
{
	spin(usecs * NSEC_PER_USEC);
}
