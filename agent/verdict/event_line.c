/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/event_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void event_put_time(json_t *o, const char *key, uint64_t ns)
{
	time_t sec = (time_t)(ns / 1000000000);
	char date[40], text[64];
	struct tm tm;

	if (!gmtime_r(&sec, &tm) ||
	    !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	(void)snprintf(text, sizeof(text), "%s.%06u+0000", date,
		       (unsigned)(ns % 1000000000 / 1000));
	json_object_set_new(o, key, json_string(text));
}

char *event_line(const json_t *o)
{
	size_t len = json_dumpb(o, NULL, 0, JSON_COMPACT);
	char *text = len ? malloc(len + 2) : NULL;

	if (!text)
		return NULL;
	(void)json_dumpb(o, text, len, JSON_COMPACT);
	text[len] = '\n';
	text[len + 1] = '\0';
	return text;
}

char *event_agent_line(uint64_t time_ns, const char *policy_digest,
		       enum reason reason, const char *text)
{
	json_t *o = json_object();
	char *line;

	event_put_time(o, "timestamp", time_ns);
	json_object_set_new(o, "event_type", json_string("agent"));
	json_object_set_new(o, "fw",
			    json_pack("{s:s, s:s*, s:s}", "reason",
				      reason_name(reason), "policy",
				      policy_digest, "message", text));
	line = event_line(o);
	json_decref(o);
	return line;
}
