/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/lab.h"

#include "agent/flow/handshakes.h"

#include <netinet/in.h>

struct policy *lab_compile(const char *text)
{
	struct policy_input in = {.text = str_of(text),
				  .text_name = "lab.conf"};
	struct policy *p;

	if (policy_compile(&in, &p) != FW_OK) {
		struct strbuf b;

		strbuf_init(&b, 0);
		diag_print(&p->diags, &b);
		ck_abort_msg("%s", strbuf_text(&b));
	}
	return p;
}

static void on_event(void *ctx, const struct event *ev)
{
	struct lab *l = ctx;

	strbuf_addf(&l->events, "%s%s%s%s%s", l->events.len ? ", " : "",
		    reason_name(ev->outcome->reason),
		    ev->outcome->rule ? " " : "",
		    ev->outcome->rule ? ev->outcome->rule->name : "",
		    ev->outcome->would ? " would" : "");
}

struct handshakes *lab_handshakes(size_t entries)
{
	static const uint8_t secret[16] = {1, 2, 3};
	size_t size = handshakes_size(entries);
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	ck_assert_ptr_nonnull(memory);
	memset(memory, 0, size);
	ck_assert_int_eq(handshakes_format(memory, size, secret), FW_OK);
	return handshakes_at(memory);
}

struct lab *lab_new(const char *policy_text,
		    const struct engine_options *options)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct engine_options opt = {0};

	ck_assert_ptr_nonnull(l);
	if (options)
		opt = *options;
	opt.verify_checksums = true;
	opt.stats = &l->stats;
	l->handshakes = lab_handshakes(1);
	opt.handshakes = l->handshakes;
	opt.event = on_event;
	opt.event_ctx = l;
	l->policy = lab_compile(policy_text);
	l->engine = engine_new(&opt);
	ck_assert_ptr_nonnull(l->engine);
	engine_set_policy(l->engine, l->policy);
	l->now = 1700000000 * LAB_SECOND;
	strbuf_init(&l->outputs, 0);
	strbuf_init(&l->events, 0);
	l->ends = (struct lab_ends){
		.client = ipaddr_v4((const uint8_t[]){10, 0, 0, 7}),
		.server = ipaddr_v4((const uint8_t[]){192, 0, 2, 80}),
		.cport = 40000,
		.sport = 443,
		.isn = {1000, 5000},
	};
	return l;
}

void lab_free(struct lab *l)
{
	engine_free(l->engine);
	free(l->handshakes);
	policy_free(l->policy);
	strbuf_done(&l->outputs);
	strbuf_done(&l->events);
	free(l);
}

static void server_gets(struct lab *l, uint32_t seq, const uint8_t *p, size_t n)
{
	if (l->loses && l->loses(l->loses_ctx))
		return;
	for (size_t i = 0; i < n; i++) {
		uint32_t at = seq + (uint32_t)i;

		if (at >= sizeof(l->got) || (l->have[at] && l->got[at] != p[i]))
			ck_abort_msg("the server was given another byte at %u",
				     at);
		l->got[at] = p[i];
		l->have[at] = 1;
	}
}

static void note_segment(struct lab *l, const struct tcp_segment *s)
{
	bool to_server = ipaddr_cmp(&s->dst, &l->ends.server) == 0;
	enum dir from = to_server ? DIR_CLIENT : DIR_SERVER;

	strbuf_addf(
		&l->outputs, "to %s %s%s%sseq %u ack %u",
		to_server ? "server" : "client", s->flags & TCP_RST ? "R" : "",
		s->flags & TCP_PSH ? "P" : "", s->flags & TCP_ACK ? "A " : " ",
		s->seq - l->ends.isn[from], s->ack - l->ends.isn[!from]);
	if (s->payload.left)
		strbuf_addf(&l->outputs, " bytes %zu", s->payload.left);
	if (to_server)
		server_gets(l, s->seq - l->ends.isn[DIR_CLIENT], s->payload.p,
			    s->payload.left);
}

/* What was changed is a good packet. */
static struct reader payload_of(struct reader bytes)
{
	struct packet pkt;

	ck_assert_int_eq(
		packet_parse(bytes,
			     (struct packet_options){.verify_checksums = true},
			     &pkt),
		PACKET_OK);
	return pkt.payload;
}

static void client_gets(struct lab *l, uint32_t seq, struct reader bytes)
{
	if (seq > sizeof(l->told) || bytes.left > sizeof(l->told) - seq)
		return;
	memcpy(l->told + seq, bytes.p, bytes.left);
}

static void note_changed(struct lab *l, struct reader bytes)
{
	ck_assert_uint_le(bytes.left, sizeof(l->changed));
	memcpy(l->changed, bytes.p, bytes.left);
	l->n_changed = bytes.left;
	(void)payload_of(bytes);
}

/* A packet gets one verdict and no other. */
static void note_verdict(struct lab *l, const struct engine_output *o)
{
	static const char *const names[] = {"pass",   "allow",        "watch",
					    "listen", "pend",         "drop",
					    "refuse", "refuse-silent"};
	size_t at = o->id % (sizeof(l->packets) / sizeof(*l->packets));
	bool goes = o->kind <= OUTPUT_PEND;

	ck_assert_uint_le(o->id, l->id);
	ck_assert_uint_gt(o->id, 0);
	l->verdicts++;
	strbuf_addf(&l->outputs, "%s %u%s", names[o->kind], o->id,
		    o->bytes.left ? " changed" : "");
	if (o->bytes.left)
		note_changed(l, o->bytes);
	if (goes && l->packets[at].bytes && l->packets[at].server)
		client_gets(l, l->packets[at].seq,
			    o->bytes.left ? payload_of(o->bytes)
					  : reader_of(l->packets[at].bytes,
						      l->packets[at].n));
	else if (goes && l->packets[at].bytes && o->bytes.left)
		server_gets(l, l->packets[at].seq, payload_of(o->bytes).p,
			    payload_of(o->bytes).left);
	else if (goes && l->packets[at].bytes)
		server_gets(l, l->packets[at].seq, l->packets[at].bytes,
			    l->packets[at].n);
	l->packets[at].bytes = NULL;
}

static void take_outputs(struct lab *l)
{
	struct engine_output o;

	/* What the engine does not say must not be believed. */
	memset(&o, 0xa5, sizeof(o));
	while (engine_output_take(l->engine, &o)) {
		ck_assert(o.kind == OUTPUT_SEGMENT ||
			  o.bytes.left <= UINT16_MAX);
		strbuf_addz(&l->outputs, l->outputs.len ? ", " : "");
		if (o.kind == OUTPUT_SEGMENT)
			note_segment(l, &o.segment);
		else
			note_verdict(l, &o);
	}
}

void lab_raw(struct lab *l, const uint8_t *p, size_t n, int zone_src,
	     int zone_dst)
{
	struct engine_input in = {.raw = reader_of(at_page_end(p, n), n),
				  .id = ++l->id,
				  .mark = l->mark,
				  .has_mac = l->has_mac && zone_src == 1,
				  .mac = l->mac,
				  .zone_src = zone_src,
				  .zone_dst = zone_dst,
				  .in_iface = "lan0"};

	engine_packet(l->engine, &in, l->now);
	take_outputs(l);
}

static struct tcp_segment segment_of(const struct lab *l, enum dir dir,
				     uint8_t flags, uint32_t seq, uint32_t ack,
				     struct reader payload)
{
	bool client = dir == DIR_CLIENT;

	return (struct tcp_segment){
		.src = client ? l->ends.client : l->ends.server,
		.dst = client ? l->ends.server : l->ends.client,
		.sport = client ? l->ends.cport : l->ends.sport,
		.dport = client ? l->ends.sport : l->ends.cport,
		.seq = l->ends.isn[dir] + seq,
		.ack = flags & TCP_ACK ? l->ends.isn[!dir] + ack : 0,
		.flags = flags,
		.window = 64000,
		.payload = payload,
	};
}

uint32_t lab_send(struct lab *l, enum dir dir, uint8_t flags, uint32_t seq,
		  uint32_t ack, struct reader payload)
{
	struct tcp_segment s = segment_of(l, dir, flags, seq, ack, payload);
	bool client = dir == DIR_CLIENT;
	uint8_t buf[SEGMENT_ROOM];
	size_t n = segment_build(&s, buf);

	if (payload.left) {
		size_t at = (l->id + 1) %
			    (sizeof(l->packets) / sizeof(*l->packets));

		l->packets[at].server = !client;
		l->packets[at].seq = seq;
		l->packets[at].bytes = payload.p;
		l->packets[at].n = payload.left;
	}
	lab_raw(l, buf, n, client ? 1 : 2, client ? 2 : 1);
	return l->id;
}

static void forget(struct lab *l)
{
	strbuf_done(&l->outputs);
	strbuf_init(&l->outputs, 0);
}

void lab_answer_from(struct lab *l, int zone_src, int zone_dst)
{
	struct tcp_segment s = segment_of(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0,
					  1, (struct reader){0});
	uint8_t buf[SEGMENT_ROOM];
	size_t n = segment_build(&s, buf);
	struct packet pkt;

	ck_assert_int_eq(packet_parse(reader_of(buf, n),
				      (struct packet_options){0}, &pkt),
			 PACKET_OK);
	handshakes_note(l->handshakes, &pkt, zone_src, zone_dst,
			(uint32_t)(l->now / LAB_SECOND));
}

void lab_begin(struct lab *l)
{
	lab_answer_from(l, 2, 1);
	l->mark = MARK_PENDING;
}

void lab_connect(struct lab *l)
{
	struct reader none = {0};

	lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, 1, none);
	lab_send(l, DIR_CLIENT, TCP_ACK, 1, 1, none);
	forget(l);
}

void lab_client(struct lab *l, uint32_t seq, struct reader payload)
{
	lab_send(l, DIR_CLIENT, TCP_ACK | TCP_PSH, seq, 1, payload);
}

void lab_server(struct lab *l, uint32_t seq, uint32_t ack,
		struct reader payload)
{
	lab_send(l, DIR_SERVER, TCP_ACK | TCP_PSH, seq, ack, payload);
}

void lab_wait(struct lab *l, uint64_t ns)
{
	l->now += ns;
	engine_tick(l->engine, l->now);
	take_outputs(l);
}

void lab_expect(struct lab *l, const char *want)
{
	ck_assert_str_eq(strbuf_text(&l->outputs), want);
	forget(l);
}

void lab_expect_events(struct lab *l, const char *want)
{
	ck_assert_str_eq(strbuf_text(&l->events), want);
	strbuf_done(&l->events);
	strbuf_init(&l->events, 0);
}

void lab_expect_server_has(struct lab *l, const void *p, size_t n)
{
	for (size_t i = 0; i + 1 < sizeof(l->have); i++)
		if (l->have[i + 1] != (i < n))
			ck_abort_msg("byte %zu of %zu is %s", i, n,
				     l->have[i + 1] ? "there" : "missing");
	if (n)
		ck_assert_mem_eq(&l->got[1], p, n);
}

static void add_sni(struct bytes *b, const char *name)
{
	unsigned n = (unsigned)strlen(name);

	bytes_u16(b, 9 + n); /* all extensions */
	bytes_u16(b, 0);
	bytes_u16(b, 5 + n);
	bytes_u16(b, 3 + n);
	bytes_u8(b, 0);
	bytes_u16(b, n);
	bytes_text(b, name);
}

struct reader lab_hello(const char *name)
{
	static struct bytes slots[8];
	static unsigned turn;
	struct bytes *b = &slots[turn++ % 8];
	unsigned extensions = name ? 11 + (unsigned)strlen(name) : 2;
	unsigned body = 2 + 32 + 1 + 4 + 2 + extensions;

	b->n = 0;
	bytes_u8(b, 22);
	bytes_u16(b, 0x0301);
	bytes_u16(b, 4 + body);
	bytes_u32(b, 0x01000000 | body);
	bytes_u16(b, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		bytes_u8(b, i);
	bytes_u8(b, 0);
	bytes_u16(b, 2);
	bytes_u16(b, 0x1301);
	bytes_u16(b, 0x0100);
	if (name)
		add_sni(b, name);
	else
		bytes_u16(b, 0);
	return reader_of(b->p, b->n);
}
