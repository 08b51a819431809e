/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protocols over UDP that need few words: the datagram service of NetBIOS (RFC
 * 1002 4.4), the discovery of Ethereum's nodes (devp2p, "discv4"), TeamViewer.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/match.h"

/* --- NetBIOS datagrams --------------------------------------------------- */

#define NB_DIRECT_UNIQUE 0x10
#define NB_BROADCAST     0x12
#define NB_ERROR         0x13
#define NB_NEGATIVE      0x16
#define NB_HEADER        14
#define NB_NAME_LEN      32

/* RFC 1001 14.1: half a byte in each letter; then its scope, as in DNS. */
static bool nb_name_skip(struct reader *r)
{
	uint8_t len = reader_u8(r);

	if (len != NB_NAME_LEN)
		return false;
	for (unsigned i = 0; i < NB_NAME_LEN; i++) {
		uint8_t c = reader_u8(r);

		if (c < 'A' || c > 'P')
			return false;
	}
	while (!r->failed && (len = reader_u8(r)) > 0) {
		if (len > 63)
			return false;
		reader_skip(r, len);
	}
	return !r->failed;
}

static enum probe_result nbdgm_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint8_t type = reader_u8(&r), flags = reader_u8(&r);
	uint16_t len;

	if (type < NB_DIRECT_UNIQUE || type > NB_NEGATIVE || (flags & 0xf0))
		return PROBE_NO;
	reader_skip(&r, 8);
	if (type == NB_ERROR)
		return probe_yes_if(r.left == 1 && reader_u8(&r) >= 0x82);
	if (type > NB_ERROR)
		return probe_yes_if(nb_name_skip(&r) && reader_done(&r));
	len = reader_u16(&r);
	reader_skip(&r, 2);
	return probe_yes_if(len <= r.left && nb_name_skip(&r) &&
			    nb_name_skip(&r));
}

/* --- discv4 -------------------------------------------------------------- */

#define DISC_HASH_LEN      32
#define DISC_SIGNATURE_LEN 64
#define DISC_TYPES         6
#define RLP_DEPTH          4

/* One item of RLP: whether it is a list, and what it holds. */
static struct reader rlp_take(struct reader *r, bool *list)
{
	uint8_t head = reader_u8(r);
	uint8_t kind = head < 0xc0 ? 0x80 : 0xc0;
	uint64_t len = 0;

	*list = head >= 0xc0;
	if (head < 0x80)
		return reader_of("", 0);
	if (head - kind <= 55)
		return reader_sub(r, head - kind);
	for (unsigned i = 0; i < head - kind - 55u; i++)
		len = len << 8 | reader_u8(r);
	return reader_sub(r, len > r->left ? SIZE_MAX : (size_t)len);
}

/* All items fill their lists; *n: how many there are at the top. */
static bool rlp_fits(struct reader r, unsigned *n)
{
	struct reader open[RLP_DEPTH];
	unsigned depth = 0;

	*n = 0;
	for (;;) {
		struct reader item;
		bool list;

		while (r.left == 0 && depth > 0)
			r = open[--depth];
		if (r.left == 0)
			return !r.failed;
		item = rlp_take(&r, &list);
		if (item.failed)
			return false;
		*n += depth == 0;
		if (!list)
			continue;
		if (depth == RLP_DEPTH)
			return false;
		open[depth++] = r;
		r = item;
	}
}

/* A hash, a signature, and a type with a list; newer versions may have items
 * more, and bytes behind it.  Each type has at least these. */
static enum probe_result discv4_probe(const struct probe *first)
{
	static const uint8_t items[DISC_TYPES + 1] = {0, 4, 3, 2, 2, 1, 2};
	struct reader r = probe_either(first), list;
	bool is_list = false;
	unsigned n = 0;
	uint8_t type;

	reader_skip(&r, DISC_HASH_LEN + DISC_SIGNATURE_LEN);
	if (reader_u8(&r) > 1)
		return PROBE_NO;
	type = reader_u8(&r);
	if (r.failed || type == 0 || type > DISC_TYPES)
		return PROBE_NO;
	list = rlp_take(&r, &is_list);
	return probe_yes_if(is_list && reader_done(&r) && rlp_fits(list, &n) &&
			    n >= items[type] && n <= items[type] + 2u);
}

/* --- TeamViewer ---------------------------------------------------------- */

/* As the program was seen to speak: there is no specification. */
static enum probe_result teamviewer_probe(const struct probe *first)
{
	struct reader r = probe_either(first);

	if (reader_u8(&r) != 0)
		return PROBE_NO;
	reader_skip(&r, 9);
	return match_bytes(r, "\x03\x17\x24\x47", 4);
}

const struct proto proto_nbdgm = {
	.name = "netbios",
	.app = APP_NETBIOS,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = nbdgm_probe,
	.feed = feed_nothing,
};

const struct proto proto_discv4 = {
	.name = "ethereum",
	.app = APP_ETHEREUM,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = discv4_probe,
	.feed = feed_nothing,
};

const struct proto proto_teamviewer_udp = {
	.name = "teamviewer",
	.app = APP_TEAMVIEWER,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = teamviewer_probe,
	.feed = feed_nothing,
};
