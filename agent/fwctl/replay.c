/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/replay.h"

#include "agent/binding/bindings.h"
#include "agent/engine.h"
#include "agent/fwctl/defrag.h"
#include "agent/fwctl/pcap_read.h"
#include "agent/fwctl/tunnel.h"

#include <inttypes.h>
#include <stdlib.h>

/* Packets in packets. */
#define TUNNELS_MAX 5

#define REPLAY_BINDINGS 262144

struct replay {
	const struct replay_options *opt;
	FILE *out;
	struct stats stats;
};

/* Bytes from the wire must not reach a terminal as they are. */
static void print_wire(FILE *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > 0x20 && c < 0x7f && c != '\\')
			(void)fputc(c, out);
		else
			(void)fprintf(out, "\\x%02x", c);
	}
}

static void print_end(FILE *out, const struct ipaddr *a, uint16_t port)
{
	char text[IPADDR_TEXT_MAX];
	bool v6 = a->family == IP_V6;

	(void)fprintf(out, "%s%s%s:%u", v6 ? "[" : "", ipaddr_print(a, text),
		      v6 ? "]" : "", port);
}

static void print_name(FILE *out, const struct facts *f)
{
	static const enum field names[] = {FIELD_SOCKS_TARGET,
					   FIELD_CONNECT_TARGET,
					   FIELD_HTTP_HOST, FIELD_TLS_SNI};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct str s = facts_get(f, names[i], 0);

		if (!s.p)
			continue;
		(void)fputc(' ', out);
		print_wire(out, s);
	}
}

static const char *verdict_word(const struct event *ev)
{
	if (ev->kind == EVENT_OBSERVE)
		return "note ";
	return ev->outcome->kind == DECISION_REFUSE ? "deny " : "allow";
}

static void print_verdict(FILE *out, const struct event *ev)
{
	const struct outcome *o = ev->outcome;
	const struct facts *f = ev->facts;

	(void)fprintf(out, "%s ", verdict_word(ev));
	print_end(out, &f->src, f->sport);
	(void)fputs(" -> ", out);
	print_end(out, &f->dst, f->dport);
	for (unsigned i = 0; i < f->n_layers; i++)
		(void)fprintf(out, "%s%s", i ? "/" : " ",
			      app_name(f->layers[i].app));
	print_name(out, f);
	(void)fprintf(out, " [%s]", reason_name(o->reason));
	if (o->rule)
		(void)fprintf(out, " rule \"%s\"", o->rule->name);
	if (o->protocol)
		(void)fprintf(out, " guard \"%s\"", o->protocol->match.name);
	if (ev->kind == EVENT_OBSERVE)
		(void)fprintf(
			out, " (would %s)",
			ir_action_name(o->rule ? o->rule->action : IR_DENY));
	else if (o->would)
		(void)fputs(" (would be denied)", out);
	(void)fputc('\n', out);
}

static void on_event(void *ctx, const struct event *ev)
{
	struct replay *r = ctx;
	char *line;

	if (r->opt->table) {
		if (ev->kind != EVENT_FLOW)
			print_verdict(r->out, ev);
		return;
	}
	line = event_json(ev);
	if (line)
		(void)fputs(line, r->out);
	free(line);
}

static void drain(struct engine *e)
{
	struct engine_output output;

	while (engine_output_take(e, &output))
		;
}

/* The packet, and what it carries. */
static void packet(struct engine *e, const struct pcap_packet *p, uint64_t now)
{
	struct engine_input in = {.raw = p->ip,
				  .id = (uint32_t)p->number,
				  .zone_src = ENGINE_ZONE_BY_ADDRESS,
				  .zone_dst = ENGINE_ZONE_BY_ADDRESS};

	for (unsigned depth = 0; depth < TUNNELS_MAX; depth++) {
		engine_packet(e, &in, now);
		drain(e);
		if (!tunnel_open(&in.raw))
			break;
	}
}

static enum fw_err packets(struct engine *e, struct pcap_read *pcap,
			   struct defrag *defrag)
{
	struct pcap_packet p;
	enum fw_err err;
	uint64_t now = 0;

	while ((err = pcap_read_next(pcap, &p)) == FW_OK) {
		uint64_t due = engine_next_deadline(e);

		/* A capture's clock may step back; the engine's does not. */
		if (p.ns > now)
			now = p.ns;
		if (due && due <= now)
			engine_tick(e, now);
		if (defrag_take(defrag, &p.ip))
			packet(e, &p, now);
	}
	engine_finish(e, now);
	drain(e);
	return err == FW_ERR_NOENT ? FW_OK : err;
}

static void print_summary(FILE *out, struct stats *s)
{
	(void)fprintf(out,
		      "%" PRIu64 " packets, %" PRIu64 " flows: %" PRIu64
		      " allowed, %" PRIu64 " denied\n",
		      s->counters[STAT_PACKETS], s->counters[STAT_FLOWS],
		      s->counters[STAT_ALLOWED], s->counters[STAT_DENIED]);
}

/* What clients are told in a capture: a table of its own. */
static bool bindings_make(void **out_memory, struct bindings **out)
{
	static const uint8_t secret[32];
	size_t size = bindings_size(REPLAY_BINDINGS);

	*out_memory = malloc(size);
	if (!*out_memory)
		return false;
	bindings_format(*out_memory, size, secret);
	*out = bindings_new(*out_memory, size);
	return *out;
}

enum fw_err replay_capture(const struct replay_options *options,
			   const char *path, FILE *out, FILE *err)
{
	struct replay *r = calloc(1, sizeof(*r));
	char why[PCAP_READ_ERROR_MAX] = "";
	struct pcap_read *pcap = NULL;
	enum fw_err rc = FW_ERR_NOMEM;
	struct defrag *defrag = defrag_new();
	struct engine *e = NULL;
	struct bindings *bindings = NULL;
	void *memory = NULL;

	if (!r || !defrag)
		goto out;
	*r = (struct replay){.opt = options, .out = out};
	rc = pcap_read_open(path, why, &pcap);
	if (rc) {
		(void)fprintf(err, "%s: %s\n", path, why);
		goto out;
	}
	if (options->policy->ir.binding && !bindings_make(&memory, &bindings)) {
		rc = FW_ERR_NOMEM;
		goto out;
	}
	e = engine_new(
		&(struct engine_options){.bindings = bindings,
					 .verify_checksums = options->verify,
					 .allow_cut = true,
					 .read_on = true,
					 .stats = &r->stats,
					 .event = on_event,
					 .event_ctx = r});
	if (!e) {
		rc = FW_ERR_NOMEM;
		goto out;
	}
	engine_set_policy(e, options->policy);
	rc = packets(e, pcap, defrag);
	if (rc)
		(void)fprintf(err, "%s: %s\n", path, pcap_read_error(pcap));
	if (options->table)
		print_summary(out, &r->stats);
out:
	engine_free(e);
	bindings_free(bindings);
	free(memory);
	pcap_read_close(pcap);
	defrag_free(defrag);
	free(r);
	return rc;
}
