/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow is a stack of layers.  The outermost is at the flow's own address;
 * what is inside a tunnel (CONNECT, SOCKS) to an address is at that, and inside
 * a tunnel to a name at that name.
 */
#include "agent/binding/judge.h"

#include "policy/base/name.h"

#define APPS_THAT_NAME                                              \
	(APP_BIT(APP_TLS) | APP_BIT(APP_QUIC) | APP_BIT(APP_HTTP) | \
	 APP_BIT(APP_HTTP2))

/* Where a layer is. */
struct walk {
	struct bindings *b;
	const struct binding_case *c;
	bool bound; /* at the address; else whatever that is */
	bool named; /* within a tunnel to `name` */
	struct ipaddr address;
	struct str name;
	char name_buf[NAME_BUF];
};

/* --- clients ------------------------------------------------------------- */

static struct binding_client by_address(const struct facts *f)
{
	struct binding_client c = {.len = 17};

	c.bytes[0] = f->src.family;
	memcpy(c.bytes + 1, f->src.bytes, sizeof(f->src.bytes));
	return c;
}

static struct binding_client by_mac(const struct facts *f)
{
	struct binding_client c = {.len = sizeof(f->mac.bytes)};

	memcpy(c.bytes, f->mac.bytes, sizeof(f->mac.bytes));
	return c;
}

/* The gateway itself has many addresses. */
static struct binding_client known_as(const struct facts *f, bool address)
{
	if (f->zone_src == IR_ZONE_SELF)
		return (struct binding_client){.len = 1};
	return address || !f->has_mac ? by_address(f) : by_mac(f);
}

struct binding_askers binding_askers_of(const struct facts *facts)
{
	return (struct binding_askers){
		.v4 = known_as(facts, facts->src.family == IP_V4),
		.v6 = known_as(facts, false)};
}

static enum binding_answer ask_as(const struct walk *w, uint64_t name,
				  bool address)
{
	struct binding_client client = known_as(w->c->facts, address);
	uint32_t until = w->c->now + w->c->ir->binding_ttl;

	return bindings_ask(w->b, &client, name, &w->address, w->c->now, until);
}

/* --- names --------------------------------------------------------------- */

static bool is_tunnel(enum field field)
{
	return field == FIELD_CONNECT_TARGET || field == FIELD_SOCKS_TARGET;
}

/* What asks for a host. */
static bool is_name(enum field field)
{
	return field == FIELD_TLS_SNI || field == FIELD_HTTP_HOST;
}

/* Does the rule that allows the flow say that it may go to this address without
 * a name? */
static bool needs_no_name(const struct walk *w, struct str literal)
{
	const struct ir_rule *rule = w->c->allowed->rule;
	const struct ipaddr *dst = &w->c->facts->dst;

	if (!rule)
		return false;
	if (literal.len && rule->has_hosts && !rule->hosts.any &&
	    nameset_has(&rule->hosts, literal))
		return true;
	return ipaddr_eq(&w->address, dst) && ipset_has(&rule->to.addrs, dst);
}

static enum binding_result at_address(const struct walk *w, struct str name)
{
	char buf[NAME_BUF];
	struct ipaddr address;
	uint64_t hash;

	if (name_is_address(name)) {
		if (ipaddr_parse(name_without_brackets(name), &address) ||
		    !ipaddr_eq(&address, &w->address))
			return BINDING_MISMATCH;
		return needs_no_name(w, name) ? BINDING_NONE : BINDING_NO_NAME;
	}
	if (name_normalise(name, buf, &name))
		return BINDING_UNRESOLVED;
	hash = bindings_name(w->b, name);
	switch (ask_as(w, hash, true)) {
	case BINDING_FITS:
		return BINDING_OK;
	case BINDING_OTHERS:
		return ask_as(w, hash, false) == BINDING_FITS
			       ? BINDING_OK
			       : BINDING_MISMATCH;
	case BINDING_UNKNOWN:
		break;
	}
	switch (ask_as(w, hash, false)) {
	case BINDING_FITS:
		return BINDING_OK;
	case BINDING_OTHERS:
		return BINDING_MISMATCH;
	case BINDING_UNKNOWN:
		break;
	}
	return BINDING_UNRESOLVED;
}

static bool is_same(struct str a, struct str b)
{
	char buf_a[NAME_BUF], buf_b[NAME_BUF];

	a = name_without_brackets(a);
	if (name_is_address(a) || name_is_address(b))
		return str_eq_nocase(a, b);
	if (name_normalise(a, buf_a, &a) || name_normalise(b, buf_b, &b))
		return false;
	return str_eq(a, b);
}

static enum binding_result where_it_is(const struct walk *w, struct str name)
{
	if (w->named)
		return is_same(name, w->name) ? BINDING_OK : BINDING_MISMATCH;
	return w->bound ? at_address(w, name) : BINDING_NONE;
}

/* --- layers -------------------------------------------------------------- */

/* The tunnel that message `message` (below 0: the last one) of the layer asks
 * for. */
static const struct fact_value *tunnel_of(const struct facts *f, unsigned layer,
					  int message)
{
	const struct fact_value *last = NULL;

	for (unsigned i = 0; i < f->n_values; i++) {
		const struct fact_value *v = &f->values[i];

		if (v->layer == layer && is_tunnel(v->field) &&
		    (message < 0 || v->message == message))
			last = v;
	}
	return last;
}

/* Its client knows nothing of the address behind a proxy that the rule does
 * not name. */
static enum binding_result of_tunnel(const struct walk *w, struct str target)
{
	if (w->bound && needs_no_name(w, (struct str){0}))
		return BINDING_NONE;
	return where_it_is(w, name_without_port(target));
}

static enum binding_result of_value(const struct walk *w,
				    const struct fact_value *v)
{
	const struct fact_value *tunnel;

	if (is_tunnel(v->field))
		return of_tunnel(w, v->value);
	tunnel = tunnel_of(w->c->facts, v->layer, v->message);
	if (!tunnel)
		return where_it_is(w, v->value);
	return is_same(v->value, name_without_port(tunnel->value))
		       ? BINDING_NONE
		       : BINDING_MISMATCH;
}

/* What is worse is told. */
static void worsen(enum binding_result *worst, enum binding_result r)
{
	if (r > *worst)
		*worst = r;
}

static void of_layer(const struct walk *w, unsigned layer,
		     enum binding_result *worst)
{
	const struct facts *f = w->c->facts;
	bool any = false;

	for (unsigned i = 0; i < f->n_values; i++) {
		const struct fact_value *v = &f->values[i];

		if (v->layer != layer ||
		    (!is_name(v->field) && !is_tunnel(v->field)))
			continue;
		any = true;
		worsen(worst, of_value(w, v));
	}
	if (!any && w->bound && !w->named &&
	    (APPS_THAT_NAME & APP_BIT(f->layers[layer].app)) &&
	    !needs_no_name(w, (struct str){0}))
		worsen(worst, BINDING_NO_NAME);
}

/* Into the tunnel, if the layer is one. */
static void go_in(struct walk *w, unsigned layer, enum binding_result *worst)
{
	const struct facts *f = w->c->facts;
	const struct fact_value *v = tunnel_of(f, layer, -1);
	struct str target;

	if (!v)
		return;
	target = name_without_port(v->value);
	w->named = !name_is_address(target);
	w->bound = !w->named;
	if (w->named) {
		if (name_normalise(target, w->name_buf, &w->name))
			worsen(worst, BINDING_UNRESOLVED);
		return;
	}
	if (ipaddr_parse(target, &w->address))
		worsen(worst, BINDING_NO_NAME);
	/* What is inside may name it. */
	if ((layer + 1u == f->n_layers ||
	     !(APPS_THAT_NAME & APP_BIT(f->layers[layer + 1].app))) &&
	    !needs_no_name(w, target))
		worsen(worst, BINDING_NO_NAME);
}

enum binding_result binding_judge(struct bindings *b,
				  const struct binding_case *c)
{
	enum binding_result worst = BINDING_NONE;
	enum ast_list list = c->allowed->list;
	struct walk w = {.b = b,
			 .c = c,
			 .bound = list == AST_EGRESS,
			 .address = c->facts->dst};

	if (list != AST_EGRESS && list != AST_SEGMENT)
		return BINDING_NONE;
	for (unsigned i = 0; i < c->facts->n_layers; i++) {
		of_layer(&w, i, &worst);
		go_in(&w, i, &worst);
	}
	/* It may have told another name. */
	if (c->facts->dropped && worst != BINDING_NONE)
		worsen(&worst, BINDING_UNRESOLVED);
	return worst;
}
