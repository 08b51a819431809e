/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_record.h"

#include "agent/limits.h"

#include <stdlib.h>
#include <string.h>

bool tls_is_header(struct reader r, size_t most)
{
	uint8_t type = reader_u8(&r), major = reader_u8(&r);

	if (r.failed || type < TLS_RECORD_CCS || type > TLS_RECORD_DATA)
		return r.failed;
	reader_skip(&r, 1);
	return major == 3 && reader_u16(&r) <= most;
}

bool tls_skip_record(struct reader *in)
{
	struct reader r = *in;

	reader_skip(&r, 3);
	reader_skip(&r, reader_u16(&r));
	if (r.failed)
		return false;
	*in = r;
	return true;
}

/* Bytes of a message with its header, or 0 when not known yet. */
static size_t size_of(const struct tls_messages *m)
{
	struct reader h = reader_of(m->header, sizeof(m->header));

	if (m->handshake < TLS_HANDSHAKE_HEADER)
		return 0;
	reader_skip(&h, 1);
	return TLS_HANDSHAKE_HEADER + reader_u24(&h);
}

/* Note bytes of the message's header, which may be spread over records. */
static void note(struct tls_messages *m, struct reader payload)
{
	size_t at = m->handshake;

	m->handshake += (uint32_t)payload.left;
	while (payload.left > 0 && at < TLS_HANDSHAKE_HEADER)
		m->header[at++] = reader_u8(&payload);
}

/* Step over the record that `rest` begins with. */
static enum tls_step walk(struct tls_messages *m, struct reader *rest)
{
	struct reader r = *rest, payload;
	uint8_t type = reader_u8(&r), major = reader_u8(&r);
	size_t len;

	if (rest->left >= 1 && type != TLS_RECORD_HANDSHAKE)
		return m->handshake > 0 || m->walked > 0 ? TLS_STEP_BAD
							 : TLS_STEP_OTHER;
	if (rest->left >= 2 && major != 3)
		return TLS_STEP_BAD;
	reader_skip(&r, 1);
	len = reader_u16(&r);
	if (len > TLS_RECORD_MAX)
		return TLS_STEP_BAD;
	payload = reader_sub(&r, len);
	if (payload.failed)
		return TLS_STEP_MORE;
	if (len == 0 && ++m->empty > LIMIT_TLS_EMPTY_RECORDS)
		return TLS_STEP_BAD;
	note(m, payload);
	m->walked += (uint32_t)(TLS_RECORD_HEADER + len);
	*rest = r;
	return TLS_STEP_MESSAGE;
}

/* What is left of a record that held an earlier message. */
static void walk_rest(struct tls_messages *m, const struct reader *in)
{
	struct reader r = *in;

	if (m->walked > 0 || m->rest == 0)
		return;
	note(m, reader_sub(&r, m->rest));
	m->walked = m->rest;
}

/* Copy n handshake bytes; the records are all there. */
static void join(const struct tls_messages *m, struct reader records,
		 uint8_t *to, size_t n)
{
	size_t len = m->rest;

	for (size_t at = 0; at < n && !records.failed; at += len) {
		const uint8_t *p;

		if (at > 0 || m->rest == 0) {
			reader_skip(&records, 3);
			len = reader_u16(&records);
		}
		if (len > n - at)
			len = n - at;
		p = reader_take(&records, len);
		if (len > 0)
			memcpy(&to[at], p, len);
	}
}

/* The message, whose records are walked, out of the input. */
static enum tls_step take(struct tls_messages *m, struct reader *in, size_t n,
			  struct tls_message *out)
{
	struct reader records = reader_sub(in, m->walked - (m->handshake - n));
	size_t headers = records.left - n;

	*out = (struct tls_message){.type = m->header[0]};
	if (headers == 0 || (m->rest == 0 && headers == TLS_RECORD_HEADER)) {
		reader_skip(&records, headers);
		out->body = records;
	} else {
		out->joined = malloc(n);
		if (!out->joined)
			return TLS_STEP_BAD;
		join(m, records, out->joined, n);
		out->body = reader_of(out->joined, n);
	}
	reader_skip(&out->body, TLS_HANDSHAKE_HEADER);
	m->rest = (uint32_t)(m->handshake - n);
	m->walked = m->handshake = 0;
	return TLS_STEP_MESSAGE;
}

enum tls_step tls_next(struct tls_messages *m, struct reader *in, size_t most,
		       struct tls_message *out)
{
	struct reader rest = *in;
	size_t size;

	walk_rest(m, in);
	reader_skip(&rest, m->walked);
	while ((size = size_of(m)) == 0 || m->handshake < size) {
		enum tls_step step;

		if (size > most)
			return TLS_STEP_BAD;
		step = walk(m, &rest);
		if (step != TLS_STEP_MESSAGE)
			return step;
	}
	return size > most ? TLS_STEP_BAD : take(m, in, size, out);
}
