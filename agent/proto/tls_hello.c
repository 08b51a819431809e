/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/tls_hello.h"

#define EXTENSION_SERVER_NAME 0
#define EXTENSION_ALPN        16
#define NAME_TYPE_HOST        0
#define SESSION_ID_MAX        32

/* One bit for each extension type there can be: a hello may hold so many that
 * comparing each with each would take its time. */
struct seen {
	uint64_t words[65536 / 64];
};

static bool seen_before(struct seen *s, uint16_t type)
{
	uint64_t bit = 1ULL << (type % 64);
	uint64_t *word = &s->words[type / 64];

	if (*word & bit)
		return true;
	*word |= bit;
	return false;
}

/* RFC 6066 3: one name of a type at most; the list and each name not empty. */
static enum fw_err server_name(struct reader body, struct tls_hello *hello)
{
	struct reader list = reader_sub(&body, reader_u16(&body));

	while (list.left > 0) {
		uint8_t type = reader_u8(&list);
		struct reader name = reader_sub(&list, reader_u16(&list));

		if (type != NAME_TYPE_HOST)
			continue;
		if (hello->has_sni || name.left == 0)
			return FW_ERR_INVAL;
		hello->has_sni = true;
		hello->sni = name;
	}
	if (!hello->has_sni || !reader_done(&list) || !reader_done(&body))
		return FW_ERR_INVAL;
	return FW_OK;
}

/* RFC 7301 3.1: neither the list nor a name is empty. */
static enum fw_err alpn(struct reader body, struct tls_hello *hello)
{
	struct reader list = reader_sub(&body, reader_u16(&body));
	struct reader names = list;

	if (list.left == 0)
		return FW_ERR_INVAL;
	while (list.left > 0)
		if (reader_sub(&list, reader_u8(&list)).left == 0)
			return FW_ERR_INVAL;
	if (!reader_done(&list) || !reader_done(&body))
		return FW_ERR_INVAL;
	hello->has_alpn = true;
	hello->alpn = names;
	return FW_OK;
}

static enum fw_err extensions(struct reader list, struct tls_hello *hello)
{
	struct seen seen = {0};
	enum fw_err err = FW_OK;

	while (list.left > 0 && err == FW_OK) {
		uint16_t type = reader_u16(&list);
		struct reader data = reader_sub(&list, reader_u16(&list));

		if (data.failed || seen_before(&seen, type))
			return FW_ERR_INVAL;
		if (type == EXTENSION_SERVER_NAME)
			err = server_name(data, hello);
		else if (type == EXTENSION_ALPN)
			err = alpn(data, hello);
	}
	return err;
}

enum fw_err tls_hello_parse(struct reader body, struct tls_hello *out_hello)
{
	struct tls_hello hello = {0};
	struct reader session, suites, compression, list;
	enum fw_err err;

	hello.version = reader_u16(&body);
	reader_skip(&body, 32); /* random */
	session = reader_sub(&body, reader_u8(&body));
	suites = reader_sub(&body, reader_u16(&body));
	compression = reader_sub(&body, reader_u8(&body));
	if (body.failed || session.left > SESSION_ID_MAX || suites.left < 2 ||
	    suites.left % 2 != 0 || compression.left == 0)
		return FW_ERR_INVAL;
	/* Before RFC 3546 there was nothing more. */
	if (body.left > 0) {
		list = reader_sub(&body, reader_u16(&body));
		if (!reader_done(&body))
			return FW_ERR_INVAL;
		err = extensions(list, &hello);
		if (err)
			return err;
	}
	*out_hello = hello;
	return FW_OK;
}
