/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_tell.h"

#include "agent/proto/tls_brief.h"
#include "agent/proto/tls_print.h"
#include "policy/base/strbuf.h"

#include <stdio.h>
#include <string.h>

/* What ALPN and versions of a usual hello come to. */
#define TEXT_USUAL 128

/* A second hello repeats the first but for what the server asked: what is the
 * same is told once. */
static void tell(struct facts *facts, enum field field, unsigned message,
		 struct str value)
{
	if (message > 0 &&
	    str_eq(facts_get(facts, field, facts->n_layers - 1), value))
		return;
	facts_add(facts, field, message, value);
}

/* Names behind length bytes: commas in the place of all these but the first. */
static void alpn_join(struct reader names, struct strbuf *out)
{
	size_t n = reader_u8(&names), left = names.left;

	strbuf_add(out, str_mem(reader_take(&names, left), left));
	while (n < out->len) {
		size_t next = n + 1 + (uint8_t)out->p[n];

		out->p[n] = ',';
		n = next;
	}
}

void tls_tell_alpn(struct reader names, enum field field, unsigned message,
		   struct facts *facts)
{
	struct strbuf joined;
	char text[TEXT_USUAL];

	strbuf_init_in(&joined, text, sizeof(text), LIMIT_TLS_HELLO);
	alpn_join(names, &joined);
	tell(facts, field, message, str_mem(strbuf_text(&joined), joined.len));
	strbuf_done(&joined);
}

struct str tls_version_name(uint16_t version, char room[TLS_VERSION_MAX])
{
	static const struct {
		uint16_t version;
		const char *name;
	} names[] = {
		{0x0304, "TLS 1.3"},  {0x0303, "TLS 1.2"},
		{0x0302, "TLS 1.1"},  {0x0301, "TLSv1"},
		{0x0300, "SSLv3"},    {0x0002, "SSLv2"},
		{0xfeff, "DTLS 1.0"}, {0xfefd, "DTLS 1.2"},
		{0xfefc, "DTLS 1.3"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].version == version)
			return str_of(names[i].name);
	(void)snprintf(room, TLS_VERSION_MAX, "0x%04x", version);
	return str_of(room);
}

static void versions_join(const struct tls_hello *hello, struct strbuf *out)
{
	struct reader list = hello->versions;
	char room[TLS_VERSION_MAX];

	if (list.left < 2)
		strbuf_add(out, tls_version_name(hello->version, room));
	while (list.left > 1) {
		uint16_t v = reader_u16(&list);

		if (tls_is_grease(v))
			continue;
		if (out->len > 0)
			strbuf_addz(out, ",");
		strbuf_add(out, tls_version_name(v, room));
	}
}

/* As tell(), of what is made later. */
static void tell_beside(struct facts *facts, const struct fact_value *brief,
			enum field field, struct str value)
{
	if (brief->message > 0 &&
	    str_eq(facts_get(facts, field, brief->layer), value))
		return;
	facts_add_beside(facts, brief, field, value);
}

static void make_of_brief(struct facts *facts, const struct fact_value *brief)
{
	char ja3[TLS_JA3_LEN], ja4[TLS_JA4_LEN], text[TEXT_USUAL];
	struct tls_hello hello;
	struct strbuf versions;
	enum tls_over over;
	struct tls_line line;

	tls_brief_read(brief->value, &hello, &over);
	strbuf_init_in(&versions, text, sizeof(text), LIMIT_TLS_HELLO);
	versions_join(&hello, &versions);
	tell_beside(facts, brief, FIELD_TLS_CLIENT_VERSIONS,
		    str_mem(strbuf_text(&versions), versions.len));
	strbuf_done(&versions);
	tls_ja3_line(&hello, &line);
	if (tls_ja3_hash(&line, ja3)) {
		tell_beside(facts, brief, FIELD_TLS_JA3,
			    str_mem(ja3, sizeof(ja3)));
		tell_beside(facts, brief, FIELD_TLS_JA3_STRING,
			    str_mem(line.text, line.len));
	}
	if (tls_ja4(&hello, over, ja4))
		tell_beside(facts, brief, FIELD_TLS_JA4,
			    str_mem(ja4, sizeof(ja4)));
}

void tls_parsed_tell(const struct tls_hello *hello, enum tls_over over,
		     unsigned message, struct facts *facts)
{
	static const char *const ech[] = {
		[TLS_ECH_OUTER] = "outer",
		[TLS_ECH_INNER] = "inner",
		[TLS_ECH_ESNI] = "esni",
		[TLS_ECH_OTHER] = "other",
	};
	uint8_t room[TLS_BRIEF_MAX];
	struct reader sni = hello->sni;
	size_t n = sni.left;

	if (hello->has_sni)
		tell(facts, FIELD_TLS_SNI, message,
		     str_mem(reader_take(&sni, n), n));
	if (hello->has_alpn)
		tls_tell_alpn(hello->alpn, FIELD_TLS_ALPN, message, facts);
	if (hello->ech != TLS_ECH_NONE)
		tell(facts, FIELD_TLS_ECH, message, str_of(ech[hello->ech]));
	facts_add_unmade(facts, make_of_brief, message,
			 tls_brief_write(hello, over, room));
}

enum fw_err tls_hello_tell(struct reader body, enum tls_over over,
			   unsigned message, struct facts *facts)
{
	struct tls_hello hello;
	enum fw_err err = tls_hello_parse(body, over, &hello);

	if (!err)
		tls_parsed_tell(&hello, over, message, facts);
	return err;
}

static bool alpn_is_told(const struct tls_hello *hello,
			 const struct facts *facts, unsigned layer)
{
	struct strbuf joined;
	char text[TEXT_USUAL];
	bool told;

	strbuf_init_in(&joined, text, sizeof(text), LIMIT_TLS_HELLO);
	if (hello->has_alpn)
		alpn_join(hello->alpn, &joined);
	told = str_eq(facts_get(facts, FIELD_TLS_ALPN, layer),
		      str_mem(strbuf_text(&joined), joined.len));
	strbuf_done(&joined);
	return told;
}

bool tls_hello_is_told(const struct tls_hello *hello, const struct facts *facts)
{
	unsigned layer = facts->n_layers - 1U;
	struct reader sni = hello->sni;
	size_t n = hello->has_sni ? sni.left : 0;

	return str_eq(facts_get(facts, FIELD_TLS_SNI, layer),
		      str_mem(reader_take(&sni, n), n)) &&
	       alpn_is_told(hello, facts, layer);
}

enum fw_err tls_hello_tell_again(struct reader body, enum tls_over over,
				 unsigned message, struct facts *facts)
{
	static _Thread_local uint8_t copy[LIMIT_TLS_AGAIN];
	size_t n = body.left;

	if (n > sizeof(copy))
		return FW_ERR_LIMIT;
	/* It may be where what is forgotten was. */
	memcpy(copy, reader_take(&body, n), n);
	facts_layer_again(facts);
	return tls_hello_tell(reader_of(copy, n), over, message, facts);
}
