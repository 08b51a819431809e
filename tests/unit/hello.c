/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/hello.h"

static void extensions(struct bytes *b, const struct extension *ext, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += 4 + ext[i].len;
	bytes_u16(b, (unsigned)len);
	for (size_t i = 0; i < n; i++) {
		bytes_u16(b, ext[i].type);
		bytes_u16(b, (unsigned)ext[i].len);
		bytes_add(b, ext[i].data, ext[i].len);
	}
}

void hello_body(struct bytes *b, const struct hello *h)
{
	static const uint16_t usual[] = {0x1301, 0x1302};
	const uint16_t *suites = h->n_suites ? h->suites : usual;
	size_t n = h->n_suites ? h->n_suites : 2;

	bytes_u16(b, h->version ? h->version : 0x0303);
	for (unsigned i = 0; i < 32; i++)
		bytes_u8(b, i);
	bytes_u8(b, 0);
	if (h->has_cookie)
		bytes_u8(b, 0);
	bytes_u16(b, (unsigned)n * 2);
	for (size_t i = 0; i < n; i++)
		bytes_u16(b, suites[i]);
	bytes_u16(b, 0x0100);
	extensions(b, h->ext, h->n_ext);
}
