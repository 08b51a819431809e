/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes -> packets, time and policy changes before an engine.  Whatever they
 * are: each packet gets one verdict or is held, every held one gets its verdict
 * in the end, and of a flow that is refused before a byte of its client passed,
 * none ever passes.
 *
 * An input is a list of steps; the first byte of a step says which (see
 * step()), the next ones its numbers.
 */
#include "agent/engine.h"
#include "agent/flow/handshakes.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKETS_MAX 4096
#define FLOWS       4
#define HANDSHAKES  64
#define CLIENT_ISN  0xffffff00U
#define SERVER_ISN  77U

#define CHECK(what)                                                \
	do {                                                       \
		if (!(what)) {                                     \
			(void)fprintf(stderr, "not: %s\n", #what); \
			abort();                                   \
		}                                                  \
	} while (0)

static const char *const policy_texts[] = {
	"version = 1; zones: { lan: { interfaces = \"a\"; networks = "
	"\"10.0.0.0/8\"; }; wan: { interfaces = \"b\"; external = true; }; };"
	"application: { connect = \"allow\"; socks = \"allow\"; };"
	"egress: ( { name = \"g\"; app = [\"http\", \"tls\", \"socks\"];"
	" host = \"a.org\"; action = \"allow\"; } );",
	"version = 1; gateway: { fail = \"open\"; }; zones: {"
	" wan: { interfaces = \"b\"; external = true; };"
	" lan: { interfaces = \"a\"; networks = \"10.0.0.0/8\"; }; };"
	"egress: ( { name = \"s\"; host = \"a.org\"; action = \"deny\"; },"
	" { name = \"u\"; app = [\"unknown\", \"http\"]; action = \"allow\"; }"
	");",
};

struct run {
	struct engine *engine;
	struct handshakes *handshakes; /* or NULL: SYNs are given to it */
	struct stats stats;
	struct policy *policies[2];
	unsigned which;
	bool forgets; /* what was refused is not known for certain */
	uint64_t now;
	uint32_t id; /* of the last packet */
	uint8_t verdicts[PACKETS_MAX], flow_of[PACKETS_MAX];
	bool carries[PACKETS_MAX]; /* client's payload */
	bool refused[FLOWS];
};

/* A refused flow may have had bytes passed to a proxy before it was refused;
 * afterwards there are none until it begins anew. */
static void note(struct run *r, const struct engine_output *o)
{
	unsigned flow;

	if (o->kind == OUTPUT_SEGMENT) {
		uint8_t buf[SEGMENT_ROOM];

		CHECK(o->segment.payload.left <= SEGMENT_PAYLOAD_MAX);
		CHECK(segment_build(&o->segment, buf) <= sizeof(buf));
		if (o->segment.payload.left)
			CHECK(r->forgets ||
			      !r->refused[o->segment.sport % FLOWS]);
		return;
	}
	CHECK(o->id > 0 && o->id <= r->id);
	CHECK(r->verdicts[o->id]++ == 0);
	flow = r->flow_of[o->id];
	if (o->kind == OUTPUT_REFUSE || o->kind == OUTPUT_REFUSE_SILENT)
		r->refused[flow] = true;
	if (o->kind == OUTPUT_PASS || o->kind == OUTPUT_ALLOW)
		CHECK(r->forgets || !r->refused[flow] || !r->carries[o->id]);
}

static void take(struct run *r)
{
	struct engine_output o;

	memset(&o, 0xa5, sizeof(o));
	while (engine_output_take(r->engine, &o)) {
		CHECK(o.kind == OUTPUT_SEGMENT || o.bytes.left <= UINT16_MAX);
		note(r, &o);
	}
}

static void on_event(void *ctx, const struct event *ev)
{
	char *line = event_json(ev);

	(void)ctx;
	CHECK(line != NULL && strchr(line, '\n') == line + strlen(line) - 1);
	free(line);
}

/* In the second policy they stand the other way round. */
static int zone_of(const struct run *r, bool client)
{
	return client ? 1 + (int)r->which : 2 - (int)r->which;
}

/* A copy, as the kernel hands it out. */
static void note_answer(struct run *r, struct reader raw, unsigned flow,
			bool client)
{
	struct packet pkt;

	if (packet_parse(raw, (struct packet_options){0}, &pkt) != PACKET_OK)
		return;
	handshakes_note(r->handshakes, &pkt, zone_of(r, client),
			zone_of(r, !client), (uint32_t)(r->now / 1000000000));
	r->refused[flow] = false;
}

static void give(struct run *r, struct reader raw, unsigned flow, bool client,
		 enum mark_state mark)
{
	struct engine_input in = {
		.raw = raw,
		.id = ++r->id,
		.mark = mark,
		.zone_src = zone_of(r, client),
		.zone_dst = zone_of(r, !client),
		.in_iface = "a",
	};

	r->flow_of[r->id] = (uint8_t)flow;
	engine_packet(r->engine, &in, r->now);
	take(r);
}

static void send_segment(struct run *r, struct reader *in, bool client)
{
	uint8_t head = reader_u8(in), flags = reader_u8(in) & 0x3f;
	uint16_t seq = reader_u16(in);
	uint8_t ack = reader_u8(in), n = reader_u8(in);
	unsigned flow = head % FLOWS;
	struct tcp_segment s = {
		.src = ipaddr_v4((const uint8_t[]){10, 0, 0, 1}),
		.dst = ipaddr_v4((const uint8_t[]){192, 0, 2, 1}),
		.sport = (uint16_t)(40000 + flow),
		.dport = 44,
		.flags = flags,
		.seq = CLIENT_ISN + seq,
		.ack = SERVER_ISN + ack,
		.window = 1000,
	};
	uint8_t buf[SEGMENT_ROOM];
	struct reader raw;

	s.payload = reader_sub(in, n < in->left ? n : in->left);
	if (!client) {
		struct tcp_segment back = s;

		back.src = s.dst;
		back.dst = s.src;
		back.sport = s.dport;
		back.dport = s.sport;
		back.seq = SERVER_ISN + (s.seq - CLIENT_ISN);
		back.ack = CLIENT_ISN + (s.ack - SERVER_ISN);
		s = back;
	}
	/* Perhaps another connection between the same ends. */
	if ((s.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		r->refused[flow] = false;
	raw = reader_of(buf, segment_build(&s, buf));
	if (r->handshakes &&
	    (s.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
		note_answer(r, raw, flow, client);
		return;
	}
	r->carries[r->id + 1] = client && s.payload.left > 0;
	give(r, raw, flow, client, head & 0x80 ? MARK_PENDING : MARK_NEW);
}

static void change_policy(struct run *r)
{
	r->which = !r->which;
	engine_set_policy(r->engine, r->policies[r->which]);
	/* What was refused is judged again. */
	memset(r->refused, 0, sizeof(r->refused));
	take(r);
}

static void step(struct run *r, struct reader *in)
{
	uint8_t what = reader_u8(in);

	switch (what % 8) {
	case 0:
		r->now += (uint64_t)reader_u16(in) * 10000000;
		/* Flows idle for long are forgotten, refused ones too. */
		memset(r->refused, 0, sizeof(r->refused));
		engine_tick(r->engine, r->now);
		take(r);
		break;
	case 1:
		change_policy(r);
		break;
	case 2: {
		uint8_t n = reader_u8(in);

		/* It may be of any flow, even of one of the others. */
		r->forgets = true;
		give(r, reader_sub(in, n < in->left ? n : in->left), 0, true,
		     MARK_NEW);
		break;
	}
	case 3:
	case 4:
		send_segment(r, in, false);
		break;
	default:
		send_segment(r, in, true);
	}
}

static struct policy *compile(const char *text)
{
	struct policy_input in = {.text = str_of(text), .text_name = "fuzz"};
	struct policy *p;

	CHECK(policy_compile(&in, &p) == FW_OK);
	return p;
}

/* Of one input each. */
static struct handshakes *empty_table(void)
{
	static const uint8_t secret[16] = {3};
	static _Alignas(64) uint8_t memory[8192];

	CHECK(handshakes_size(HANDSHAKES) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	CHECK(handshakes_format(memory, handshakes_size(HANDSHAKES), secret) ==
	      FW_OK);
	return handshakes_at(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *policies[2];
	static struct run r;
	struct engine_options opt = {.most_flows = size % 2 ? 3 : 64,
				     .stats = &r.stats,
				     .event = on_event};
	struct reader in = reader_of(data, size);

	for (unsigned i = 0; i < 2; i++) {
		if (!policies[i])
			policies[i] = compile(policy_texts[i]);
	}
	memset(&r, 0, sizeof(r));
	memcpy(r.policies, policies, sizeof(policies));
	r.now = 1000000000;
	r.forgets = size % 2;
	if (size % 4 >= 2)
		r.handshakes = opt.handshakes = empty_table();
	r.engine = engine_new(&opt);
	if (!r.engine)
		return 0;
	engine_set_policy(r.engine, policies[0]);
	while (in.left > 0 && r.id + 2 < PACKETS_MAX)
		step(&r, &in);
	engine_finish(r.engine, r.now);
	take(&r);
	for (uint32_t id = 1; id <= r.id; id++)
		CHECK(r.verdicts[id] == 1);
	engine_free(r.engine);
	return 0;
}
