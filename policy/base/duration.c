/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/duration.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static long unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

bool duration_parse(const char *text, bool unit_needed, long *out_seconds)
{
	char *end;
	long n = strtol(text, &end, 10);
	long unit = *end || unit_needed ? unit_seconds(*end) : 1;

	if (end == text || n < 0 || !unit || (*end && end[1]) ||
	    n > LONG_MAX / unit)
		return false;
	*out_seconds = n * unit;
	return true;
}

void duration_text(long seconds, char *out, size_t room)
{
	if (seconds < 120)
		(void)snprintf(out, room, "%ld s", seconds);
	else if (seconds < 7200)
		(void)snprintf(out, room, "%ld min", seconds / 60);
	else
		(void)snprintf(out, room, "%ld h", seconds / 3600);
}
