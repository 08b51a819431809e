/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/generation.h"

#include <stdlib.h>

bool generation_parse(const char *text, json_t *request)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end > text && !*end && n > 0 && n < 1000000 &&
	       !json_object_set_new(request, "generation", json_integer(n));
}
