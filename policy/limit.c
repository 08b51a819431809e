/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/limit.h"

#include <stdio.h>

static const struct {
	const char *name;
	uint32_t seconds;
} units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};

const char *limit_unit(uint32_t seconds)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].seconds == seconds)
			return units[i].name;
	return "";
}

static bool parse_number(struct str s, uint32_t *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]) || n > LIMIT_MOST)
			return false;
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	}
	*out = n;
	return n > 0 && n <= LIMIT_MOST;
}

static uint32_t unit_of(struct str name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (str_is(name, units[i].name))
			return units[i].seconds;
	return 0;
}

/* "burst 5", "per source", "in all", each at most once. */
static bool parse_rest(struct str rest, struct limit *out)
{
	bool scope = false;

	while (rest.len) {
		struct str first = str_cut(&rest, ' ');
		struct str second = str_cut(&rest, ' ');
		bool per = str_is(first, "per") && str_is(second, "source");
		bool all = str_is(first, "in") && str_is(second, "all");

		if (str_is(first, "burst") && out->seconds && !out->burst) {
			if (!parse_number(second, &out->burst))
				return false;
		} else if ((per || all) && !scope) {
			out->per_source = per;
			scope = true;
		} else {
			return false;
		}
	}
	return true;
}

const char *limit_parse_rate(struct str text, struct limit *out)
{
	struct str rate = str_cut(&text, ' ');
	struct str number = str_cut(&rate, '/');
	struct limit l = {.seconds = unit_of(rate)};

	if (!parse_number(number, &l.n) || !l.seconds || !parse_rest(text, &l))
		return "expected as many per second, minute, hour or day: "
		       "\"20/minute\", and then \"burst 5\" or \"per source\"";
	if (!l.burst)
		l.burst = LIMIT_BURST_DEFAULT;
	*out = l;
	return NULL;
}

const char *limit_parse_count(struct str text, struct limit *out)
{
	struct limit l = {.per_source = true};

	if (!parse_number(str_cut(&text, ' '), &l.n) || !parse_rest(text, &l))
		return "expected as many at once: \"50 per source\" or \"50 in "
		       "all\"";
	*out = l;
	return NULL;
}

const char *limit_print(const struct limit *limit, char *buf)
{
	const char *scope = limit->per_source ? "per source" : "in all";

	if (limit->seconds)
		(void)snprintf(buf, LIMIT_TEXT_MAX, "%u/%s burst %u %s",
			       limit->n, limit_unit(limit->seconds),
			       limit->burst, scope);
	else
		(void)snprintf(buf, LIMIT_TEXT_MAX, "%u %s", limit->n, scope);
	return buf;
}
