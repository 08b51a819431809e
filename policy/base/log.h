/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process log, for operators: standard error, with the levels that the
 * journal reads (sd-daemon(3)) when it goes there.  Not for decisions about
 * flows: those are events.
 */
#pragma once

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* What is printed at most; the journal's "<N>" prefix instead of a time. */
void log_setup(enum log_level most, bool journal, const char *program);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
