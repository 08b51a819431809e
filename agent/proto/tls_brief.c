/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_brief.h"

#include <stddef.h>
#include <string.h>

/* Lists as on the wire, each behind its length. */
static const size_t lists[] = {
	offsetof(struct tls_hello, suites),
	offsetof(struct tls_hello, groups),
	offsetof(struct tls_hello, point_formats),
	offsetof(struct tls_hello, signatures),
	offsetof(struct tls_hello, versions),
	offsetof(struct tls_hello, alpn),
};

static uint8_t *put_u16(uint8_t *at, size_t v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

static uint8_t *put_list(uint8_t *at, struct reader list)
{
	size_t n = list.left < TLS_BRIEF_LIST ? list.left : TLS_BRIEF_LIST;

	at = put_u16(at, n);
	if (n)
		memcpy(at, reader_take(&list, n), n);
	return at + n;
}

struct str tls_brief_write(const struct tls_hello *hello, enum tls_over over,
			   uint8_t room[TLS_BRIEF_MAX])
{
	uint8_t *at = room;

	*at++ = (uint8_t)over;
	*at++ = hello->has_sni;
	at = put_u16(at, hello->version);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		at = put_list(at, *(const struct reader *)((const char *)hello +
							   lists[i]));
	for (unsigned i = 0; i < hello->n_extensions; i++)
		at = put_u16(at, hello->extensions[i]);
	return str_mem(room, (size_t)(at - room));
}

void tls_brief_read(struct str brief, struct tls_hello *out_hello,
		    enum tls_over *out_over)
{
	struct reader in = reader_of(brief.p, brief.len);
	struct tls_hello *h = out_hello;

	*out_over = (enum tls_over)reader_u8(&in);
	h->has_sni = reader_u8(&in);
	h->version = reader_u16(&in);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		*(struct reader *)((char *)h + lists[i]) =
			reader_sub(&in, reader_u16(&in));
	h->n_extensions = 0;
	while (in.left > 1 && h->n_extensions < LIMIT_TLS_EXTENSIONS)
		h->extensions[h->n_extensions++] = reader_u16(&in);
}
