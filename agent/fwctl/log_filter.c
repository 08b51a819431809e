/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/log_filter.h"

#include "policy/base/duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_since(struct log_filter *f, time_t t)
{
	struct tm tm;

	/* The log's own clock is UTC. */
	if (gmtime_r(&t, &tm))
		(void)strftime(f->since, sizeof(f->since), "%Y-%m-%dT%H:%M:%S",
			       &tm);
}

bool log_filter_since(struct log_filter *f, const char *text, time_t now)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S",
					    "%Y-%m-%dT%H:%M",
					    "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%d %H:%M",
					    "%Y-%m-%d",
					    "%H:%M:%S",
					    "%H:%M"};
	long ago;

	if (duration_parse(text, true, &ago)) {
		put_since(f, now - ago);
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm;
		const char *rest;

		if (!localtime_r(&now, &tm))
			return false;
		tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
		rest = strptime(text, forms[i], &tm);
		if (!rest || *rest)
			continue;
		tm.tm_isdst = -1;
		put_since(f, mktime(&tm));
		return true;
	}
	return false;
}

const char *log_event_text(const json_t *event, const char *object,
			   const char *key)
{
	const json_t *o = object ? json_object_get(event, object) : event;
	const json_t *v = json_object_get(o, key);

	if (json_is_array(v))
		v = json_array_get(v, 0);
	return json_string_value(v);
}

static const struct {
	const char *object, *key;
} names[] = {{"tls", "sni"},
	     {"http", "connect"},
	     {"http", "hostname"},
	     {"socks", "target"}};

const char *log_event_name(const json_t *event)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *s =
			log_event_text(event, names[i].object, names[i].key);

		if (s)
			return s;
	}
	return NULL;
}

/* `name` is the value, or its last labels. */
static bool name_fits(struct str value, struct str name)
{
	const char *port = value.len ? memrchr(value.p, ':', value.len) : NULL;

	if (port && value.p[value.len - 1] != ']')
		value.len = (size_t)(port - value.p);
	if (str_eq_nocase(value, name))
		return true;
	return value.len > name.len &&
	       value.p[value.len - name.len - 1] == '.' &&
	       str_eq_nocase(str_skip(value, value.len - name.len), name);
}

static bool has_name(const json_t *event, const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *v = json_object_get(
			json_object_get(event, names[i].object), names[i].key);
		const json_t *item;
		size_t j;

		if (json_is_string(v) &&
		    name_fits(str_of(json_string_value(v)), str_of(name)))
			return true;
		json_array_foreach (v, j, item)
			if (json_is_string(item) &&
			    name_fits(str_of(json_string_value(item)),
				      str_of(name)))
				return true;
	}
	return false;
}

static bool address_fits(const struct iprange *r, const char *text)
{
	struct ipset set = {.items = r, .n = 1};
	struct ipaddr a;

	return text && ipaddr_parse(str_of(text), &a) == FW_OK &&
	       ipset_has(&set, &a);
}

static bool text_fits(const char *wanted, const char *is)
{
	return !wanted || (is && !strcmp(wanted, is));
}

bool log_filter_takes(const struct log_filter *f, const json_t *event)
{
	const char *when = log_event_text(event, NULL, "timestamp");

	if (*f->since &&
	    (!when || strncmp(when, f->since, strlen(f->since)) < 0))
		return false;
	if (f->by_address &&
	    !address_fits(&f->address, log_event_text(event, NULL, "src_ip")) &&
	    !address_fits(&f->address, log_event_text(event, NULL, "dest_ip")))
		return false;
	if (f->name && !has_name(event, f->name))
		return false;
	return text_fits(f->rule, log_event_text(event, "fw", "rule")) &&
	       text_fits(f->reason, log_event_text(event, "fw", "reason")) &&
	       text_fits(f->verdict,
			 log_event_text(event, "verdict", "action"));
}
