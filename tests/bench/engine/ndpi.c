/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nDPI over the same packets, for comparison: each flow as its own reader does
 * it, up to so many packets.  Flows are looked up for it, at no cost.
 *
 * usage: ndpi_bench ROUNDS CAPTURE...
 */
#include "tests/bench/engine/packets.h"

#include <err.h>
#include <ndpi_api.h>
#include <stdio.h>
#include <stdlib.h>

/* As its reader: packets of one flow that are looked at. */
#define MOST_TCP 80
#define MOST_UDP 24

struct known {
	struct ndpi_flow_struct *flow;
	unsigned packets;
	bool done;
};

static struct ndpi_detection_module_struct *begin(void)
{
	struct ndpi_detection_module_struct *m =
		ndpi_init_detection_module(ndpi_no_prefs);
	NDPI_PROTOCOL_BITMASK all;

	if (!m)
		errx(1, "memory");
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(m, &all);
	ndpi_finalize_initialization(m);
	return m;
}

static void one(struct ndpi_detection_module_struct *m, struct known *k,
		const struct bench_packet *p)
{
	unsigned most =
		p->ip.p[0] >> 4 == 4 && p->ip.left > 9 && p->ip.p[9] == 17
			? MOST_UDP
			: MOST_TCP;
	ndpi_protocol found;
	uint8_t guessed;

	if (k->done)
		return;
	if (!k->flow)
		k->flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
	if (!k->flow)
		errx(1, "memory");
	if (!k->packets)
		memset(k->flow, 0, SIZEOF_FLOW_STRUCT);
	found = ndpi_detection_process_packet(m, k->flow, p->ip.p,
					      (unsigned short)p->ip.left,
					      p->ns / 1000000);
	if (++k->packets >= most) {
		(void)ndpi_detection_giveup(m, k->flow, 1, &guessed);
		k->done = true;
	} else if (ndpi_is_protocol_detected(m, found) &&
		   !ndpi_extra_dissection_possible(m, k->flow)) {
		k->done = true;
	}
	if (k->done) {
		ndpi_flow_free(k->flow);
		k->flow = NULL;
	}
}

int main(int argc, char **argv)
{
	struct ndpi_detection_module_struct *m = begin();
	struct bench_packets all;
	double best = 0;

	if (argc < 3)
		errx(2, "usage: ndpi_bench ROUNDS CAPTURE...");
	all = bench_read(argv + 2, argc - 2);
	for (unsigned long r = strtoul(argv[1], NULL, 10); r > 0; r--) {
		struct known *flows = calloc(all.n_flows, sizeof(*flows));
		double from = bench_seconds(), s;

		for (size_t i = 0; i < all.n; i++)
			if (all.items[i].flow != SIZE_MAX &&
			    all.items[i].ip.left < 65536)
				one(m, &flows[all.items[i].flow],
				    &all.items[i]);
		for (size_t i = 0; i < all.n_flows; i++)
			if (flows[i].flow)
				ndpi_flow_free(flows[i].flow);
		s = bench_seconds() - from;
		if (best == 0 || s < best)
			best = s;
		free(flows);
	}
	printf("ndpi_ns_packet %.0f\nndpi_bytes_flow %u\n",
	       best * 1e9 / (double)all.n, (unsigned)SIZEOF_FLOW_STRUCT);
	ndpi_exit_detection_module(m);
	return 0;
}
