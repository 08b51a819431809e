/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The salts are those of RFC 9001 5.2, RFC 9369 3.3.1 and of the drafts
 * (draft-ietf-quic-tls, section 5.2; draft-ietf-quic-v2-00); Google's and
 * Facebook's versions from their published sources.
 */
#include "agent/proto/quic_version.h"

#include <stddef.h>

#define SALT_DRAFT_22                              \
	"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a" \
	"\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
#define SALT_DRAFT_23                              \
	"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7" \
	"\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
#define SALT_DRAFT_29                              \
	"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97" \
	"\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
#define SALT_V1                                    \
	"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17" \
	"\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
#define SALT_V2                                    \
	"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93" \
	"\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
#define SALT_V2_DRAFT                              \
	"\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d" \
	"\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3"
#define SALT_Q050                                  \
	"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94" \
	"\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45"
#define SALT_T050                                  \
	"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80" \
	"\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
#define SALT_T051                                  \
	"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50" \
	"\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"

static const struct quic_version versions[] = {
	{0x00000001, 0x00000001, SALT_V1, 0},
	{0x6b3343cf, 0x6b3343cf, SALT_V2, QUIC_V2},
	{0x709a50c4, 0x709a50c4, SALT_V2_DRAFT, QUIC_V2},
	/* draft-ietf-quic-transport */
	{0xff000001, 0xff000015, NULL, 0},
	{0xff000016, 0xff000016, SALT_DRAFT_22, 0},
	{0xff000017, 0xff00001c, SALT_DRAFT_23, 0},
	{0xff00001d, 0xff000020, SALT_DRAFT_29, 0},
	{0xff000021, 0xff000022, SALT_V1, 0},
	/* Facebook's */
	{0xfaceb001, 0xfaceb001, SALT_DRAFT_22, 0},
	{0xfaceb002, 0xfaceb00f, SALT_DRAFT_23, 0},
	{0xfaceb010, 0xfaceb01f, NULL, 0},
	/* Google's: "Q024" to "Q046", "Q050", "T050", "T051" */
	{0x51303234, 0x51303239, NULL, QUIC_GOOGLE | QUIC_CHLO | QUIC_CLEAR},
	{0x51303330, 0x51303339, NULL, QUIC_GOOGLE | QUIC_CHLO | QUIC_CLEAR},
	{0x51303430, 0x51303436, NULL, QUIC_GOOGLE | QUIC_CHLO | QUIC_CLEAR},
	{0x51303530, 0x51303530, SALT_Q050, QUIC_GOOGLE | QUIC_CHLO},
	{0x54303530, 0x54303530, SALT_T050, QUIC_GOOGLE},
	{0x54303531, 0x54303531, SALT_T051, QUIC_GOOGLE},
};

/* RFC 9000 15: of this form are the numbers that nobody speaks, and that are
 * said so that nobody relies on knowing them all. */
static const struct quic_version reserved = {0, UINT32_MAX, NULL,
					     QUIC_RESERVED};

const struct quic_version *quic_version_find(uint32_t version)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (version >= versions[i].from && version <= versions[i].to)
			return &versions[i];
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a ? &reserved : NULL;
}
