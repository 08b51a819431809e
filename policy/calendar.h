/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Days by the Gregorian calendar, without the C library's time zones. */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

#define CALENDAR_DAY_SECONDS 86400

/* "2027-01-31" -> days since 1970-01-01; false when it is no date (of the years
 * 1970 to 2105, so that its seconds fit 32 bits). */
bool calendar_date_parse(struct str text, int64_t *out_day);
