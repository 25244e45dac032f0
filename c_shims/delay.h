/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's delays in real time: never early, whatever signals arrive. Declarations, also read by cffi. */
#ifndef DELAY_H
#define DELAY_H

/* Sleep: the processor is free meanwhile. */
void msleep(unsigned int msecs);

/* Spin, as the kernel does where it may not sleep. */
void mdelay(unsigned int msecs);
void udelay(unsigned int usecs);

#endif
