/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/event.h"

#include "agent/verdict/event_line.h"

#include <jansson.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {
#define X(id, name, help) name,
	EVENT_KINDS(X)
#undef X
};

/* Bytes as they came -> a JSON string: printable ASCII as it is, the rest as
 * \xNN, so that neither a terminal nor a log reader can be fooled. */
static json_t *wire_string(struct str s)
{
	static const char hex[] = "0123456789abcdef";
	char *text = malloc(s.len * 4 + 1);
	json_t *j;
	size_t n = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c >= 0x20 && c < 0x7f && c != '\\') {
			text[n++] = (char)c;
			continue;
		}
		text[n++] = '\\';
		text[n++] = 'x';
		text[n++] = hex[c >> 4];
		text[n++] = hex[c & 15];
	}
	j = json_stringn_nocheck(text, n);
	free(text);
	return j;
}

static void put_address(json_t *o, const char *key, const struct ipaddr *a)
{
	char text[IPADDR_TEXT_MAX];

	json_object_set_new_nocheck(o, key, json_string(ipaddr_print(a, text)));
}

static bool has_ports(uint8_t l4)
{
	return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP || l4 == IPPROTO_SCTP ||
	       l4 == IPPROTO_DCCP;
}

static void put_protocol(json_t *o, uint8_t l4)
{
	static const struct {
		uint8_t l4;
		const char *name;
	} names[] = {{IPPROTO_TCP, "TCP"},   {IPPROTO_UDP, "UDP"},
		     {IPPROTO_ICMP, "ICMP"}, {IPPROTO_ICMPV6, "IPv6-ICMP"},
		     {IPPROTO_SCTP, "SCTP"}, {IPPROTO_GRE, "GRE"},
		     {IPPROTO_ESP, "ESP"},   {IPPROTO_DCCP, "DCCP"},
		     {IPPROTO_AH, "AH"},     {IPPROTO_IPIP, "IPIP"},
		     {IPPROTO_IPV6, "IPv6"}};
	char number[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].l4 != l4)
			continue;
		json_object_set_new_nocheck(o, "proto",
					    json_string(names[i].name));
		return;
	}
	(void)snprintf(number, sizeof(number), "%u", l4);
	json_object_set_new_nocheck(o, "proto", json_string(number));
}

static void put_tuple(json_t *o, const struct facts *f)
{
	put_address(o, "src_ip", &f->src);
	if (has_ports(f->l4))
		json_object_set_new_nocheck(o, "src_port",
					    json_integer(f->sport));
	put_address(o, "dest_ip", &f->dst);
	if (has_ports(f->l4))
		json_object_set_new_nocheck(o, "dest_port",
					    json_integer(f->dport));
	put_protocol(o, f->l4);
	if (f->l4 == IPPROTO_ICMP || f->l4 == IPPROTO_ICMPV6)
		json_object_set_new_nocheck(o, "icmp_type",
					    json_integer(f->dport));
}

/* A second value makes an array of the first. */
static void put_value(json_t *o, const char *key, bool list, json_t *value)
{
	json_t *old = json_object_get(o, key);

	if (!value)
		return;
	if (!old && !list) {
		json_object_set_new_nocheck(o, key, value);
		return;
	}
	if (!json_is_array(old)) {
		json_t *array = json_array();

		if (old)
			json_array_append(array, old);
		json_object_set_new_nocheck(o, key, array);
		old = array;
	}
	json_array_append_new(old, value);
}

/* "h2,http/1.1" is one value of ours, two of Suricata's. */
static void put_list(json_t *o, const char *key, struct str all)
{
	while (all.len) {
		const char *comma = memchr(all.p, ',', all.len);
		size_t n = comma ? (size_t)(comma - all.p) : all.len;

		put_value(o, key, true, wire_string(str_mem(all.p, n)));
		all = str_skip(all, n + 1);
	}
}

static json_t *wire_number(struct str s)
{
	json_int_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n = n * 10 + (s.p[i] - '0');
	return json_integer(n);
}

/* The object that a name with dots is in; *name becomes its last part. */
static json_t *object_of(json_t *o, const char **name)
{
	const char *dot;

	while ((dot = strchr(*name, '.'))) {
		size_t n = (size_t)(dot - *name);
		json_t *in = json_object_getn(o, *name, n);

		if (!in) {
			in = json_object();
			json_object_setn_new_nocheck(o, *name, n, in);
		}
		o = in;
		*name = dot + 1;
	}
	return o;
}

static void put_fact(json_t *o, const struct fact_value *v)
{
	const char *key = field_name(v->field);
	json_t *in = object_of(o, &key);

	switch (field_kind(v->field)) {
	case FIELD_LIST:
		put_list(in, key, v->value);
		break;
	case FIELD_NUMBER:
		put_value(in, key, false, wire_number(v->value));
		break;
	case FIELD_TEXT:
		put_value(in, key, false, wire_string(v->value));
		break;
	}
}

/* Is it of what was judged last: of the current layer's messages the first that
 * was not judged before, and of layers around it the first? */
static bool is_of_verdict(const struct facts *f, const struct fact_value *v)
{
	return v->message == (v->layer + 1u == f->n_layers ? f->since : 0);
}

bool event_is_wanted(const struct event *ev)
{
	bool refused = ev->kind == EVENT_ANSWER || ev->outcome->would ||
		       ev->outcome->kind == DECISION_REFUSE;

	return ev->kind == EVENT_OBSERVE || ev->kind == EVENT_FLOW ||
	       (refused ? ev->ir->log_deny : ev->ir->log_allow) != IR_LOG_NONE;
}

static void put_facts(json_t *o, const struct facts *f, bool every_message)
{
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].field < FIELD_COUNT &&
		    (every_message || is_of_verdict(f, &f->values[i])))
			put_fact(o, &f->values[i]);
}

/* The outermost protocol, and all of them where there is more than one. */
static void put_apps(json_t *o, json_t *fw, const struct facts *f)
{
	json_t *layers;

	if (f->n_layers == 0)
		return;
	json_object_set_new_nocheck(o, "app_proto",
				    json_string(app_name(f->layers[0].app)));
	if (f->n_layers == 1)
		return;
	layers = json_array();
	for (unsigned i = 0; i < f->n_layers; i++)
		json_array_append_new(layers,
				      json_string(app_name(f->layers[i].app)));
	json_object_set_new_nocheck(fw, "layers", layers);
}

static void put_verdict(json_t *o, const struct event *ev)
{
	bool refused = ev->outcome->kind == DECISION_REFUSE;
	json_t *v = json_object();

	if (ev->outcome->kind == DECISION_NOT_YET) {
		json_decref(v);
		return;
	}
	json_object_set_new_nocheck(v, "action",
				    json_string(refused ? "drop" : "accept"));
	if (refused && !ev->outcome->silent) {
		bool tcp = ev->facts->l4 == IPPROTO_TCP;
		bool both = tcp && !ev->kernel;

		json_object_set_new_nocheck(
			v, "reject",
			json_pack("[s]", tcp ? "tcp-reset" : "icmp-prohib"));
		json_object_set_new_nocheck(
			v, "reject_target",
			json_string(both ? "both" : "to_client"));
	}
	json_object_set_new_nocheck(o, "verdict", v);
}

static const char *zone_name(const struct ir *ir, int zone)
{
	return ir && zone >= 0 && (unsigned)zone < ir->n_zones
		       ? ir->zones[zone].name
		       : "none";
}

/* What is not done. */
static const char *would_of(const struct event *ev)
{
	if (ev->kind != EVENT_OBSERVE)
		return "drop";
	if (!ev->outcome->rule)
		return ir_action_name(IR_DENY);
	return ir_action_name(ev->outcome->rule->action);
}

static void put_fw(json_t *fw, const struct event *ev)
{
	const struct outcome *o = ev->outcome;

	if (o->rule)
		json_object_set_new_nocheck(fw, "rule",
					    json_string(o->rule->name));
	if (o->protocol)
		json_object_set_new_nocheck(
			fw, "guard", json_string(o->protocol->match.name));
	if (o->cdn)
		json_object_set_new_nocheck(fw, "guard",
					    json_string(o->cdn->name));
	if (o->list < AST_LISTS)
		json_object_set_new_nocheck(
			fw, "list", json_string(ast_list_name(o->list)));
	json_object_set_new_nocheck(fw, "reason",
				    json_string(reason_name(o->reason)));
	if (decide_binding_name(o->binding))
		json_object_set_new_nocheck(
			fw, "binding",
			json_string(decide_binding_name(o->binding)));
	if (o->reason == REASON_ECH_STRIPPED)
		json_object_set_new_nocheck(fw, "ech", json_string("stripped"));
	if (*reason_attack(o->reason) &&
	    (o->kind == DECISION_REFUSE || o->would))
		json_object_set_new_nocheck(
			fw, "attack", json_string(reason_attack(o->reason)));
	if (o->would)
		json_object_set_new_nocheck(fw, "would",
					    json_string(would_of(ev)));
	json_object_set_new_nocheck(fw, "policy",
				    json_string(ev->policy_digest));
	json_object_set_new_nocheck(
		fw, "zone_src",
		json_string(zone_name(ev->ir, ev->facts->zone_src)));
	json_object_set_new_nocheck(
		fw, "zone_dst",
		json_string(zone_name(ev->ir, ev->facts->zone_dst)));
	json_object_set_new_nocheck(
		fw, "by", json_string(ev->kernel ? "kernel" : "engine"));
	if (!ev->kernel)
		json_object_set_new_nocheck(
			fw, "held_us",
			json_integer((json_int_t)(ev->held_ns / 1000)));
	if (ev->repeat)
		json_object_set_new_nocheck(fw, "repeat",
					    json_integer(ev->repeat));
}

static void put_traffic(json_t *o, const struct event *ev)
{
	const struct flow_traffic *t = ev->traffic;

	json_object_set_new_nocheck(
		o, "flow",
		json_pack("{s:I, s:I, s:I, s:I}", "pkts_toserver",
			  (json_int_t)t[DIR_CLIENT].packets, "pkts_toclient",
			  (json_int_t)t[DIR_SERVER].packets, "bytes_toserver",
			  (json_int_t)t[DIR_CLIENT].bytes, "bytes_toclient",
			  (json_int_t)t[DIR_SERVER].bytes));
}

/* Owned (json_decref), NULL without memory. */
static json_t *event_object(const struct event *ev)
{
	json_t *o = json_object(), *fw = json_object();
	char community[COMMUNITY_ID_MAX];

	if (!o || !fw) {
		json_decref(o);
		json_decref(fw);
		return NULL;
	}
	event_put_time(o, "timestamp", ev->time_ns);
	if (ev->flow_id)
		json_object_set_new_nocheck(
			o, "flow_id", json_integer((json_int_t)ev->flow_id));
	json_object_set_new_nocheck(o, "event_type",
				    json_string(kinds[ev->kind]));
	if (ev->in_iface)
		json_object_set_new_nocheck(o, "in_iface",
					    json_string(ev->in_iface));
	put_tuple(o, ev->facts);
	event_community_id(ev->facts, community);
	if (*community)
		json_object_set_new_nocheck(o, "community_id",
					    json_string(community));
	put_apps(o, fw, ev->facts);
	put_facts(o, ev->facts, ev->kind == EVENT_FLOW);
	put_verdict(o, ev);
	put_fw(fw, ev);
	if (ev->traffic)
		put_traffic(o, ev);
	json_object_set_new_nocheck(o, "fw", fw);
	return o;
}

char *event_json(const struct event *ev)
{
	json_t *o = event_object(ev);
	char *text = o ? event_line(o) : NULL;

	json_decref(o);
	return text;
}

size_t event_write(const struct event *ev, char *room, size_t size)
{
	json_t *o = event_object(ev);
	size_t len = o ? json_dumpb(o, room, size, JSON_COMPACT) : 0;

	json_decref(o);
	if (len == 0)
		return 0;
	if (len < size)
		room[len] = '\n';
	return len + 1;
}

/* Bytes in network order for the hash. */
struct id_bytes {
	uint8_t data[64];
	size_t len;
};

static void id_add(struct id_bytes *b, const void *p, size_t n)
{
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

static void id_add_port(struct id_bytes *b, uint16_t port)
{
	uint16_t be = htons(port);

	id_add(b, &be, sizeof(be));
}

void event_community_id(const struct facts *f, char buf[COMMUNITY_ID_MAX])
{
	struct id_bytes b = {.len = 2}; /* seed 0 */
	bool ports = has_ports(f->l4);
	int order = ipaddr_cmp(&f->src, &f->dst);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len;
	bool swap = order > 0 || (order == 0 && ports && f->sport > f->dport);
	const struct ipaddr *first = swap ? &f->dst : &f->src;
	const struct ipaddr *second = swap ? &f->src : &f->dst;

	buf[0] = '\0';
	if (f->src.family == IP_NONE || f->src.family != f->dst.family)
		return;
	id_add(&b, first->bytes, ipaddr_len(first->family));
	id_add(&b, second->bytes, ipaddr_len(second->family));
	id_add(&b, (const uint8_t[]){f->l4, 0}, 2);
	/* ICMP has its own rules for "ports"; it goes without here. */
	if (ports) {
		id_add_port(&b, swap ? f->dport : f->sport);
		id_add_port(&b, swap ? f->sport : f->dport);
	}
	if (!EVP_Digest(b.data, b.len, digest, &digest_len, EVP_sha1(), NULL))
		return;
	memcpy(buf, "1:", 2);
	(void)EVP_EncodeBlock((unsigned char *)buf + 2, digest,
			      (int)digest_len);
}
