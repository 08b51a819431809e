/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event log: lines appended to one file. */
#pragma once

#include "policy/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct evelog {
	const char *path; /* borrowed */
	int fd;
	uint64_t lost; /* lines that could not be written */
};

FW_MUST_CHECK enum fw_err evelog_open(struct evelog *l, const char *path);
void evelog_close(struct evelog *l);

/* After the file was moved away (logrotate): start a new one. */
void evelog_reopen(struct evelog *l);

/* Append whole lines; what the disk does not take is counted as lost, and the
 * file never ends in half a line. */
void evelog_write(struct evelog *l, const char *lines, size_t len);
