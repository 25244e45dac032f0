/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration space of one PCI domain in memory, laid out as an ECAM window. Declarations, also read by cffi. */
#ifndef CONFIG_IMAGE_H
#define CONFIG_IMAGE_H

#include <stdint.h>

struct config_image;

/* Map the first size bytes of fd, shared, and own fd from then on. NULL with errno set, and fd left alone, on failure. */
struct config_image *config_image_open(int fd, uint64_t size);

/* Unmap it. From then on it holds no bytes, so no register answers; closing it again, or NULL, is no error. */
void config_image_close(struct config_image *image);
void config_image_free(struct config_image *image);

/* The bytes [offset, offset + length), or NULL if the image does not hold all of them. */
uint8_t *config_image_bytes(struct config_image *image, uint64_t offset, uint64_t length);

/* One config cycle of len 1, 2 or 4 bytes: 0, or -EINVAL and all ones for one that no register can answer. */
int pci_mmcfg_read(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t *value);
int pci_mmcfg_write(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len, uint32_t value);

/* The same read without a status, for callers in a hurry: all ones, len bytes of them, where the other says -EINVAL. */
uint32_t pci_mmcfg_load(struct config_image *image, unsigned int bus, unsigned int devfn, int reg, int len);

#endif
