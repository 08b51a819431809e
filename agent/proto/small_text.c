/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protocols of text over TCP that are told by the client's first line.
 *
 * IRC: RFC 2812, IRCv3's CAP.  RTSP: RFC 2326, 7826.  git: its
 * gitprotocol-pack(5).  rsync: csprotocol.txt of its sources.  NATS:
 * https://docs.nats.io/reference/reference-protocols/nats-protocol.  tinc: its
 * manual, "The meta-protocol".  Mining: the Stratum protocol, and what pools
 * for Ethereum and Monero have of it.
 */
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"
#include "agent/proto/text.h"

#define IRC_NICK_MAX 64
#define IRC_LINE_MAX 512

/* --- IRC ----------------------------------------------------------------- */

static bool is_nick(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!ascii_is_alpha(c) && !(i > 0 && ascii_is_digit(c)) &&
		    !(i > 0 && c == '-') && !strchr("[]\\`_^{|}", c))
			return false;
	}
	return s.len > 0 && s.len <= IRC_NICK_MAX;
}

/* "NICK name", "USER name mode host :real name", "CAP LS 302"; a password may
 * come before, and then one of these must stand behind it. */
static bool is_irc_line(struct str line)
{
	struct str word = text_word(&line), next;

	if (text_word_is(word, "NICK")) {
		if (line.len > 0 && line.p[0] == ':')
			line = str_skip(line, 1);
		return is_nick(text_word(&line)) && line.len == 0;
	}
	if (text_word_is(word, "CAP")) {
		next = text_word(&line);
		return text_word_is(next, "LS") || text_word_is(next, "REQ") ||
		       text_word_is(next, "END");
	}
	if (!text_word_is(word, "USER"))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (text_word(&line).len == 0)
			return false;
	return line.len > 0;
}

static enum probe_result irc_probe(const struct probe *first)
{
	static const char *const words[] = {"NICK", "USER", "CAP", "PASS",
					    NULL};
	/* Lines are short: they can be looked through again. */
	struct probe rest = {.client = first->client};
	struct str line, word;
	enum probe_result said = text_command(&rest, words, &line);

	if (said == PROBE_MORE && rest.client.left > IRC_LINE_MAX)
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	word = line;
	if (!text_word_is(text_word(&word), "PASS"))
		return is_irc_line(line) ? PROBE_YES : PROBE_NO;
	if (line.len > IRC_LINE_MAX)
		return PROBE_NO;
	reader_skip(&rest.client, reader_find(&rest.client, '\n', 0) + 1);
	said = rest.client.left > 0 ? text_command(&rest, words, &line)
				    : PROBE_MORE;
	if (said == PROBE_MORE && rest.client.left > IRC_LINE_MAX)
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	return is_irc_line(line) ? PROBE_YES : PROBE_NO;
}

static enum proto_result irc_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	bool *told = state;
	struct probe now = {.client = *in};
	struct str line, word;

	facts_layer_settle(facts, false);
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	while (in->left > 0 && text_first_line(&now, &line) == PROBE_YES) {
		word = text_word(&line);
		if (text_word_is(word, "USER")) {
			facts_add(facts, FIELD_IRC_USER, 0, text_word(&line));
			return PROTO_DONE;
		}
		if (text_word_is(word, "NICK") && !*told) {
			facts_add(facts, FIELD_IRC_NICK, 0, text_word(&line));
			*told = true;
		}
		reader_skip(in, reader_find(in, '\n', 0) + 1);
		now.client = *in;
	}
	return in->left > 0 && text_first_line(&now, &line) == PROBE_NO
		       ? PROTO_DONE
		       : PROTO_MORE;
}

/* --- RTSP ---------------------------------------------------------------- */

static bool ends_with(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.len > n && str_is(str_skip(s, s.len - n), end);
}

static enum probe_result rtsp_line(const struct probe *first, struct str *out)
{
	static const char *const words[] = {
		"OPTIONS",       "DESCRIBE", "ANNOUNCE", "SETUP",
		"PLAY",          "PAUSE",    "TEARDOWN", "GET_PARAMETER",
		"SET_PARAMETER", "REDIRECT", "RECORD",   NULL};
	enum probe_result said = text_command(first, words, out);

	if (said != PROBE_YES)
		return said;
	return ends_with(*out, " RTSP/1.0") || ends_with(*out, " RTSP/2.0")
		       ? PROBE_YES
		       : PROBE_NO;
}

static enum probe_result rtsp_probe(const struct probe *first)
{
	struct str line;

	return rtsp_line(first, &line);
}

static enum proto_result rtsp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	const struct probe now = {.client = *in};
	struct str line;

	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (rtsp_line(&now, &line) == PROBE_YES) {
		facts_add(facts, FIELD_RTSP_METHOD, 0, text_word(&line));
		facts_add(facts, FIELD_RTSP_URL, 0, text_word(&line));
	}
	return shape_named(state, dir, in, facts);
}

/* --- others -------------------------------------------------------------- */

/* The length of a line in hexadecimal, then what the daemon shall do. */
static enum probe_result git_probe(const struct probe *first)
{
	static const char *const shapes[] = {
		"30......6769742d75706c6f61642d",
		"30......6769742d726563656976652d7061636b20", NULL};

	return shape_fits_one(&first->client, shapes);
}

/* "@RSYNCD: ", from both. */
static enum probe_result rsync_probe(const struct probe *first)
{
	return shape_fits(&first->client, "405253594e43443a20");
}

static enum probe_result nats_probe(const struct probe *first)
{
	if (!text_begins(&first->server, "INFO {"))
		return PROBE_NO;
	return shape_fits(&first->client, "434f4e4e454354207b");
}

/* "0 name 17": the request to be known, a name, the protocol's version. */
static enum probe_result tinc_probe(const struct probe *first)
{
	struct str line, name;
	enum probe_result said = shape_fits(&first->client, "3020");

	if (said != PROBE_YES)
		return said;
	said = text_first_line(first, &line);
	if (said != PROBE_YES)
		return said;
	(void)text_word(&line);
	name = text_word(&line);
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
		    name.p[i] != '_')
			return PROBE_NO;
	return name.len > 0 && (str_is(line, "17") || str_starts(line, "17."))
		       ? PROBE_YES
		       : PROBE_NO;
}

static bool has(struct str line, const char *text)
{
	size_t n = strlen(text);

	for (; line.len >= n; line = str_skip(line, 1))
		if (!memcmp(line.p, text, n))
			return true;
	return false;
}

/* A call in JSON of what only miners ask for. */
static enum probe_result mining_probe(const struct probe *first)
{
	static const char *const methods[] = {"\"mining.subscribe\"",
					      "\"mining.authorize\"",
					      "\"mining.extranonce.subscribe\"",
					      "\"mining.configure\"",
					      "\"eth_submitLogin\"",
					      "\"eth_getWork\"",
					      "\"eth_submitWork\"",
					      "\"eth_submitHashrate\"",
					      "\"eth_login\"",
					      NULL};
	enum probe_result said = shape_fits(&first->client, "7b");
	struct str line;

	if (said == PROBE_YES)
		said = text_first_line(first, &line);
	if (said != PROBE_YES)
		return said;
	for (size_t i = 0; methods[i]; i++)
		if (has(line, methods[i]))
			return PROBE_YES;
	return has(line, "\"login\"") && has(line, "\"agent\"") &&
			       has(line, "\"pass\"")
		       ? PROBE_YES
		       : PROBE_NO;
}

const struct proto proto_irc = {
	.name = "irc",
	.app = APP_IRC,
	.state_size = sizeof(bool),
	.ceiling = LIMIT_TEXT_LINE + 2,
	.probe = irc_probe,
	.feed = irc_feed,
};

const struct proto proto_rtsp = {
	.name = "rtsp",
	.app = APP_RTSP,
	.state_size = 1,
	.ceiling = LIMIT_TEXT_LINE + 2,
	.probe = rtsp_probe,
	.feed = rtsp_feed,
};

SHAPE(git, APP_GIT);
SHAPE(rsync, APP_RSYNC);
SHAPE(nats, APP_NATS);
SHAPE(tinc, APP_TINC);
SHAPE(mining, APP_MINING);
