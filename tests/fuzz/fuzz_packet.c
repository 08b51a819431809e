/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Byte 0: options; then a packet. */
#include "agent/packet/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet_options opt;
	enum packet_fault fault;
	struct packet pkt;

	if (size < 1)
		return -1;
	opt = (struct packet_options){.verify_checksums = data[0] & 1,
				      .allow_cut = data[0] & 2};
	fault = packet_parse(reader_of(&data[1], size - 1), opt, &pkt);
	if (!*packet_fault_text(fault) || pkt.payload.failed)
		abort();
	if (fault != PACKET_OK)
		return 0;
	if (pkt.payload.left > pkt.wire_payload ||
	    (!opt.allow_cut && pkt.payload.left != pkt.wire_payload))
		abort();
	/* The payload lies inside of what was given. */
	if (pkt.payload.left > 0 &&
	    (pkt.payload.p < data ||
	     pkt.payload.p + pkt.payload.left > data + size))
		abort();
	return 0;
}
