/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes: one that names a text, one that strangers cannot steer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits: to tell two texts of one author apart, no more. */
uint64_t hash_text(const void *data, size_t len);

/* SipHash-2-4 (Aumasson, Bernstein 2012): for tables whose keys outsiders
 * choose.  `key`: 16 secret bytes. */
uint64_t hash_keyed(const uint8_t key[16], const void *data, size_t len);
