/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Internet checksum (RFC 1071). */
#pragma once

#include "policy/base/reader.h"

/* Ones' complement sum over the bytes, added to `sum`, not folded. */
uint64_t packet_sum(uint64_t sum, struct reader bytes);

/* The checksum field for a sum over everything else. */
uint16_t packet_sum_field(uint64_t sum);

/* A sum that includes the checksum field is right when it folds to 0xffff. */
bool packet_sum_is_good(uint64_t sum);
