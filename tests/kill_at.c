// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a process, kills it right before its KILL_AT-th call that changes a file. Without KILL_AT, the number of
 * those calls goes into the file KILL_COUNT at exit.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static void step(void)
{
	const char *at = getenv("KILL_AT");

	if (++calls == (at ? atol(at) : -1))
		raise(SIGKILL);
}

static void __attribute__((destructor)) report(void)
{
	const char *path = getenv("KILL_COUNT");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (file) {
		fprintf(file, "%ld", calls);
		fclose(file);
	}
}

#define STEP(type, name, parameters, ...)				\
	type name parameters						\
	{								\
		type (*real) parameters = dlsym(RTLD_NEXT, #name);	\
		step();							\
		return real(__VA_ARGS__);				\
	}

STEP(ssize_t, write, (int fd, const void *data, size_t size), fd, data, size)
STEP(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t offset), fd, data, size, offset)
STEP(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t offset), fd, data, size, offset)
STEP(int, ftruncate, (int fd, off_t size), fd, size)
STEP(int, ftruncate64, (int fd, off64_t size), fd, size)
STEP(int, fchmod, (int fd, mode_t mode), fd, mode)
STEP(int, fsync, (int fd), fd)
STEP(int, rename, (const char *old, const char *new), old, new)
STEP(int, renameat, (int from, const char *old, int to, const char *new), from, old, to, new)
STEP(int, unlink, (const char *path), path)
