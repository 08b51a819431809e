/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_LEN 1024

static enum log_level most_said = LOG_LEVEL_INFO;
static bool for_journal;
static const char *who = "fwagent";

void log_setup(enum log_level most, bool journal, const char *program)
{
	most_said = most;
	for_journal = journal;
	who = program;
}

__attribute__((format(printf, 2, 0))) static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	static const struct {
		const char *journal, *word;
	} levels[] = {{"<3>", "error: "},
		      {"<4>", "warning: "},
		      {"<6>", ""},
		      {"<7>", "debug: "}};
	char line[LINE_MAX_LEN];

	if (level > most_said)
		return;
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	if (for_journal)
		(void)fprintf(stderr, "%s%s\n", levels[level].journal, line);
	else
		(void)fprintf(stderr, "%s: %s%s\n", who, levels[level].word,
			      line);
}

#define LOG_FUNCTION(name, level)           \
	void name(const char *fmt, ...)     \
	{                                   \
		va_list ap;                 \
                                            \
		va_start(ap, fmt);          \
		log_line((level), fmt, ap); \
		va_end(ap);                 \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
