/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The same TCP streams in other packets: what a flow is must not hang on how
 *its bytes were cut.  Everything that is not TCP stays as it is; checksums are
 *not made anew, which a replay does not ask for.
 *
 * usage: recut FORM SEED CAPTURE NEW_CAPTURE
 *	bytes		one byte in each segment
 *	pieces		segments of chance lengths
 *	shuffled	these in chance order, within what one side says before
 *			the other does, WINDOW of them
 *	twice		these, and some of the last WINDOW again
 *
 * usage: recut conflicts CAPTURE
 *	prints the ends of each flow that has two contents for one byte of its
 *	stream: which of them counts may hang on how they are cut.
 */
#include "agent/fwctl/pcap_read.h"
#include "agent/packet/packet.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW     16
#define PIECE_MAX  256
#define PACKET_MAX 262144
#define FLOWS      4096
#define IPV4_LEN   20
#define IPV6_LEN   40
#define TCP_LEN    20
/* More packets than that are not made of one capture: the rest stays whole. */
#define PACKETS_MAX 200000
/* Bytes of a stream that are compared, and how far before its first. */
#define STREAM_MAX    (2u << 20)
#define STREAM_BEFORE 65536u

enum form { FORM_BYTES, FORM_PIECES, FORM_SHUFFLED, FORM_TWICE };

static const char *const forms[] = {"bytes", "pieces", "shuffled", "twice"};

struct segment {
	uint8_t *raw; /* owned */
	size_t len;
	uint64_t ns;
};

/* One direction of a flow: what was said, to compare. */
struct stream {
	bool begun;
	uint32_t base; /* sequence number of said[0] */
	uint8_t *said, *is_said;
};

struct flow {
	struct flow *next;
	struct ipaddr src, dst; /* of the first packet */
	uint16_t sport, dport;
	bool syn[2], conflict;
	bool dir;
	struct segment burst[WINDOW];
	unsigned n;
	struct stream streams[2];
};

struct recut {
	enum form form;
	uint64_t random;
	unsigned packets;
	pcap_t *link;
	pcap_dumper_t *out;
	struct flow *flows[FLOWS];
};

/* --- flows --------------------------------------------------------------- */

static uint32_t hash_end(const struct ipaddr *a, uint16_t port)
{
	char text[IPADDR_TEXT_MAX];
	uint32_t h = port;

	for (const char *c = ipaddr_print(a, text); *c; c++)
		h = h * 31 + (uint8_t)*c;
	return h * 2654435761u;
}

static bool ends_are(const struct flow *f, const struct ipaddr *a, uint16_t ap,
		     const struct ipaddr *b, uint16_t bp)
{
	return f->sport == ap && f->dport == bp &&
	       ipaddr_cmp(&f->src, a) == 0 && ipaddr_cmp(&f->dst, b) == 0;
}

static struct flow *flow_of(struct recut *r, const struct packet *p,
			    bool *out_dir)
{
	uint32_t h = hash_end(&p->src, p->sport) ^ hash_end(&p->dst, p->dport);
	struct flow **at = &r->flows[h % FLOWS], *f;

	for (f = *at; f; f = f->next) {
		*out_dir = ends_are(f, &p->dst, p->dport, &p->src, p->sport);
		if (*out_dir ||
		    ends_are(f, &p->src, p->sport, &p->dst, p->dport))
			return f;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->src = p->src;
	f->dst = p->dst;
	f->sport = p->sport;
	f->dport = p->dport;
	f->next = *at;
	*at = f;
	*out_dir = false;
	return f;
}

/* --- writing ------------------------------------------------------------- */

static unsigned chance(struct recut *r, unsigned below)
{
	uint64_t z = r->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ z >> 31) % below);
}

static void put(struct recut *r, const uint8_t *raw, size_t len, uint64_t ns)
{
	struct pcap_pkthdr h = {.caplen = (uint32_t)len, .len = (uint32_t)len};

	h.ts.tv_sec = (time_t)(ns / 1000000000u);
	h.ts.tv_usec = (suseconds_t)(ns % 1000000000u);
	pcap_dump((u_char *)r->out, &h, raw);
	r->packets++;
}

/* What one side has said goes out, in the order of the form. */
static void flush(struct recut *r, struct flow *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		unsigned other = i;
		struct segment s;

		if (r->form == FORM_SHUFFLED)
			other = i + chance(r, f->n - i);
		s = f->burst[other];
		f->burst[other] = f->burst[i];
		f->burst[i] = s;
		put(r, s.raw, s.len, s.ns);
		if (r->form == FORM_TWICE && chance(r, 3) == 0) {
			s = f->burst[chance(r, i + 1)];
			put(r, s.raw, s.len, s.ns);
		}
	}
	while (f->n > 0)
		free(f->burst[--f->n].raw);
}

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* `n` bytes from `at` on of a packet's payload as a packet of its own. */
static struct segment piece(const struct packet *p, struct reader ip,
			    size_t tcp, size_t at, size_t n)
{
	size_t heads = ip.left - p->payload.left;
	struct segment s = {.len = heads + n, .raw = malloc(heads + n)};
	uint8_t drop = 0;

	if (!s.raw)
		abort();
	memcpy(s.raw, ip.p, heads);
	memcpy(s.raw + heads, p->payload.p + at, n);
	if (at + n < p->payload.left)
		drop = TCP_FIN | TCP_PSH;
	put_u32(s.raw + tcp + 4, p->seq + (uint32_t)at);
	s.raw[tcp + 13] &= (uint8_t)~drop;
	if (tcp == IPV6_LEN) {
		s.raw[4] = (uint8_t)((s.len - IPV6_LEN) >> 8);
		s.raw[5] = (uint8_t)(s.len - IPV6_LEN);
	} else {
		s.raw[2] = (uint8_t)(s.len >> 8);
		s.raw[3] = (uint8_t)s.len;
	}
	return s;
}

/* Where the TCP header begins; 0 where the packet is none to cut.  Behind a SYN
 * with data nothing is sent before it is answered. */
static size_t tcp_at(struct reader ip, const struct packet *p)
{
	size_t at = reader_peek(&ip, 0) >> 4 == 6
			    ? IPV6_LEN
			    : (reader_peek(&ip, 0) & 15u) * 4;

	if (p->l4 != IPPROTO_TCP || p->payload.left < 2 ||
	    p->payload.left != p->wire_payload ||
	    (p->tcp_flags & (TCP_SYN | TCP_URG | TCP_RST)))
		return 0;
	if (at == IPV6_LEN && reader_peek(&ip, 6) != IPPROTO_TCP)
		return 0;
	return at >= IPV4_LEN && at + TCP_LEN <= ip.left ? at : 0;
}

static void cut(struct recut *r, struct flow *f, bool dir,
		const struct packet *p, const struct pcap_packet *from,
		size_t tcp)
{
	struct reader ip = from->ip;
	/* Where a stream begins is known by its SYN alone. */
	bool waits = r->form == FORM_TWICE ||
		     (r->form == FORM_SHUFFLED && f->syn[dir]);

	/* Without what a link has put behind the packet. */
	ip.left = (size_t)(p->payload.p - ip.p) + p->payload.left;
	if (f->dir != dir || !waits)
		flush(r, f);
	f->dir = dir;
	for (size_t at = 0; at < p->payload.left;) {
		size_t n = r->form == FORM_BYTES ? 1 : 1 + chance(r, PIECE_MAX);
		struct segment s;

		if (n > p->payload.left - at)
			n = p->payload.left - at;
		s = piece(p, ip, tcp, at, n);
		s.ns = from->ns;
		at += n;
		if (waits && f->n == WINDOW)
			flush(r, f);
		f->burst[f->n++] = s;
		if (!waits)
			flush(r, f);
	}
}

static void recut(struct recut *r, const struct pcap_packet *from)
{
	struct packet p;
	struct flow *f;
	size_t tcp;
	bool dir;

	if (packet_parse(from->ip, (struct packet_options){.allow_cut = true},
			 &p) != PACKET_OK ||
	    p.l4 != IPPROTO_TCP) {
		put(r, from->ip.p, from->ip.left, from->ns);
		return;
	}
	f = flow_of(r, &p, &dir);
	tcp = r->packets < PACKETS_MAX ? tcp_at(from->ip, &p) : 0;
	f->syn[dir] |= (p.tcp_flags & TCP_SYN) != 0;
	if (tcp) {
		cut(r, f, dir, &p, from, tcp);
		return;
	}
	flush(r, f);
	put(r, from->ip.p, from->ip.left, from->ns);
}

/* --- conflicts ----------------------------------------------------------- */

static void stream_begin(struct stream *s, uint32_t base)
{
	free(s->said);
	free(s->is_said);
	s->said = calloc(STREAM_MAX, 1);
	s->is_said = calloc(STREAM_MAX, 1);
	if (!s->said || !s->is_said)
		abort();
	s->base = base;
	s->begun = true;
}

static void compare(struct flow *f, bool dir, const struct packet *p)
{
	bool syn = p->tcp_flags & TCP_SYN;
	uint32_t seq = p->seq + syn;
	struct stream *s = &f->streams[dir];

	if (!s->begun || (syn && s->base != seq - STREAM_BEFORE))
		stream_begin(s, seq - STREAM_BEFORE);
	for (size_t i = 0; i < p->payload.left; i++) {
		uint32_t at = seq + (uint32_t)i - s->base;
		uint8_t byte = reader_peek(&p->payload, i);

		if (at >= STREAM_MAX)
			continue;
		if (s->is_said[at] && s->said[at] != byte)
			f->conflict = true;
		s->is_said[at] = 1;
		s->said[at] = byte;
	}
}

static void conflicts(struct recut *r, struct pcap_read *in)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX];
	struct pcap_packet from;

	while (pcap_read_next(in, &from) == FW_OK) {
		struct packet p;
		bool dir;

		if (packet_parse(from.ip,
				 (struct packet_options){.allow_cut = true},
				 &p) == PACKET_OK &&
		    p.l4 == IPPROTO_TCP && p.payload.left > 0) {
			struct flow *f = flow_of(r, &p, &dir);

			compare(f, dir, &p);
		}
	}
	for (size_t i = 0; i < FLOWS; i++)
		for (struct flow *f = r->flows[i]; f; f = f->next)
			if (f->conflict)
				printf("%s %u %s %u\n",
				       ipaddr_print(&f->src, src), f->sport,
				       ipaddr_print(&f->dst, dst), f->dport);
}

/* ------------------------------------------------------------------------- */

static void rewrite(struct recut *r, struct pcap_read *in, const char *path)
{
	struct pcap_packet from;

	r->link = pcap_open_dead_with_tstamp_precision(
		DLT_RAW, PACKET_MAX, PCAP_TSTAMP_PRECISION_NANO);
	r->out = r->link ? pcap_dump_open(r->link, path) : NULL;
	if (!r->out) {
		fprintf(stderr, "%s: cannot be written\n", path);
		exit(1);
	}
	while (pcap_read_next(in, &from) == FW_OK)
		recut(r, &from);
	for (size_t i = 0; i < FLOWS; i++)
		for (struct flow *f = r->flows[i]; f; f = f->next)
			flush(r, f);
	pcap_dump_close(r->out);
	pcap_close(r->link);
}

static void free_flows(struct recut *r)
{
	for (size_t i = 0; i < FLOWS; i++)
		while (r->flows[i]) {
			struct flow *f = r->flows[i];

			r->flows[i] = f->next;
			for (unsigned d = 0; d < 2; d++) {
				free(f->streams[d].said);
				free(f->streams[d].is_said);
			}
			free(f);
		}
}

int main(int argc, char **argv)
{
	static struct recut r;
	bool compared = argc == 3 && strcmp(argv[1], "conflicts") == 0;
	size_t n = sizeof(forms) / sizeof(*forms);
	char why[PCAP_READ_ERROR_MAX];
	struct pcap_read *in;

	while (argc == 5 && r.form < n && strcmp(argv[1], forms[r.form]) != 0)
		r.form++;
	if (!compared && (argc != 5 || r.form == n)) {
		fputs("usage: recut FORM SEED CAPTURE NEW_CAPTURE, or "
		      "conflicts CAPTURE\n",
		      stderr);
		return 2;
	}
	if (pcap_read_open(argv[compared ? 2 : 3], why, &in)) {
		fprintf(stderr, "%s: %s\n", argv[compared ? 2 : 3], why);
		return 1;
	}
	if (compared) {
		conflicts(&r, in);
	} else {
		r.random = strtoull(argv[2], NULL, 10);
		rewrite(&r, in, argv[4]);
	}
	pcap_read_close(in);
	free_flows(&r);
	return 0;
}
