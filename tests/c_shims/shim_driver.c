// SPDX-License-Identifier: GPL-2.0-only
/* The shim without Python, for valgrind and the sanitizers: threads, a fork and a file that shrinks. 0: all is well. */
#include "config_image.h"
#include "delay.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE (2u << 20)
#define ROUNDS 2000u

#define CHECK(what)								\
	do {									\
		if (!(what)) {							\
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);	\
			exit(1);						\
		}								\
	} while (0)

struct counter {
	struct config_image *image;
	int reg;
};

static int file_of(unsigned int size)
{
	int fd = memfd_create("driver", 0);

	CHECK(fd >= 0);
	CHECK(!ftruncate(fd, size));
	return fd;
}

static void *count(void *data)
{
	const struct counter *counter = data;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t value = pci_mmcfg_read(counter->image, 1, 0, counter->reg, 4);

		CHECK(!pci_mmcfg_write(counter->image, 1, 0, counter->reg, 4, value + 1));
	}
	return NULL;
}

/* Two threads and a child, each in a dword of its own. */
static void together(struct config_image *image)
{
	struct counter counters[] = { { image, 0x10 }, { image, 0x14 }, { image, 0x18 } };
	pthread_t threads[2];
	int status;

	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, count, &counters[i]));
	pid_t child = fork();
	CHECK(child >= 0);
	if (!child) {
		count(&counters[2]);
		config_image_close(image);
		_exit(0);
	}
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	for (int i = 0; i < 3; i++)
		CHECK(pci_mmcfg_read(image, 1, 0, counters[i].reg, 4) == ROUNDS);
}

static void edges(struct config_image *image)
{
	uint8_t in[4096], out[4096];
	struct register_masks masks;

	memset(in, 0xa5, sizeof(in));
	CHECK(!config_image_put(image, SIZE - sizeof(in), in, sizeof(in)));
	CHECK(!config_image_get(image, SIZE - sizeof(out), out, sizeof(out)));
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK(config_image_put(image, SIZE - 4095, in, sizeof(in)) == -EINVAL);
	CHECK(config_image_get(image, UINT64_MAX, out, sizeof(out)) == -EINVAL);
	CHECK(config_image_get(image, 0, out, UINT64_MAX) == -EINVAL);
	CHECK(pci_mmcfg_read(image, 2, 0, 0, 4) == UINT32_MAX);

	memset(&masks, 0xf0, sizeof(masks));
	CHECK(!pci_mmcfg_write_masked(image, &masks, 1, 255, 4092, 4, 0));
	CHECK(pci_mmcfg_read(image, 1, 255, 4092, 4) == 0x05050505);
	CHECK(pci_mmcfg_write_masked(image, &masks, 2, 0, 0, 4, 0) == -EINVAL);
	CHECK(!config_image_merge(image, SIZE - sizeof(in), masks.rw, in, sizeof(in)));
	CHECK(pci_mmcfg_read(image, 1, 255, 4092, 4) == 0xa5a5a5a5);
	CHECK(config_image_merge(image, SIZE - 4095, masks.rw, in, sizeof(in)) == -EINVAL);

	for (int len = -1; len < 10; len++)
		for (int reg = -8; reg < 5000; reg++)
			for (unsigned int bus = 0; bus < 3; bus++)
				pci_mmcfg_read(image, bus, 255, reg, len);
	for (int len = -1; len < 10; len++)
		for (int reg = -8; reg < 5000; reg++)
			pci_mmcfg_write_masked(image, &masks, 1, 255, reg, len, UINT32_MAX);
}

static void shrunk(void)
{
	int fd = file_of(SIZE), kept = dup(fd);
	struct config_image *image = config_image_open(fd, SIZE);
	uint8_t byte = 0;

	CHECK(image && !config_image_lost(image));
	CHECK(!pci_mmcfg_write(image, 1, 0, 0, 4, 0x12348086));
	CHECK(!ftruncate(kept, 0));
	CHECK(pci_mmcfg_read(image, 1, 0, 0, 2) == UINT16_MAX);
	CHECK(config_image_lost(image));
	CHECK(pci_mmcfg_write(image, 1, 0, 0, 4, 0) == -EINVAL);
	CHECK(config_image_get(image, 0, &byte, 1) == -EINVAL);
	config_image_free(image);
	close(kept);
}

int main(void)
{
	struct config_image *image = config_image_open(file_of(SIZE), SIZE);

	CHECK(image);
	CHECK(!config_image_open(-1, SIZE));
	together(image);
	edges(image);
	shrunk();

	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	udelay(50);
	mdelay(1);
	msleep(1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 2050000);

	config_image_close(image);
	config_image_close(image);
	CHECK(pci_mmcfg_read(image, 1, 0, 0x10, 4) == UINT32_MAX);
	CHECK(!config_image_lost(image));
	config_image_free(image);
	config_image_free(NULL);
	return 0;
}
