/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_server.h"

#include "agent/proto/tls_print.h"
#include "agent/proto/tls_tell.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION_VERSIONS 43
#define RANDOM_LEN         32

/* The parts of a ServerHello that are told. */
struct parts {
	uint16_t legacy, version, suite;
	struct reader alpn;
	struct reader extensions; /* types, as they came, and their data */
};

/* RFC 8446 4.1.3: by this random a ServerHello asks for another hello. */
static bool is_retry(const uint8_t *random)
{
	static const uint8_t retry[RANDOM_LEN] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
		0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
		0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};

	return random && memcmp(random, retry, sizeof(retry)) == 0;
}

static enum fw_err extensions(struct reader list, struct parts *out)
{
	while (list.left > 0) {
		uint16_t type = reader_u16(&list);
		struct reader data = reader_sub(&list, reader_u16(&list));

		if (data.failed)
			return FW_ERR_INVAL;
		if (type == EXTENSION_VERSIONS && data.left == 2)
			out->version = reader_u16(&data);
		else if (type == TLS_EXTENSION_ALPN)
			out->alpn = reader_sub(&data, reader_u16(&data));
	}
	return FW_OK;
}

static void tell_print(const struct parts *p, struct facts *facts)
{
	struct reader list = p->extensions;
	struct tls_line line;
	char hash[TLS_JA3_LEN];

	tls_line_begin(&line);
	tls_line_number(&line, p->legacy);
	tls_line_next(&line);
	tls_line_number(&line, p->suite);
	tls_line_next(&line);
	while (list.left > 0) {
		tls_line_number(&line, reader_u16(&list));
		reader_skip(&list, reader_u16(&list));
	}
	if (tls_ja3_hash(&line, hash))
		facts_add(facts, FIELD_TLS_JA3S, 0,
			  str_mem(hash, sizeof(hash)));
}

static void tell(const struct parts *p, struct facts *facts)
{
	char room[TLS_VERSION_MAX];

	facts_add(facts, FIELD_TLS_VERSION, 0,
		  tls_version_name(p->version, room));
	(void)snprintf(room, sizeof(room), "0x%04x", p->suite);
	facts_add(facts, FIELD_TLS_CIPHER, 0, str_of(room));
	if (p->alpn.left > 0)
		tls_tell_alpn(p->alpn, FIELD_TLS_SERVER_ALPN, 0, facts);
	tell_print(p, facts);
}

enum fw_err tls_answer_tell(struct reader body, struct facts *facts,
			    struct tls_answer *out)
{
	struct parts p = {.legacy = reader_u16(&body)};
	const uint8_t *random = reader_take(&body, RANDOM_LEN);

	p.version = p.legacy;
	reader_skip(&body, reader_u8(&body)); /* session */
	p.suite = reader_u16(&body);
	reader_skip(&body, 1); /* compression */
	if (body.failed)
		return FW_ERR_INVAL;
	if (body.left > 0) {
		p.extensions = reader_sub(&body, reader_u16(&body));
		if (!reader_done(&body) || extensions(p.extensions, &p))
			return FW_ERR_INVAL;
	}
	out->version = p.version;
	out->retry = is_retry(random);
	if (!out->retry)
		tell(&p, facts);
	return FW_OK;
}
