/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ClientHello by RFC 8446 4.1.2, RFC 6347 4.2.1 (DTLS: a cookie stands
 * between the session and the cipher suites), RFC 6066 3 (server_name), RFC
 * 7301 (ALPN) and RFC 9849 (encrypted hellos).
 *
 * What a decision stands on (name, ALPN) is taken strictly: a server that reads
 * it otherwise than we do would be reached under another name.  The lists that
 * only fingerprints are made of are taken as far as they fit.
 */
#include "agent/proto/tls_hello.h"

#include <string.h>

#define EXTENSION_GROUPS        10
#define EXTENSION_POINT_FORMATS 11
#define EXTENSION_SIGNATURES    13
#define EXTENSION_VERSIONS      43
#define EXTENSION_ECH           0xfe0d
#define EXTENSION_ESNI          0xffce /* drafts up to 6 */
#define NAME_TYPE_HOST          0
#define RANDOM_LEN              32
#define SESSION_ID_MAX          32

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

/* RFC 9849 5: what GREASE (6.2) sends has the same form. */
static enum tls_ech ech(struct reader body)
{
	uint8_t type = reader_u8(&body);

	if (type == 1)
		return reader_done(&body) ? TLS_ECH_INNER : TLS_ECH_OTHER;
	reader_skip(&body, 5); /* cipher suite, config id */
	reader_skip(&body, reader_u16(&body));
	if (type != 0 || reader_sub(&body, reader_u16(&body)).left == 0)
		return TLS_ECH_OTHER;
	return reader_done(&body) ? TLS_ECH_OUTER : TLS_ECH_OTHER;
}

static enum fw_err extension(uint16_t type, struct reader data,
			     struct tls_hello *hello)
{
	switch (type) {
	case TLS_EXTENSION_SERVER_NAME:
		return server_name(data, hello);
	case TLS_EXTENSION_ALPN:
		return alpn(data, hello);
	case EXTENSION_GROUPS:
		hello->groups = reader_sub(&data, reader_u16(&data));
		break;
	case EXTENSION_POINT_FORMATS:
		hello->point_formats = reader_sub(&data, reader_u8(&data));
		break;
	case EXTENSION_SIGNATURES:
		hello->signatures = reader_sub(&data, reader_u16(&data));
		break;
	case EXTENSION_VERSIONS:
		hello->versions = reader_sub(&data, reader_u8(&data));
		break;
	case EXTENSION_ECH:
		hello->ech = ech(data);
		break;
	case EXTENSION_ESNI:
		hello->ech = TLS_ECH_ESNI;
		break;
	}
	return FW_OK;
}

/* Was the type there before?  `seen` has a bit for each, shared by those that
 * are alike in their last six: most are told by it to be new. */
static bool comes_again(const struct tls_hello *hello, uint16_t type,
			uint64_t *seen)
{
	uint64_t bit = 1ULL << type % 64;
	bool maybe = *seen & bit;

	*seen |= bit;
	for (unsigned i = 0; maybe && i < hello->n_extensions; i++)
		if (hello->extensions[i] == type)
			return true;
	return false;
}

static enum fw_err extensions(struct reader list, struct tls_hello *hello)
{
	enum fw_err err = FW_OK;
	uint64_t seen = 0;

	while (list.left > 0 && err == FW_OK) {
		const uint8_t *head = reader_take(&list, 4);
		uint16_t type = head ? number_u16(head) : 0;
		struct reader data =
			reader_sub(&list, head ? number_u16(head + 2) : 0);

		if (data.failed ||
		    hello->n_extensions == LIMIT_TLS_EXTENSIONS ||
		    comes_again(hello, type, &seen))
			return FW_ERR_INVAL;
		hello->extensions[hello->n_extensions++] = type;
		err = extension(type, data, hello);
	}
	return err;
}

enum fw_err tls_hello_parse(struct reader body, enum tls_over over,
			    struct tls_hello *out_hello)
{
	struct reader session, compression, list;

	/* Not the array: that would take longer than all the rest. */
	memset(out_hello, 0, offsetof(struct tls_hello, extensions));
	out_hello->version = reader_u16(&body);
	reader_skip(&body, RANDOM_LEN);
	session = reader_sub(&body, reader_u8(&body));
	if (over == TLS_OVER_DTLS)
		reader_skip(&body, reader_u8(&body));
	out_hello->suites = reader_sub(&body, reader_u16(&body));
	compression = reader_sub(&body, reader_u8(&body));
	if (body.failed || session.left > SESSION_ID_MAX ||
	    out_hello->suites.left < 2 || out_hello->suites.left % 2 != 0 ||
	    compression.left == 0)
		return FW_ERR_INVAL;
	/* Before RFC 3546 there was nothing more. */
	if (body.left == 0)
		return FW_OK;
	list = reader_sub(&body, reader_u16(&body));
	if (!reader_done(&body))
		return FW_ERR_INVAL;
	return extensions(list, out_hello);
}
