/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SSDP (UPnP Device Architecture 1.1, 1) and syslog (RFC 3164, RFC 5424, over
 * TCP RFC 6587), by how their text begins. */
#include "agent/proto/datagram.h"
#include "agent/proto/match.h"

/* --- SSDP ---------------------------------------------------------------- */

/* A header that only answers to a search have begins a line. */
static bool has_search_target(struct reader r)
{
	static const char *const names[] = {"\nst:", "\nusn:"};

	for (size_t i = 0; i < r.left; i++) {
		struct reader at = r;

		reader_skip(&at, i);
		if (reader_peek(&at, 0) != '\n')
			continue;
		for (size_t k = 0; k < 2; k++) {
			const char *want = names[k];
			size_t n = 0;

			while (want[n] && ascii_lower((char)reader_peek(
						  &at, n)) == want[n])
				n++;
			if (!want[n])
				return true;
		}
	}
	return false;
}

static enum probe_result ssdp_probe(const struct probe *first)
{
	static const char *const requests[] = {"M-SEARCH * HTTP/1.",
					       "NOTIFY * HTTP/1."};
	struct reader r = probe_either(first);
	size_t which;

	if (match_any(r, requests, 2, &which) == PROBE_YES)
		return PROBE_YES;
	return probe_yes_if(match_text(r, "HTTP/1.1 200 ") == PROBE_YES &&
			    has_search_target(r));
}

/* --- syslog -------------------------------------------------------------- */

#define PRIORITY_MAX 191

/* "<13>" and text behind it. */
static enum probe_result priority_read(struct reader r)
{
	unsigned priority = 0, digits = 0;

	if (r.left == 0)
		return PROBE_MORE;
	if (reader_u8(&r) != '<')
		return PROBE_NO;
	while (r.left > 0 && ascii_is_digit((char)reader_peek(&r, 0))) {
		priority = priority * 10 + (reader_u8(&r) - '0');
		if (++digits > 3 || priority > PRIORITY_MAX)
			return PROBE_NO;
	}
	if (r.left == 0)
		return PROBE_MORE;
	if (digits == 0 || reader_u8(&r) != '>')
		return PROBE_NO;
	if (r.left == 0)
		return PROBE_MORE;
	return probe_yes_if(reader_peek(&r, 0) >= 0x20 &&
			    reader_peek(&r, 0) != 0x7f);
}

static enum probe_result syslog_probe(const struct probe *first)
{
	return priority_read(probe_either(first));
}

/* The length of the message may stand before it. */
static enum probe_result syslog_tcp_probe(const struct probe *first)
{
	struct reader r = first->client;
	unsigned digits = 0;

	while (digits < 5 && ascii_is_digit((char)reader_peek(&r, digits)))
		digits++;
	if (digits > 0) {
		if (reader_peek(&r, 0) == '0')
			return PROBE_NO;
		if (digits == r.left)
			return PROBE_MORE;
		if (reader_peek(&r, digits) != ' ')
			return PROBE_NO;
		reader_skip(&r, digits + 1);
	}
	return priority_read(r);
}

const struct proto proto_ssdp = {
	.name = "ssdp",
	.app = APP_SSDP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = ssdp_probe,
	.feed = feed_nothing,
};

const struct proto proto_syslog = {
	.name = "syslog",
	.app = APP_SYSLOG,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = syslog_probe,
	.feed = feed_nothing,
};

const struct proto proto_syslog_tcp = {
	.name = "syslog",
	.app = APP_SYSLOG,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = syslog_tcp_probe,
	.feed = feed_nothing,
};
