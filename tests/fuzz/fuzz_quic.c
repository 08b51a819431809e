/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QUIC.  A delivery whose first byte has its second bit set holds frames, which
 * are put into an Initial: no chance would make one that can be opened. */
#include "tests/fuzz/quic_seal.h"
#include "tests/fuzz/wire.h"

static const uint32_t versions[] = {1, 0x6b3343cf, 0xff00001d, 0x51303530};

static size_t deliver(uint8_t *out, const uint8_t *p, size_t n, uint32_t packet)
{
	uint32_t version = versions[p[0] >> 2 & 3];
	/* One of two connections. */
	struct reader dcid = reader_of(p[0] & 16 ? "12345678" : "abcdefgh", 8);
	struct reader frames = reader_of(&p[1], n - 1);

	out[0] = 0;
	if (p[0] & 2)
		return 1 +
		       quic_seal(&out[1], version, dcid, dcid, packet, frames);
	memcpy(out, p, n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[WIRE_INPUT_MAX];
	size_t n = 0;
	uint32_t packet = 0;

	for (size_t at = 0; at < size;) {
		size_t len = wire_delivery(&data[at], size - at);

		if (n + len + 2 * SEAL_MORE > sizeof(out))
			return -1;
		if (len > 0)
			n += deliver(&out[n], &data[at], len, packet++);
		memcpy(&out[n], wire_marker, sizeof(wire_marker));
		n += WIRE_MARKER_LEN;
		at += len + WIRE_MARKER_LEN;
	}
	return wire_fuzz_datagrams(out, n);
}
