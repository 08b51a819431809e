/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SIP (RFC 3261) over UDP and TCP, by its first line: a method, an address of a
 * known kind and the version, or the version and a status.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/match.h"
#include "agent/proto/tell.h"

#define LINE_MAX_LEN 2048

struct line {
	struct reader method, uri; /* empty: a status */
};

static const char *const methods[] = {
	"REGISTER ", "INVITE ",    "ACK ",    "CANCEL ", "BYE ",
	"OPTIONS ",  "INFO ",      "PRACK ",  "UPDATE ", "MESSAGE ",
	"REFER ",    "SUBSCRIBE ", "NOTIFY ", "PUBLISH "};

static const char *const kinds[] = {"sip:", "sips:", "tel:", "urn:"};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* "INVITE sip:a@b SIP/2.0" or "SIP/2.0 200". */
static enum probe_result line_read(struct reader r, struct line *line)
{
	enum probe_result said = match_text(r, "SIP/2.0 ");
	size_t which = 0, n;

	*line = (struct line){0};
	if (said != PROBE_NO && r.left > 0)
		return said;
	said = match_any(r, methods, COUNT(methods), &which);
	if (said != PROBE_YES)
		return said;
	n = strlen(methods[which]);
	line->method = reader_sub(&r, n - 1);
	reader_skip(&r, 1);
	said = match_any(r, kinds, COUNT(kinds), &which);
	if (said != PROBE_YES)
		return said;
	n = reader_find(&r, ' ', 0);
	if (n > LINE_MAX_LEN || reader_find(&r, '\n', 0) < n)
		return PROBE_NO;
	if (n == r.left)
		return PROBE_MORE;
	line->uri = reader_sub(&r, n);
	return match_text(r, " SIP/2.0");
}

static enum probe_result sip_probe(const struct probe *first)
{
	struct line line;

	return line_read(probe_either(first), &line);
}

static enum probe_result sip_tcp_probe(const struct probe *first)
{
	struct line line;

	return line_read(first->client, &line);
}

static enum proto_result sip_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	struct line line;

	(void)state;
	(void)dir;
	if (line_read(*in, &line) == PROBE_YES) {
		tell_text(facts, FIELD_SIP_METHOD, 0, line.method);
		tell_text(facts, FIELD_SIP_URI, 0, line.uri);
	}
	return told_all(in, facts);
}

const struct proto proto_sip = {
	.name = "sip",
	.app = APP_SIP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = sip_probe,
	.feed = sip_feed,
};

const struct proto proto_sip_tcp = {
	.name = "sip",
	.app = APP_SIP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = sip_tcp_probe,
	.feed = sip_feed,
};
