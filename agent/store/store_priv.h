/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the store. */
#pragma once

#include "agent/store/durable.h"
#include "agent/store/store.h"

/* A JSON object in a file; owned.  FW_ERR_NOENT: there is none, or what is
 * there is none. */
FW_MUST_CHECK enum fw_err store_record_read(int dir, const char *name,
					    json_t **out_record);

/* Takes `record`; NULL is FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err store_record_write(int dir, const char *name,
					     json_t *record);
