/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration space of one PCI domain in memory, laid out as an ECAM window. Declarations, also read by cffi. */
#ifndef CONFIG_IMAGE_H
#define CONFIG_IMAGE_H

#include <stdint.h>

struct config_image;

/* Map the first size bytes of fd, shared, and own fd from then on. NULL with errno set, and fd left alone, on failure. */
struct config_image *config_image_open(int fd, uint64_t size);

/*
 * Give its memory back. From then on it holds no bytes, so no register answers; closing it again, or NULL, is no error,
 * nor is an access of another thread under way. No thread may use it when it is freed.
 */
void config_image_close(struct config_image *image);
void config_image_free(struct config_image *image);

/*
 * Whether its file did not have the bytes of an access any more (it was made shorter, or its disk was full when a hole
 * was to be filled). As with a device that was pulled, no register has answered since.
 */
int config_image_lost(const struct config_image *image);

/* Copy the bytes [offset, offset + length) out of the image, or into it: 0, or -EINVAL if it does not hold them all. */
int config_image_get(struct config_image *image, uint64_t offset, uint8_t *data, uint64_t length);
int config_image_put(struct config_image *image, uint64_t offset, const uint8_t *data, uint64_t length);

/*
 * Replace the bits of mask in the bytes [offset, offset + length) by those of data: 0, or -EINVAL if it does not hold
 * them all. That is what a reset does.
 */
int config_image_merge(struct config_image *image, uint64_t offset, const uint8_t *mask, const uint8_t *data,
		       uint64_t length);

/*
 * One config cycle of len 1, 2 or 4 bytes. Where no register can answer, a read gives all ones, len bytes of them, and a
 * write -EINVAL; else it gives 0.
 */
uint32_t pci_mmcfg_read(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len);
int pci_mmcfg_write(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t value);

/* Which bits of a function's registers software may change: by writing them, and only to 0, by writing 1. */
struct register_masks {
	uint8_t rw[4096];
	uint8_t w1c[4096];
};

/* The same write to registers that have other bits, too. */
int pci_mmcfg_write_masked(struct config_image *image, const struct register_masks *masks, unsigned int bus,
			   unsigned int devfn, int reg, int len, uint32_t value);

#endif
