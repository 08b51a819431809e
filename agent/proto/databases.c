/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Databases that are told by the client's first message, and of which nothing
 * else is told.
 *
 * Redis: https://redis.io/docs/reference/protocol-spec.  Memcached: its
 * doc/protocol.txt and binary protocol.  MongoDB: its wire protocol
 * specification.  Cassandra: native_protocol_v4.spec and _v5.spec, 2.
 * Oracle's TNS has no published one; CONNECT is as its clients send it.
 */
#include "agent/proto/shape.h"
#include "agent/proto/text.h"

#define REDIS_DIGITS      7
#define REDIS_COMMAND_MAX 32
/* Of a first message. */
#define MONGODB_MOST       4096
#define MEMCACHED_HEADER   24
#define MEMCACHED_OPCODE   0x25
#define MEMCACHED_BODY_MAX 0x100000
#define CASSANDRA_STARTUP  1
#define CASSANDRA_OPTIONS  5
#define TNS_VERSION_LOW    300
#define TNS_VERSION_HIGH   320

/* A mark, a number in decimal, a line's end; `r` goes on behind it. */
static enum probe_result redis_number(struct reader *r, char mark,
				      uint32_t *out)
{
	size_t digits = 0;

	*out = 0;
	if (r->left > 0 && reader_u8(r) != (uint8_t)mark)
		return PROBE_NO;
	for (; r->left > 0 && ascii_is_digit((char)reader_peek(r, 0)); digits++)
		*out = *out * 10 + (uint32_t)(reader_u8(r) - '0');
	if (digits > REDIS_DIGITS || (digits == 0 && r->left > 0))
		return PROBE_NO;
	return shape_fits(r, "0d0a");
}

/* "*2\r\n$3\r\nGET\r\n...": a number of texts, of which the first is a word. */
static enum probe_result redis_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint32_t n, len;
	enum probe_result said = redis_number(&r, '*', &n);

	if (said != PROBE_YES || n == 0)
		return said == PROBE_YES ? PROBE_NO : said;
	reader_skip(&r, 2);
	said = redis_number(&r, '$', &len);
	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 2);
	if (len == 0 || len > REDIS_COMMAND_MAX)
		return PROBE_NO;
	for (size_t i = 0; i < len && i < r.left; i++) {
		char c = (char)reader_peek(&r, i);

		if (!ascii_is_alpha(c) && c != '.' && c != '_' && c != '-' &&
		    !(i > 0 && ascii_is_digit(c)))
			return PROBE_NO;
	}
	return shape_when(&r, len, true);
}

static bool are_numbers(struct str line, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct str word = text_word(&line);

		if (word.len == 0 || word.len > 10)
			return false;
		for (size_t k = 0; k < word.len; k++)
			if (!ascii_is_digit(word.p[k]))
				return false;
	}
	return line.len == 0 || str_is(line, "noreply");
}

/* "stats", "set key flags time bytes"; what others could say as well ("get
 * key", "version", "quit") is not enough. */
static enum probe_result memcached_text(const struct probe *first)
{
	static const char *const words[] = {
		"stats", "set", "add", "replace", "append", "prepend", NULL};
	enum probe_result said;
	struct str line, word;

	said = text_command(first, words, &line);
	if (said != PROBE_YES)
		return said;
	word = text_word(&line);
	if (str_is(word, "stats"))
		return line.len == 0 ? PROBE_YES : PROBE_NO;
	(void)text_word(&line);
	return are_numbers(line, 3) ? PROBE_YES : PROBE_NO;
}

static enum probe_result memcached_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint16_t key;
	uint8_t opcode, extras;
	uint32_t body;

	if (first->server.left > 0)
		return PROBE_NO;
	if (reader_peek(&r, 0) != 0x80)
		return memcached_text(first);
	reader_skip(&r, 1);
	opcode = reader_u8(&r);
	if (opcode > MEMCACHED_OPCODE)
		return PROBE_NO;
	key = reader_u16(&r);
	if (key > 250)
		return PROBE_NO;
	extras = reader_u8(&r);
	if (extras > 20 || reader_u8(&r) != 0)
		return PROBE_NO;
	reader_skip(&r, 2);
	body = reader_u32(&r);
	if (!r.failed &&
	    (body < 0u + key + extras || body > MEMCACHED_BODY_MAX ||
	     (key == 0 && extras == 0 && body > 0)))
		return PROBE_NO;
	return shape_when(&first->client, MEMCACHED_HEADER, true);
}

/* Length, number, no number that is answered, operation; then of a query its
 * flags and collection, of a message its flags and a kind of section. */
static enum probe_result mongodb_probe(const struct probe *first)
{
	static const char *const shapes[] = {
		"................00000000d4070000", /* OP_QUERY */
		"................ffffffffd4070000",
		"................00000000dd070000", /* OP_MSG */
		"................ffffffffdd070000",
		"................00000000dc070000", /* OP_COMPRESSED */
		NULL};
	struct reader r = first->client;
	enum probe_result said = shape_fits_one(&r, shapes);
	uint32_t len = reader_le32(&r), operation, flags;

	if (first->client.left >= 4 && (len < 21 || len > MONGODB_MOST))
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 8);
	operation = reader_le32(&r);
	flags = reader_le32(&r);
	if (operation > 2013)
		return PROBE_NO;
	if (r.left == 0)
		return PROBE_MORE;
	if (operation == 2012)
		return flags == 2004 || flags == 2013 ? PROBE_YES : PROBE_NO;
	if (operation == 2004)
		return flags < 0x100 && reader_peek(&r, 0) > ' ' ? PROBE_YES
								 : PROBE_NO;
	return (flags & 0xfffefffc) == 0 && reader_peek(&r, 0) <= 1 ? PROBE_YES
								    : PROBE_NO;
}

/* Version, flags, stream, operation, length: it begins with OPTIONS, which has
 * nothing, or STARTUP, a map of texts.  The first two versions have a shorter
 * stream. */
static enum probe_result cassandra_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint8_t version = reader_u8(&r), operation;
	uint32_t len;

	/* Among nodes. */
	if (version == 0xca)
		return shape_fits(&first->client, "ca552dfa");
	if (version == 0 || version > 6)
		return PROBE_NO;
	if (r.left > 0 && reader_peek(&r, 0) > 0x10)
		return PROBE_NO;
	reader_skip(&r, version < 3 ? 2 : 3);
	operation = reader_u8(&r);
	if (!r.failed && operation != CASSANDRA_STARTUP &&
	    operation != CASSANDRA_OPTIONS)
		return PROBE_NO;
	len = reader_u32(&r);
	if (r.failed)
		return PROBE_MORE;
	if (operation == CASSANDRA_OPTIONS)
		return len == 0 ? PROBE_YES : PROBE_NO;
	/* At least one key, in capitals. */
	if (len < 22 || len > 4096)
		return PROBE_NO;
	reader_skip(&r, 4);
	if (!r.failed && r.left == 0)
		return PROBE_MORE;
	return r.failed ? PROBE_MORE
	       : reader_peek(&r, 0) >= 'A' && reader_peek(&r, 0) <= 'Z'
		       ? PROBE_YES
		       : PROBE_NO;
}

/* Length, no checksum, CONNECT, versions. */
static enum probe_result oracle_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said = shape_fits(&r, "....000001..0000........");
	uint16_t len = reader_u16(&r), version, oldest;

	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 6);
	version = reader_u16(&r);
	oldest = reader_u16(&r);
	return len >= 34 && version >= TNS_VERSION_LOW &&
			       version <= TNS_VERSION_HIGH &&
			       oldest >= TNS_VERSION_LOW && oldest <= version
		       ? PROBE_YES
		       : PROBE_NO;
}

SHAPE(redis, APP_REDIS);
SHAPE(memcached, APP_MEMCACHED);
SHAPE(mongodb, APP_MONGODB);
SHAPE(cassandra, APP_CASSANDRA);
SHAPE(oracle, APP_ORACLE);
