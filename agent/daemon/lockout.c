/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/lockout.h"

#include "agent/daemon/author.h"
#include "agent/daemon/worker_queue.h"
#include "agent/daemon/zones.h"
#include "policy/management.h"

#include <netinet/in.h>

/* Of each kind; what is refused beyond is not told. */
#define TOLD_MOST 16

struct guarding {
	const struct policy *policy;
	struct zones *zones;
	int64_t now;
	struct strbuf *said;
	bool refuses;
};

static int find_zone(void *ctx, const struct ipaddr *addr)
{
	return zones_find(ctx, addr);
}

static void tell(struct guarding *g, const char *what, const struct facts *f,
		 const struct decision *d)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX], why[200];

	g->refuses = true;
	strbuf_addf(g->said, "it would cut %s, %s", what,
		    ipaddr_print(&f->src, src));
	if (f->zone_dst != IR_ZONE_SELF)
		strbuf_addf(g->said, " to %s", ipaddr_print(&f->dst, dst));
	strbuf_addf(g->said, " port %u: %s\n", f->dport,
		    management_why(d, why, sizeof(why)));
}

static bool read_end(const json_t *o, const char *addr, const char *port,
		     struct ipaddr *out_addr, uint16_t *out_port)
{
	const char *text = json_string_value(json_object_get(o, addr));
	json_int_t n = json_integer_value(json_object_get(o, port));

	if (!text || n < 0 || n > UINT16_MAX)
		return false;
	*out_port = (uint16_t)n;
	return ipaddr_parse(str_of(text), out_addr) == FW_OK;
}

/* A link-local address is of its interface's zone, and talks to us. */
static void find_zones(const struct guarding *g, const json_t *flow,
		       struct facts *f)
{
	const char *interface =
		json_string_value(json_object_get(flow, "interface"));

	if (interface && *interface) {
		f->zone_src = ir_zone_by_interface(&g->policy->ir, interface);
		f->zone_dst = IR_ZONE_SELF;
	} else {
		f->zone_src = zones_find(g->zones, &f->src);
		f->zone_dst = zones_find(g->zones, &f->dst);
	}
}

/* A connection that is there now. */
static void look_at_flow(struct guarding *g, const json_t *flow)
{
	char what[80];
	struct decision d;
	struct facts f;

	facts_init(&f, NULL);
	f.l4 = IPPROTO_TCP;
	f.time = g->now;
	if (!read_end(flow, "src", "sport", &f.src, &f.sport) ||
	    !read_end(flow, "dst", "dport", &f.dst, &f.dport))
		return;
	find_zones(g, flow, &f);
	/* Within the gateway nothing is filtered. */
	if ((f.zone_src == IR_ZONE_SELF && f.zone_dst == IR_ZONE_SELF) ||
	    management_allows(&g->policy->ir, &f, &d))
		return;
	author_text(json_string_value(json_object_get(flow, "what")), what,
		    sizeof(what));
	tell(g, what, &f, &d);
}

static void look_at_declared(struct guarding *g)
{
	const struct management_zones zones = {.find = find_zone,
					       .ctx = g->zones};
	struct management_miss misses[TOLD_MOST];
	size_t n = management_misses(&g->policy->ir, &zones, g->now, misses,
				     TOLD_MOST);

	for (size_t i = 0; i < n; i++) {
		char what[200];

		(void)snprintf(what, sizeof(what), "management flow '%s'",
			       misses[i].flow->name);
		tell(g, what, &misses[i].facts, &misses[i].decision);
	}
}

bool lockout_refuses(const struct policy *p, const json_t *flows,
		     struct strbuf *said)
{
	struct guarding g = {.policy = p,
			     .zones = zones_new(&p->ir),
			     .now = (int64_t)(worker_now() / 1000000000),
			     .said = said};
	const json_t *flow;
	size_t i;

	if (!g.zones || p->ir.observe) {
		zones_free(g.zones);
		return false;
	}
	json_array_foreach (flows, i, flow)
		if (i < TOLD_MOST)
			look_at_flow(&g, flow);
	look_at_declared(&g);
	zones_free(g.zones);
	return g.refuses;
}
