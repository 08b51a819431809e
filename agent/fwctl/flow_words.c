/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/flow_words.h"

#include "policy/uid.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name, *value, *help;
} words[FLOW_WORDS] = {
#define X(id, word, value, help) [FLOW_##id] = {word, value, help},
#include "agent/fwctl/flow_words.def"
#undef X
};

const char *flow_word_name(enum flow_word word)
{
	return words[word].name;
}

enum flow_word flow_word_find(struct str name)
{
	enum flow_word w = 0;

	while (w < FLOW_WORDS && !str_is(name, words[w].name))
		w++;
	return w;
}

void flow_word_help(FILE *to, const char *before, enum flow_word word)
{
	int n = fprintf(to, "  %s%s%s%s", before, words[word].name,
			*before ? " " : "=", words[word].value);

	(void)fprintf(to, "%*s%s\n", n < 30 ? 30 - n : 1, "", words[word].help);
}

void flow_words_help(FILE *to, const char *before)
{
	for (enum flow_word w = 0; w < FLOW_WORDS; w++)
		flow_word_help(to, before, w);
}

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	long n = strtol(text, &end, 10);

	*port = (uint16_t)n;
	return end > text && !*end && n >= 0 && n <= UINT16_MAX;
}

/* An end of the flow, or the gateway itself: "self" or "self:PORT". */
static bool fill_end(const char *text, const struct ir *ir, struct ipaddr *addr,
		     uint16_t *port, int *zone)
{
	if (!text)
		return false;
	if (!strcmp(text, "self") || !strncmp(text, "self:", 5)) {
		*zone = IR_ZONE_SELF;
		return !text[4] || parse_port(text + 5, port);
	}
	if (ipaddr_port_parse(str_of(text), addr, port) != FW_OK)
		return false;
	*zone = ir_zone_by_address(ir, addr);
	return true;
}

/* A protocol leaves the port as it is; a service names the port as well. */
static bool fill_proto(const char *text, struct facts *f)
{
	static const struct {
		const char *name;
		uint8_t l4;
	} known[] = {
		{"tcp", IPPROTO_TCP},   {"udp", IPPROTO_UDP},
		{"sctp", IPPROTO_SCTP}, {"icmp", IPPROTO_ICMP},
		{"dccp", IPPROTO_DCCP}, {"icmpv6", IPPROTO_ICMPV6},
	};
	struct str s = str_of(text ? text : "tcp"), members;
	struct service service;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!str_is(s, known[i].name))
			continue;
		f->l4 = known[i].l4;
		return true;
	}
	members = service_builtin(s);
	if (members.len) {
		const char *blank = memchr(members.p, ' ', members.len);

		s = blank ? str_mem(members.p, (size_t)(blank - members.p))
			  : members;
	}
	if (service_parse(s, &service) != FW_OK)
		return false;
	f->l4 = service.l4;
	if (service.hi != UINT16_MAX || service.lo != 0)
		f->dport = service.lo;
	return true;
}

static bool fill_time(const char *text, struct facts *f)
{
	struct tm tm = {0};
	const char *end;

	if (!text) {
		f->time = time(NULL);
		return true;
	}
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end && *end) {
		while (*end == ' ' || *end == 'T')
			end++;
		end = strptime(end, "%H:%M", &tm);
	}
	f->time = timegm(&tm);
	return end && !*end;
}

static bool fill_mac(const char *text, struct facts *f)
{
	f->has_mac = text && mac_parse(str_of(text), &f->mac);
	return !text || f->has_mac;
}

static bool fill_user(const char *text, struct facts *f)
{
	f->has_uid = text && uid_parse(str_of(text), &f->uid);
	return !text || f->has_uid;
}

/* In all that the policy names around it. */
static void fill_cgroup(const char *text, const struct ir *ir, struct facts *f)
{
	const struct ir_cgroup told = {.path = text};

	for (unsigned i = 0; text && i < ir->n_cgroups; i++)
		if (ir_cgroup_within(&told, &ir->cgroups[i]))
			f->cgroups |= 1U << i;
}

static bool fill_limit(const char *text, struct facts *f)
{
	f->over_limit = text && !strcmp(text, "over");
	return !text || f->over_limit;
}

/* --- what the engine would be told ------------------------------------------
 */

static enum app app_told(const struct flow_words *w, uint8_t l4)
{
	if (w->of[FLOW_APP])
		return app_find(str_of(w->of[FLOW_APP]));
	if (w->of[FLOW_SNI] || w->of[FLOW_ALPN] || w->of[FLOW_JA4])
		return l4 == IPPROTO_UDP ? APP_QUIC : APP_TLS;
	if (w->of[FLOW_HOST] || w->of[FLOW_METHOD] || w->of[FLOW_PATH])
		return APP_HTTP;
	if (w->of[FLOW_QNAME])
		return APP_DNS;
	return w->of[FLOW_BANNER] ? APP_SSH : APP_COUNT;
}

static void add_layer(struct facts *f, enum app app, enum field field,
		      const char *value, bool inner)
{
	(void)facts_layer_begin(f, app);
	facts_add(f, field, 0, str_of(value));
	facts_layer_settle(f, inner);
}

static void add_fact(struct facts *f, enum field field, const char *value)
{
	if (value)
		facts_add(f, field, 0, str_of(value));
}

/* A proxy's layer outside, the rest inside. */
static bool fill_layers(const struct flow_words *w, struct facts *f)
{
	enum app app = app_told(w, f->l4);
	bool inner = app != APP_COUNT;

	if (w->of[FLOW_APP] && app == APP_COUNT)
		return false;
	if (w->of[FLOW_CONNECT])
		add_layer(f, APP_HTTP, FIELD_CONNECT_TARGET,
			  w->of[FLOW_CONNECT], w->of[FLOW_SOCKS] || inner);
	if (w->of[FLOW_SOCKS])
		add_layer(f, APP_SOCKS, FIELD_SOCKS_TARGET, w->of[FLOW_SOCKS],
			  inner);
	if (!inner)
		return true;
	(void)facts_layer_begin(f, app);
	add_fact(f, FIELD_TLS_SNI, w->of[FLOW_SNI]);
	add_fact(f, FIELD_TLS_ALPN, w->of[FLOW_ALPN]);
	add_fact(f, FIELD_TLS_JA4, w->of[FLOW_JA4]);
	add_fact(f, FIELD_HTTP_METHOD, w->of[FLOW_METHOD]);
	add_fact(f, FIELD_HTTP_HOST, w->of[FLOW_HOST]);
	add_fact(f, FIELD_HTTP_TARGET, w->of[FLOW_PATH]);
	add_fact(f, FIELD_DNS_RRNAME, w->of[FLOW_QNAME]);
	add_fact(f, FIELD_SSH_CLIENT_BANNER, w->of[FLOW_BANNER]);
	facts_layer_settle(f, false);
	return true;
}

bool flow_words_ask_engine(const struct flow_words *w)
{
	for (enum flow_word i = FLOW_APP; i < FLOW_WORDS; i++)
		if (w->of[i])
			return true;
	return false;
}

bool flow_words_facts(const struct flow_words *w, const struct ir *ir,
		      struct facts *f, enum flow_word *out_wrong)
{
	uint16_t ignored;

	fill_cgroup(w->of[FLOW_CGROUP], ir, f);
	if (!fill_end(w->of[FLOW_FROM], ir, &f->src, &ignored, &f->zone_src))
		*out_wrong = FLOW_FROM;
	else if (!fill_end(w->of[FLOW_TO], ir, &f->dst, &f->dport,
			   &f->zone_dst))
		*out_wrong = FLOW_TO;
	else if (!fill_proto(w->of[FLOW_PROTO], f))
		*out_wrong = FLOW_PROTO;
	else if (!fill_time(w->of[FLOW_TIME], f))
		*out_wrong = FLOW_TIME;
	else if (!fill_mac(w->of[FLOW_MAC], f))
		*out_wrong = FLOW_MAC;
	else if (!fill_user(w->of[FLOW_USER], f))
		*out_wrong = FLOW_USER;
	else if (!fill_limit(w->of[FLOW_LIMIT], f))
		*out_wrong = FLOW_LIMIT;
	else if (!fill_layers(w, f))
		*out_wrong = FLOW_APP;
	else
		return true;
	return false;
}

bool facts_stay_within(const struct facts *f)
{
	return f->zone_src == IR_ZONE_SELF && f->zone_dst == IR_ZONE_SELF;
}
