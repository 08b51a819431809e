/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine alone, packets from memory, events told to nobody.
 *
 * usage: engine_bench POLICY ROUNDS CAPTURE...
 *
 * Prints what tests/bench/engine.sh makes a table of, one "NAME VALUE" a line;
 * times are the least of ROUNDS.
 */
#include "agent/engine.h"
#include "tests/bench/engine/packets.h"

#include <err.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct policy *policy;
static struct stats stats;

/* What the event callback is told of. */
static struct telling {
	size_t flow;        /* of the packet in hand */
	bool *by_hello;     /* of each flow: was it decided by a ClientHello */
	size_t *decided_at; /* and at which packet, from 0 */
	size_t packet;
	bool with_lines;
} telling;

static void on_event(void *ctx, const struct event *ev)
{
	struct telling *t = ctx;

	if (t->with_lines)
		free(event_json(ev));
	if (!t->by_hello || ev->kind != EVENT_VERDICT || !ev->facts ||
	    t->flow == SIZE_MAX || t->decided_at[t->flow])
		return;
	t->decided_at[t->flow] = t->packet;
	t->by_hello[t->flow] = ev->facts->l4 == IPPROTO_TCP &&
			       ev->facts->n_layers == 1 &&
			       ev->facts->layers[0].app == APP_TLS;
}

static struct engine *begin(bool read_on)
{
	struct engine *e = engine_new(&(struct engine_options){
		.allow_cut = true,
		.read_on = read_on,
		.stats = &stats,
		.event = on_event,
		.event_ctx = &telling,
	});

	if (!e)
		errx(1, "memory");
	engine_set_policy(e, policy);
	return e;
}

static void one(struct engine *e, const struct bench_packet *p, size_t id,
		uint64_t now)
{
	struct engine_input in = {.raw = p->ip,
				  .id = (uint32_t)id,
				  .zone_src = ENGINE_ZONE_BY_ADDRESS,
				  .zone_dst = ENGINE_ZONE_BY_ADDRESS};
	struct engine_output out;

	telling.flow = p->flow;
	telling.packet = id;
	engine_packet(e, &in, now);
	while (engine_output_take(e, &out))
		;
}

/* --- the whole of the captures -------------------------------------------- */

/* Each with an engine of its own, as one must not know of another's flows; what
 * it costs to make them is not counted, what it takes to forget flows is. */
static double all_once(const struct bench_packets *all, bool read_on)
{
	double spent = 0;

	for (size_t i = 0; i < all->n;) {
		const struct bench_packet *first = &all->items[i];
		struct engine *e = begin(read_on);
		double from = bench_seconds();
		uint64_t now = 0;

		for (; i < all->n && all->items[i].capture == first->capture;
		     i++) {
			if (all->items[i].ns > now)
				now = all->items[i].ns;
			one(e, &all->items[i], i, now);
		}
		engine_finish(e, now);
		spent += bench_seconds() - from;
		engine_free(e);
	}
	return spent;
}

static double least(const struct bench_packets *all, unsigned rounds,
		    double (*once)(const struct bench_packets *, bool),
		    bool how)
{
	double best = 0;

	for (unsigned i = 0; i < rounds; i++) {
		double s = once(all, how);

		if (i == 0 || s < best)
			best = s;
	}
	return best;
}

/* --- flows of TLS, from SYN to decision ------------------------------------
 */

static bool is_syn(const struct bench_packet *p)
{
	struct packet pkt;

	return packet_parse(p->ip, (struct packet_options){.allow_cut = true},
			    &pkt) == PACKET_OK &&
	       pkt.l4 == IPPROTO_TCP &&
	       (pkt.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Into one block, in their order: a gateway has a packet in its caches, as the
 * kernel has just copied it. */
static void pack(struct bench_packets *out)
{
	size_t bytes = 1, at = 0;
	uint8_t *block;

	for (size_t i = 0; i < out->n; i++)
		bytes += out->items[i].ip.left;
	block = malloc(bytes);
	if (!block)
		errx(1, "memory");
	for (size_t i = 0; i < out->n; i++) {
		struct reader *ip = &out->items[i].ip;

		memcpy(block + at, ip->p, ip->left);
		ip->p = block + at;
		at += ip->left;
	}
}

/* The packets of those flows, up to the one that decides them. */
static struct bench_packets hellos_of(const struct bench_packets *all)
{
	struct bench_packets out = {0};
	bool *wanted = calloc(all->n_flows, sizeof(*wanted));
	bool *seen = calloc(all->n_flows, sizeof(*seen));

	telling.by_hello = calloc(all->n_flows, sizeof(bool));
	telling.decided_at = calloc(all->n_flows, sizeof(size_t));
	out.items = calloc(all->n, sizeof(*out.items));
	if (!wanted || !seen || !telling.by_hello || !telling.decided_at ||
	    !out.items)
		errx(1, "memory");
	(void)all_once(all, false);
	for (size_t i = 0; i < all->n; i++) {
		size_t flow = all->items[i].flow;

		if (flow == SIZE_MAX)
			continue;
		if (!seen[flow])
			wanted[flow] = telling.by_hello[flow] &&
				       is_syn(&all->items[i]);
		out.n_flows += wanted[flow] && !seen[flow];
		seen[flow] = true;
		if (wanted[flow] && i <= telling.decided_at[flow])
			out.items[out.n++] = all->items[i];
	}
	free(wanted);
	free(seen);
	free(telling.by_hello);
	free(telling.decided_at);
	telling.by_hello = NULL;
	pack(&out);
	return out;
}

/* All that is timed of them; a function of its own for callgrind. */
__attribute__((noinline)) static void
hellos_all(struct engine *e, const struct bench_packets *hellos)
{
	for (size_t i = 0; i < hellos->n; i++)
		one(e, &hellos->items[i], i, 1000000000);
	engine_finish(e, 1000000000);
}

/* One engine for all: the flows of another capture that have the same ends
 * begin anew. */
static double hellos_once(const struct bench_packets *hellos, bool read_on)
{
	struct engine *e = begin(read_on);
	double from = bench_seconds(), spent;

	hellos_all(e, hellos);
	spent = bench_seconds() - from;
	engine_free(e);
	return spent;
}

static void say(const char *name, double seconds, size_t n)
{
	printf("%s %.0f\n", name, seconds * 1e9 / (double)n);
}

/* --- memory ------------------------------------------------------------------
 */

#define OPEN_FLOWS 10000
#define IP_SRC     12 /* RFC 791 */
#define IP_LEN     2
#define TCP_SEQ    4 /* RFC 9293 */

/* The packets of the flow over IPv4 whose hello comes in the largest packet. */
static struct bench_packets largest_flow(const struct bench_packets *hellos)
{
	struct bench_packets out = {
		.items = calloc(hellos->n + 1, sizeof(*out.items))};
	const struct bench_packet *largest = NULL;

	if (!out.items)
		errx(1, "memory");
	for (size_t i = 0; i < hellos->n; i++)
		if (hellos->items[i].ip.p[0] >> 4 == 4 &&
		    (!largest || hellos->items[i].ip.left > largest->ip.left))
			largest = &hellos->items[i];
	for (size_t i = 0; largest && i < hellos->n; i++)
		if (hellos->items[i].flow == largest->flow)
			out.items[out.n++] = hellos->items[i];
	if (out.n == 0)
		errx(1, "no flow over IPv4");
	return out;
}

/* Packet `k` of client `i`; of the last one the first `most` bytes. */
static void from_another(struct engine *e, const struct bench_packets *flow,
			 size_t k, uint32_t i, size_t most)
{
	struct bench_packet p = flow->items[k];
	uint8_t copy[2048];
	bool back = memcmp(p.ip.p + IP_SRC, flow->items[0].ip.p + IP_SRC, 4);

	if (k + 1 == flow->n && p.ip.left > most)
		p.ip.left = most;
	if (p.ip.left > sizeof(copy))
		errx(1, "too large");
	memcpy(copy, p.ip.p, p.ip.left);
	copy[IP_LEN] = (uint8_t)(p.ip.left >> 8);
	copy[IP_LEN + 1] = (uint8_t)p.ip.left;
	memcpy(copy + IP_SRC + (back ? 4 : 0),
	       (uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			   (uint8_t)i},
	       4);
	p.ip = reader_of(copy, p.ip.left);
	one(e, &p, i, 1000000000);
}

/* Bytes of memory that a flow takes whose last packet was cut at `most`. */
static double memory_of_flow(const struct bench_packets *flow, size_t most)
{
	struct engine *e = begin(false);
	size_t before = mallinfo2().uordblks;
	double used;

	for (uint32_t i = 0; i < OPEN_FLOWS; i++)
		for (size_t k = 0; k < flow->n; k++)
			from_another(e, flow, k, i, most);
	used = (double)(mallinfo2().uordblks - before) / OPEN_FLOWS;
	engine_free(e);
	return used;
}

static void of_memory(const struct bench_packets *hellos)
{
	struct bench_packets flow = largest_flow(hellos);
	size_t n = flow.n;

	flow.n = 1;
	printf("syn_bytes_flow %.0f\n", memory_of_flow(&flow, SIZE_MAX));
	flow.n = n;
	printf("begun_bytes_flow %.0f\n", memory_of_flow(&flow, 120));
	free(flow.items);
}

/* --- one byte a segment ------------------------------------------------------
 */

#define DRIPS 20

/* Seconds for the first `n` bytes of the hello, each in a segment of its own;
 * as in a replay, where nothing is held. */
static double drip(const struct bench_packets *flow, const struct packet *hello,
		   size_t head, size_t n)
{
	const uint8_t *ip = flow->items[flow->n - 1].ip.p;
	struct engine *e = begin(true);
	uint8_t copy[256];
	double from;

	for (size_t k = 0; k + 1 < flow->n; k++)
		one(e, &flow->items[k], k, 1000000000);
	memcpy(copy, ip, head);
	copy[IP_LEN] = (uint8_t)((head + 1) >> 8);
	copy[IP_LEN + 1] = (uint8_t)(head + 1);
	from = bench_seconds();
	for (size_t i = 0; i < n; i++) {
		struct bench_packet p = {.ip = reader_of(copy, head + 1)};
		uint32_t seq = htonl(hello->seq + (uint32_t)i);

		memcpy(copy + (size_t)(ip[0] & 15) * 4 + TCP_SEQ, &seq,
		       sizeof(seq));
		copy[head] = hello->payload.p[i];
		one(e, &p, i, 1000000000);
	}
	from = bench_seconds() - from;
	engine_free(e);
	return from;
}

static void of_drips(const struct bench_packets *hellos, unsigned rounds)
{
	struct bench_packets flow = largest_flow(hellos);
	const struct bench_packet *last = &flow.items[flow.n - 1];
	double quarter = 0, whole = 0;
	struct packet hello;
	size_t head, n;

	if (packet_parse(last->ip, (struct packet_options){.allow_cut = true},
			 &hello) != PACKET_OK)
		errx(1, "a packet that was one is none");
	head = (size_t)(hello.payload.p - last->ip.p);
	n = hello.payload.left;
	for (unsigned i = 0; i < rounds * DRIPS; i++) {
		double q = drip(&flow, &hello, head, n / 4);
		double w = drip(&flow, &hello, head, n);

		quarter = i && quarter < q ? quarter : q;
		whole = i && whole < w ? whole : w;
	}
	printf("drip_bytes %zu\n", n);
	say("drip_ns_quarter", quarter, n / 4);
	say("drip_ns_whole", whole, n);
	free(flow.items);
}

static bool is_asked(const char *what, const char *part)
{
	return !strcmp(what, "all") || !strcmp(what, part);
}

int main(int argc, char **argv)
{
	struct bench_packets all, hellos;
	struct policy *compiled = NULL;
	unsigned rounds;
	const char *what;

	if (argc < 5)
		errx(2, "usage: engine POLICY ROUNDS "
			"live|read-on|lines|hellos|memory|drip|all CAPTURE...");
	if (policy_compile(&(struct policy_input){.path = argv[1]}, &compiled))
		errx(1, "%s: not a policy", argv[1]);
	policy = compiled;
	rounds = (unsigned)strtoul(argv[2], NULL, 10);
	what = argv[3];
	all = bench_read(argv + 4, argc - 4);
	hellos = hellos_of(&all);
	if (!all.n || !hellos.n_flows)
		errx(1, "no packets, or no flow of TLS among them");
	printf("packets %zu\nflows %zu\nhellos %zu\n", all.n, all.n_flows,
	       hellos.n_flows);
	if (is_asked(what, "live"))
		say("live_ns_packet", least(&all, rounds, all_once, false),
		    all.n);
	if (is_asked(what, "read-on"))
		say("read_on_ns_packet", least(&all, rounds, all_once, true),
		    all.n);
	telling.with_lines = true;
	if (is_asked(what, "lines"))
		say("lines_ns_packet", least(&all, rounds, all_once, true),
		    all.n);
	telling.with_lines = false;
	if (is_asked(what, "hellos"))
		say("hello_ns_flow",
		    least(&hellos, rounds * 5, hellos_once, false),
		    hellos.n_flows);
	if (is_asked(what, "memory"))
		of_memory(&hellos);
	if (is_asked(what, "drip"))
		of_drips(&hellos, rounds);
	free(hellos.items);
	policy_free(compiled);
	return 0;
}
