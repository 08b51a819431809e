/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON to text and back, sure of memory: the library itself takes refused
 * memory for bad text here, and leaves out a piece of what it writes there. */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"

#include <jansson.h>

/* *out_json is owned (json_decref).  FW_ERR_INVAL: it is no JSON;
 * FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err json_read(struct str text, json_t **out_json);

/* Owned (free), or NULL without memory; flags: JSON_COMPACT ... */
char *json_write(const json_t *o, size_t flags);
