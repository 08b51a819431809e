/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/engine/packets.h"

#include "agent/flow/flow.h"
#include "agent/fwctl/pcap_read.h"

#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct known {
	struct flow_key key;
	size_t capture, number;
};

static int by_key(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->capture != y->capture)
		return x->capture < y->capture ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static void *must(void *memory)
{
	if (!memory)
		err(1, "memory");
	return memory;
}

static size_t flow_number(void **tree, const struct reader *ip, size_t capture,
			  size_t *n_flows)
{
	static const uint8_t no_secret[16];
	struct known *k = must(calloc(1, sizeof(*k))), **found;
	struct packet pkt;

	if (packet_parse(*ip, (struct packet_options){.allow_cut = true},
			 &pkt) != PACKET_OK) {
		free(k);
		return SIZE_MAX;
	}
	flow_key_of(&pkt, no_secret, &k->key);
	k->capture = capture;
	k->number = *n_flows;
	found = must(tsearch(k, tree, by_key));
	if (*found == k)
		++*n_flows;
	else
		free(k);
	return (*found)->number;
}

static void read_one(struct bench_packets *all, struct pcap_read *pcap,
		     size_t capture, void **tree)
{
	struct pcap_packet p;

	while (pcap_read_next(pcap, &p) == FW_OK) {
		uint8_t *copy = must(malloc(p.ip.left + 1));

		if ((all->n & (all->n - 1)) == 0)
			all->items = must(reallocarray(all->items,
						       all->n ? 2 * all->n : 1,
						       sizeof(*all->items)));
		memcpy(copy, p.ip.p, p.ip.left);
		all->items[all->n] = (struct bench_packet){
			.ip = reader_of(copy, p.ip.left),
			.ns = p.ns,
			.capture = capture,
			.flow = flow_number(tree, &p.ip, capture,
					    &all->n_flows),
		};
		all->n++;
	}
}

struct bench_packets bench_read(char **paths, int n)
{
	struct bench_packets all = {0};
	char why[PCAP_READ_ERROR_MAX];
	struct pcap_read *pcap;
	void *tree = NULL;

	for (int i = 0; i < n; i++) {
		if (pcap_read_open(paths[i], why, &pcap) != FW_OK)
			continue;
		read_one(&all, pcap, (size_t)i, &tree);
		pcap_read_close(pcap);
	}
	return all;
}

double bench_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
