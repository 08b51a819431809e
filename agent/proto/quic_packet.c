/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/quic_packet.h"

#define LONG_HEADER 0x80
#define FIXED_BIT   0x40

uint64_t quic_varint(struct reader *r)
{
	uint8_t first = reader_u8(r);
	uint64_t v = first & 0x3f;

	for (unsigned more = (1u << (first >> 6)) - 1; more > 0; more--)
		v = v << 8 | reader_u8(r);
	return v;
}

static enum quic_type type_of(const struct quic_version *v, uint8_t first)
{
	static const enum quic_type v1[] = {QUIC_INITIAL, QUIC_ZERO_RTT,
					    QUIC_HANDSHAKE, QUIC_RETRY};
	static const enum quic_type v2[] = {QUIC_RETRY, QUIC_INITIAL,
					    QUIC_ZERO_RTT, QUIC_HANDSHAKE};

	if (!v || !v->salt)
		return QUIC_TOLD;
	return (v->traits & QUIC_V2 ? v2 : v1)[first >> 4 & 3];
}

enum fw_err quic_packet_read(struct reader *in, struct quic_packet *out)
{
	struct reader r = *in, scid;
	struct quic_packet p = {0};
	uint8_t first = reader_u8(&r);
	uint64_t len;

	if (!(first & LONG_HEADER))
		return FW_ERR_INVAL;
	p.number = reader_u32(&r);
	p.version = quic_version_find(p.number);
	p.type = type_of(p.version, first);
	p.dcid = reader_sub(&r, reader_u8(&r));
	scid = reader_sub(&r, reader_u8(&r));
	if (r.failed || p.dcid.left > QUIC_CID_MAX || scid.left > QUIC_CID_MAX)
		return FW_ERR_INVAL;
	p.whole = *in;
	if (p.type == QUIC_TOLD || p.type == QUIC_RETRY) {
		reader_skip(in, in->left);
		*out = p;
		return FW_OK;
	}
	/* Of others nothing proves that they are QUIC; a client that was told
	 * so may leave the bit out (RFC 9287). */
	if (!(first & FIXED_BIT) && !p.version)
		return FW_ERR_INVAL;
	if (p.type == QUIC_INITIAL) {
		len = quic_varint(&r);
		if (len > r.left)
			return FW_ERR_INVAL;
		reader_skip(&r, (size_t)len);
	}
	len = quic_varint(&r);
	if (r.failed || len > r.left)
		return FW_ERR_INVAL;
	p.number_at = in->left - r.left;
	p.whole = reader_sub(in, p.number_at + (size_t)len);
	*out = p;
	return FW_OK;
}
