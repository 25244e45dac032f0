// SPDX-License-Identifier: GPL-2.0-only
/* Loads and stores in a mapped ECAM image. No policy: whether a device answers is decided before the cycle gets here. */
#include "config_image.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct config_image {
	uint8_t *base;
	uint64_t size;
	int fd;
};

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

	*image = (struct config_image){ .base = base, .size = size, .fd = fd };
	return image;
}

void config_image_close(struct config_image *image)
{
	if (!image || !image->base)
		return;
	munmap(image->base, image->size);
	close(image->fd);
	*image = (struct config_image){ .fd = -1 };
}

void config_image_free(struct config_image *image)
{
	config_image_close(image);
	free(image);
}

uint8_t *config_image_bytes(struct config_image *image, uint64_t offset, uint64_t length)
{
	if (!image || offset > image->size || length > image->size - offset)
		return NULL;
	return image->base + offset;
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

int pci_mmcfg_read(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t *value)
{
	const uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr) {
		*value = UINT32_MAX;
		return -EINVAL;
	}

	*value = load(addr, len);
	return 0;
}

int pci_mmcfg_write(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t value)
{
	uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr)
		return -EINVAL;

	store(addr, len, value);
	return 0;
}

uint32_t pci_mmcfg_load(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len)
{
	const uint8_t *addr = pci_dev_base(image, bus, devfn, reg, len);

	if (!addr)
		return len == 1 ? UINT8_MAX : len == 2 ? UINT16_MAX : UINT32_MAX;
	return load(addr, len);
}
