/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_print.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#define VERSION_DTLS 0xfe /* first byte of all; they count down */
#define JA4_MOST     99   /* two digits */
#define JA4_DIGEST   12   /* of the digest's hexadecimal digits */

static const char hex[] = "0123456789abcdef";

/* Looked up once: each look-up takes as long as the digest itself. */
enum digest { DIGEST_MD5, DIGEST_SHA256, DIGEST_COUNT };

static EVP_MD *digests[DIGEST_COUNT];

static void fetch(void)
{
	digests[DIGEST_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
	digests[DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static bool digest_hex(enum digest which, const struct tls_line *line,
		       char *out, size_t digits)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint8_t digest[EVP_MAX_MD_SIZE];

	(void)pthread_once(&once, fetch);
	if (line->full || !digests[which] ||
	    EVP_Digest(line->text, line->len, digest, NULL, digests[which],
		       NULL) != 1)
		return false;
	for (size_t i = 0; i < digits; i++)
		out[i] = hex[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return true;
}

/* Not all of it: that would take as long as the rest. */
void tls_line_begin(struct tls_line *line)
{
	line->len = 0;
	line->full = false;
}

static void add(struct tls_line *line, const char *p, size_t n)
{
	if (n > sizeof(line->text) - line->len) {
		line->full = true;
		return;
	}
	memcpy(&line->text[line->len], p, n);
	line->len += n;
}

static void add_decimal(struct tls_line *line, unsigned v)
{
	char digits[8];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	add(line, &digits[at], sizeof(digits) - at);
}

static void add_hex(struct tls_line *line, uint16_t v)
{
	const char digits[4] = {hex[v >> 12], hex[v >> 8 & 15],
				hex[v >> 4 & 15], hex[v & 15]};

	add(line, digits, sizeof(digits));
}

bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

void tls_line_number(struct tls_line *line, unsigned v)
{
	if (line->len > 0 && line->text[line->len - 1] != ',')
		add(line, "-", 1);
	add_decimal(line, v);
}

void tls_line_next(struct tls_line *line)
{
	add(line, ",", 1);
}

/* One part of a JA3 line: numbers of two bytes each. */
static void ja3_part(struct tls_line *line, struct reader list)
{
	tls_line_next(line);
	while (list.left > 1 && !line->full) {
		uint16_t v = reader_u16(&list);

		if (!tls_is_grease(v))
			tls_line_number(line, v);
	}
}

void tls_ja3_line(const struct tls_hello *hello, struct tls_line *out)
{
	struct reader formats = hello->point_formats;

	tls_line_begin(out);
	tls_line_number(out, hello->version);
	ja3_part(out, hello->suites);
	tls_line_next(out);
	for (unsigned i = 0; i < hello->n_extensions; i++)
		if (!tls_is_grease(hello->extensions[i]))
			tls_line_number(out, hello->extensions[i]);
	ja3_part(out, hello->groups);
	tls_line_next(out);
	while (formats.left > 0)
		tls_line_number(out, reader_u8(&formats));
}

bool tls_ja3_hash(const struct tls_line *line, char out[TLS_JA3_LEN])
{
	return digest_hex(DIGEST_MD5, line, out, TLS_JA3_LEN);
}

/* Numbers in hexadecimal with commas between. */
static void add_list(struct tls_line *line, const uint16_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			add(line, ",", 1);
		add_hex(line, values[i]);
	}
}

static bool ja4_digest(const struct tls_line *line, char *out)
{
	if (line->len == 0) {
		memset(out, '0', JA4_DIGEST);
		return true;
	}
	return digest_hex(DIGEST_SHA256, line, out, JA4_DIGEST);
}

/* Least first.  For lists of tens: hellos hold few. */
static void sort(uint16_t *values, unsigned n)
{
	static const unsigned gaps[] = {301, 132, 57, 23, 10, 4, 1};

	/* Tens of them, as in a usual hello, are as fast in one go. */
	for (size_t g = n < 40 ? sizeof(gaps) / sizeof(*gaps) - 1 : 0;
	     g < sizeof(gaps) / sizeof(*gaps); g++)
		for (unsigned gap = gaps[g], i = gap; i < n; i++) {
			uint16_t v = values[i];
			unsigned at = i;

			for (; at >= gap && values[at - gap] > v; at -= gap)
				values[at] = values[at - gap];
			values[at] = v;
		}
}

/* Cipher suites, sorted; false when there are too many. */
static bool ja4_suites(const struct tls_hello *hello, char *out, unsigned *n)
{
	uint16_t suites[LIMIT_TLS_FINGERPRINT / 4];
	struct reader list = hello->suites;
	struct tls_line line;

	tls_line_begin(&line);
	*n = 0;
	while (list.left > 1) {
		uint16_t v = reader_u16(&list);

		if (tls_is_grease(v))
			continue;
		if (*n == sizeof(suites) / sizeof(*suites))
			return false;
		suites[(*n)++] = v;
	}
	sort(suites, *n);
	add_list(&line, suites, *n);
	return ja4_digest(&line, out);
}

/* Extensions, sorted, without those that tell who is called; behind them the
 * signature algorithms as they came. */
static bool ja4_extensions(const struct tls_hello *hello, char *out,
			   unsigned *n)
{
	uint16_t types[LIMIT_TLS_EXTENSIONS];
	struct reader list = hello->signatures;
	struct tls_line line;
	const char *before = "_";
	unsigned hashed = 0;

	tls_line_begin(&line);
	*n = 0;
	for (unsigned i = 0; i < hello->n_extensions; i++) {
		uint16_t v = hello->extensions[i];

		if (tls_is_grease(v))
			continue;
		(*n)++;
		if (v != TLS_EXTENSION_SERVER_NAME && v != TLS_EXTENSION_ALPN)
			types[hashed++] = v;
	}
	sort(types, hashed);
	add_list(&line, types, hashed);
	while (list.left > 1 && !line.full) {
		uint16_t v = reader_u16(&list);

		if (tls_is_grease(v))
			continue;
		add(&line, before, 1);
		add_hex(&line, v);
		before = ",";
	}
	return ja4_digest(&line, out);
}

uint16_t tls_highest_version(const struct tls_hello *hello)
{
	struct reader list = hello->versions;
	uint16_t best = 0;

	while (list.left > 1) {
		uint16_t v = reader_u16(&list);

		if (tls_is_grease(v))
			continue;
		if (best == 0 || (v >> 8 == VERSION_DTLS ? v < best : v > best))
			best = v;
	}
	return best ? best : hello->version;
}

static void ja4_version(const struct tls_hello *hello, char *out)
{
	static const struct {
		uint16_t version;
		char name[3];
	} names[] = {
		{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"},
		{0x0301, "10"}, {0x0300, "s3"}, {0x0002, "s2"},
		{0xfeff, "d1"}, {0xfefd, "d2"}, {0xfefc, "d3"},
	};
	uint16_t version = tls_highest_version(hello);

	out[0] = out[1] = '0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].version == version)
			memcpy(out, names[i].name, 2);
}

static bool is_alnum(uint8_t c)
{
	return ascii_is_digit((char)c) || ascii_is_alpha((char)c);
}

/* First and last character of the first name, or of its hexadecimal digits
 * where they are no letters or digits. */
static void ja4_alpn(const struct tls_hello *hello, char *out)
{
	struct reader names = hello->alpn;
	struct reader name = reader_sub(&names, reader_u8(&names));
	uint8_t first, last;

	out[0] = out[1] = '0';
	if (name.left == 0)
		return;
	first = reader_peek(&name, 0);
	last = reader_peek(&name, name.left - 1);
	if (is_alnum(first) && is_alnum(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = hex[first >> 4];
		out[1] = hex[last & 15];
	}
}

static void two_digits(char *out, unsigned n)
{
	if (n > JA4_MOST)
		n = JA4_MOST;
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

bool tls_ja4(const struct tls_hello *hello, enum tls_over over,
	     char out[TLS_JA4_LEN])
{
	unsigned n_suites, n_extensions;

	out[0] = over == TLS_OVER_QUIC   ? 'q'
		 : over == TLS_OVER_DTLS ? 'd'
					 : 't';
	ja4_version(hello, &out[1]);
	out[3] = hello->has_sni ? 'd' : 'i';
	out[10] = '_';
	out[23] = '_';
	if (!ja4_suites(hello, &out[11], &n_suites) ||
	    !ja4_extensions(hello, &out[24], &n_extensions))
		return false;
	two_digits(&out[4], n_suites);
	two_digits(&out[6], n_extensions);
	ja4_alpn(hello, &out[8]);
	return true;
}
