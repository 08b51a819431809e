/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/mac.h"

#include <stdio.h>

static int hex_digit(char c)
{
	char l = ascii_lower(c);

	if (ascii_is_digit(c))
		return c - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool mac_parse(struct str text, struct mac *out)
{
	struct mac mac;
	uint8_t any = 0;

	if (text.len != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int hi = hex_digit(text.p[i * 3]);
		int lo = hex_digit(text.p[i * 3 + 1]);

		if (hi < 0 || lo < 0 || (i < 5 && text.p[i * 3 + 2] != ':'))
			return false;
		mac.bytes[i] = (uint8_t)(hi << 4 | lo);
		any |= mac.bytes[i];
	}
	/* IEEE 802: the lowest bit of the first byte makes a group. */
	if (!any || (mac.bytes[0] & 1))
		return false;
	*out = mac;
	return true;
}

const char *mac_print(const struct mac *mac, char *buf)
{
	const uint8_t *b = mac->bytes;

	(void)snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5]);
	return buf;
}
