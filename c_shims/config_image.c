// SPDX-License-Identifier: GPL-2.0-only
/* Loads and stores in a mapped ECAM image. No policy: whether a device answers is decided before the cycle gets here. */
#include "config_image.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct config_image {
	uint8_t *base;
	uint64_t size;
	atomic_int fd;		/* -1: closed */
	atomic_bool gone;	/* closed or lost */
};

/* The image that this thread is in the middle of an access to. */
static _Thread_local struct config_image *volatile accessed;

static pthread_once_t watching = PTHREAD_ONCE_INIT;
static struct sigaction previous;

/*
 * Put zeros in place of the mapping, so that an access under way in any thread still finds memory there. Shared, as
 * private memory would count against RLIMIT_DATA in full.
 */
static bool vanish(struct config_image *image)
{
	atomic_store(&image->gone, true);
	return mmap(image->base, image->size, PROT_READ | PROT_WRITE,
		    MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

static bool holds(const struct config_image *image, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)image->base < image->size;
}

/* The file under a mapping can shrink at any time, and looking at its size before each access would still be too early. */
static void bus_error(int signal, siginfo_t *info, void *context)
{
	struct config_image *image = accessed;
	int saved = errno;

	(void)context;
	if (image && info->si_code > 0 && holds(image, info->si_addr) && vanish(image)) {
		errno = saved;
		return;
	}

	/* Not ours: restore the old handler, which gets the signal when the access, or its sender, repeats it. */
	sigaction(SIGBUS, &previous, NULL);
	if (info->si_code <= 0)
		raise(signal);
	errno = saved;
}

static void watch(void)
{
	struct sigaction action = { .sa_sigaction = bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, &previous);
}

/* The fences keep the compiler from moving the access out from between the two. */
static void begin(struct config_image *image)
{
	accessed = image;
	atomic_signal_fence(memory_order_seq_cst);
}

static bool end(const struct config_image *image)
{
	atomic_signal_fence(memory_order_seq_cst);
	accessed = NULL;
	return !atomic_load_explicit(&image->gone, memory_order_relaxed);
}

struct config_image *config_image_open(int fd, uint64_t size)
{
	struct config_image *image = malloc(sizeof(*image));
	void *base;

	if (!image)
		return NULL;

	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		free(image);
		return NULL;
	}

	pthread_once(&watching, watch);
	*image = (struct config_image){ .base = base, .size = size, .fd = fd };
	return image;
}

void config_image_close(struct config_image *image)
{
	int fd = image ? atomic_exchange(&image->fd, -1) : -1;

	if (fd < 0)
		return;
	vanish(image);
	close(fd);
}

void config_image_free(struct config_image *image)
{
	if (!image)
		return;
	config_image_close(image);
	munmap(image->base, image->size);
	free(image);
}

int config_image_lost(const struct config_image *image)
{
	return atomic_load(&image->gone) && atomic_load(&image->fd) >= 0;
}

static uint8_t *config_image_bytes(struct config_image *image, uint64_t offset, uint64_t length)
{
	if (!image || atomic_load_explicit(&image->gone, memory_order_relaxed))
		return NULL;
	if (offset > image->size || length > image->size - offset)
		return NULL;
	return image->base + offset;
}

int config_image_get(struct config_image *image, uint64_t offset, uint8_t *data, uint64_t length)
{
	const uint8_t *start = config_image_bytes(image, offset, length);

	if (!start)
		return -EINVAL;

	begin(image);
	memcpy(data, start, length);
	return end(image) ? 0 : -EINVAL;
}

int config_image_put(struct config_image *image, uint64_t offset, const uint8_t *data, uint64_t length)
{
	uint8_t *start = config_image_bytes(image, offset, length);

	if (!start)
		return -EINVAL;

	begin(image);
	memcpy(start, data, length);
	return end(image) ? 0 : -EINVAL;
}

int config_image_merge(struct config_image *image, uint64_t offset, const uint8_t *mask, const uint8_t *data,
		       uint64_t length)
{
	uint8_t *start = config_image_bytes(image, offset, length);

	if (!start)
		return -EINVAL;

	begin(image);
	for (uint64_t i = 0; i < length; i++)
		start[i] = (uint8_t)((start[i] & ~mask[i]) | (data[i] & mask[i]));
	return end(image) ? 0 : -EINVAL;
}

static uint8_t *pci_dev_base(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len)
{
	if (bus > 255 || devfn > 255 || reg < 0 || reg > 4095)
		return NULL;
	if ((len != 1 && len != 2 && len != 4) || (reg & (len - 1)))
		return NULL;
	return config_image_bytes(image, (uint64_t)bus << 20 | devfn << 12 | (unsigned int)reg, (uint64_t)len);
}

/* Byte by byte, so that the image is little-endian on every host; compilers make one load or store of it. */
static uint32_t load(const uint8_t *addr, int len)
{
	switch (len) {
	case 1:
		return addr[0];
	case 2:
		return addr[0] | (uint32_t)addr[1] << 8;
	default:
		return addr[0] | (uint32_t)addr[1] << 8 | (uint32_t)addr[2] << 16 | (uint32_t)addr[3] << 24;
	}
}

static void store(uint8_t *addr, int len, uint32_t value)
{
	switch (len) {
	case 4:
		addr[3] = (uint8_t)(value >> 24);
		addr[2] = (uint8_t)(value >> 16);
		/* fall through */
	case 2:
		addr[1] = (uint8_t)(value >> 8);
		/* fall through */
	default:
		addr[0] = (uint8_t)value;
	}
}

/* All ones, len bytes of them, is what a read gives where nothing answers. */
static uint32_t ones(int len)
{
	return len == 1 ? UINT8_MAX : len == 2 ? UINT16_MAX : UINT32_MAX;
}

uint32_t pci_mmcfg_read(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len)
{
	const uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr)
		return ones(len);

	begin(image);
	uint32_t found = load(addr, len);
	return end(image) ? found : ones(len);
}

int pci_mmcfg_write(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t value)
{
	uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr)
		return -EINVAL;

	begin(image);
	store(addr, len, value);
	return end(image) ? 0 : -EINVAL;
}

int pci_mmcfg_write_masked(struct config_image *image, const struct register_masks *masks, unsigned int bus,
			   unsigned int devfn, int reg, int len, uint32_t value)
{
	uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr)
		return -EINVAL;

	uint32_t rw = load(masks->rw + reg, len), w1c = load(masks->w1c + reg, len);

	begin(image);
	store(addr, len, ((load(addr, len) & ~rw) | (value & rw)) & ~(value & w1c));
	return end(image) ? 0 : -EINVAL;
}
