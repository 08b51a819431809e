/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of a capture: link layer, fragments, packets in packets. */
#include "agent/fwctl/defrag.h"
#include "agent/fwctl/pcap_link.h"
#include "agent/fwctl/tunnel.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int links[] = {
	DLT_EN10MB, DLT_RAW,    DLT_LINUX_SLL,  DLT_LINUX_SLL2,
	DLT_NULL,   DLT_PPP,    DLT_PPP_ETHER,  DLT_C_HDLC,
	DLT_NFLOG,  DLT_FRELAY, DLT_IEEE802_11, DLT_IEEE802_11_RADIO,
};

static void frame(struct defrag *d, int link, struct reader r)
{
	size_t before;

	if (!pcap_link_strip(link, &r) || !defrag_take(d, &r))
		return;
	do {
		before = r.left;
	} while (tunnel_open(&r) && r.left < before);
}

/* The link layer, then frames with their lengths before them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	int link = links[reader_u8(&r) % (sizeof(links) / sizeof(*links))];
	struct defrag *d = defrag_new();

	if (!d)
		abort();
	for (unsigned i = 0; i < FRAMES_MAX && r.left > 2; i++) {
		size_t n = reader_u16(&r);
		const uint8_t *bytes;
		uint8_t *copy;

		if (n > r.left)
			n = r.left;
		bytes = reader_take(&r, n);
		copy = malloc(n + !n);
		if (!copy || !bytes)
			abort();
		memcpy(copy, bytes, n);
		frame(d, link, reader_of(copy, n));
		free(copy);
	}
	defrag_free(d);
	return 0;
}
