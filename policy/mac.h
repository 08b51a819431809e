/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ethernet addresses: "02:00:00:00:00:01". */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

struct mac {
	uint8_t bytes[6];
};

/* False when it is none, or none that a single host can have. */
bool mac_parse(struct str text, struct mac *out);

/* Lower case, with colons; buf holds MAC_TEXT_MAX. */
#define MAC_TEXT_MAX 18
const char *mac_print(const struct mac *mac, char *buf);
