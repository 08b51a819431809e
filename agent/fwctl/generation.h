/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The number of a generation, as people write it, into a request. */
bool generation_parse(const char *text, json_t *request);
