/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/random_policy.h"

#include "policy/base/strbuf.h"

#include <check.h>
#include <netinet/in.h>

static const char *const cgroups[] = {"system.slice",
				      "system.slice/chrony.service",
				      "user.slice", "system.slicer"};

static bool find_user(void *ctx, const char *name, uint32_t *out_uid)
{
	(void)ctx;
	*out_uid = 1000;
	return !strcmp(name, "alice");
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *out_id,
			unsigned *out_level)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(*cgroups); i++) {
		if (strcmp(cgroups[i], path) != 0)
			continue;
		*out_id = 0x7fffffff00000001ULL + i;
		*out_level = strchr(path, '/') ? 2 : 1;
		return true;
	}
	return false;
}

struct policy_env random_env = {.user = find_user,
				.cgroup = find_cgroup,
				.utc_offset = 9 * 3600 + 1800,
				.tz_minuteswest = 330};

bool random_limits_are_wide;

#define PICK(c, list) \
	((list)[chance_below((c), sizeof(list) / sizeof(*(list)))])

struct chance chance_of(uint64_t seed)
{
	/* An odd factor takes no two seeds to one state; 0 alone stays. */
	struct chance c = {seed * 0x9e3779b97f4a7c15ULL};

	return c.state ? c : (struct chance){1};
}

unsigned chance_below(struct chance *c, unsigned n)
{
	/* xorshift64* (Vigna 2016) */
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return (unsigned)((c->state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

bool chance_once_in(struct chance *c, unsigned n)
{
	return chance_below(c, n) == 0;
}

/* --- policies ------------------------------------------------------------ */

#define INSIDE  2
#define OUTSIDE 2

static const char *const zone_names[] = {"lan", "srv", "wan", "far"};

/* Each zone has two interfaces, and networks of none, one or both families. */
static void add_zones(struct chance *c, struct strbuf *t)
{
	strbuf_addz(t, "zones: {\n");
	for (unsigned z = 0; z < INSIDE + OUTSIDE; z++) {
		const char *name = zone_names[z];
		unsigned families = chance_below(c, 4);

		strbuf_addf(t, " %s: { interfaces = [\"%s0\", \"%s1\"];", name,
			    name, name);
		if (z >= INSIDE)
			strbuf_addz(t, " external = true;");
		if (families)
			strbuf_addz(t, " networks = [");
		if (families & 1)
			strbuf_addf(t, "\"10.%u.0.0/16\"", z);
		if (families & 2)
			strbuf_addf(t, "%s\"fd00:%u::/64\"",
				    families & 1 ? ", " : "", z);
		strbuf_addz(t, families ? "]; };\n" : " };\n");
	}
	strbuf_addz(t, "};\n");
}

/* Sets, and databases, as `make` has made them. */
static void add_sets(struct strbuf *t)
{
	strbuf_addz(t, "geo: { country = \"build/geo/country.mmdb\"; "
		       "asn = \"build/geo/asn.mmdb\"; };\n"
		       "addresses: { near = [\"country:DE\", \"10.2.0.0/15\", "
		       "\"203.0.113.7\", \"2600::/16\"]; "
		       "resolvers = [\"10.0.7.1\", \"192.0.2.128\", "
		       "\"fd00:1::5\"]; };\n");
}

static void add_gateway(struct chance *c, struct strbuf *t)
{
	static const char *const marks[] = {"0xff000000", "0x000000ff",
					    "0x0003fc00"};
	static const char *const answers[] = {"allow", "deny"};
	/* Chosen by no turn of its own. */
	static const char *const bindings[] = {
		"",
		"",
		"",
		"binding = \"log\";",
		"binding = \"enforce\";",
		"ech = \"strip\";",
		"foreign-dns = \"deny\";",
		"ech = \"deny\"; ech-outer-names = \"*.example.org\";",
		"cdn: { c: { networks = \"@near\"; hosts = \"*.example.org\"; "
		"}; };",
	};

	strbuf_addf(t,
		    "gateway: { mode = \"%s\"; fail = \"%s\"; marks = %s; "
		    "queues = %u; };\n",
		    chance_once_in(c, 6) ? "observe" : "enforce",
		    chance_once_in(c, 4) ? "open" : "closed", PICK(c, marks),
		    1 + chance_below(c, 4));
	strbuf_addf(
		t,
		"application: { connect = \"%s\"; socks = \"%s\"; "
		"no-sni = \"%s\"; %s };\n",
		PICK(c, answers), PICK(c, answers), PICK(c, answers),
		bindings[c->state % (sizeof(bindings) / sizeof(*bindings))]);
}

/* Private sources are most of ours: they are let in mostly.  A rate is reached
 * by time, which no evaluation knows. */
static void add_hygiene(struct chance *c, struct strbuf *t)
{
	static const char *const bools[] = {"false", "true"};

	strbuf_addf(t,
		    "hygiene: { spoofed = %s; bogons = %s; private = %s; "
		    "documentation = %s; neighbours = %s; icmp-errors = %s; "
		    "helpers = %s; syn-flood = false; };\n",
		    bools[!chance_once_in(c, 8)], PICK(c, bools),
		    bools[chance_once_in(c, 4)], bools[chance_once_in(c, 4)],
		    bools[!chance_once_in(c, 4)], PICK(c, bools),
		    PICK(c, bools));
}

static const char *const addresses[] = {
	"10.0.0.0/16",
	"10.0.7.1",
	"10.1.0.0-10.1.0.9",
	"10.2.3.0/24",
	"192.0.2.0/25",
	"192.0.2.128",
	"192.0.2.129-192.0.3.3",
	"0.0.0.0/1",
	"fd00:0::/64",
	"fd00:1::5",
	"2001:db8::/33",
	"2001:db8:8000::-2001:db8:8000::ff",
	"::/0",
	"@near",
	"country:NL",
	"as:64501",
};

static const char *const services[] = {
	"tcp/80",      "tcp/443",   "tcp/8000-8010", "tcp/8011",
	"tcp/0-65535", "tcp/65535", "udp/443",       "udp/0-9",
	"udp/0-65535", "icmp/8",    "icmp/0-255",    "icmpv6/128-129",
	"proto/47",    "proto/6",   "sctp/5-9",      "dns",
	"ping",        "proxy",     "tcp",           "udp",
	"!tcp/80",     "!tcp/8005", "!icmp/8",       "!udp/443",
};

static const char *const apps[] = {"http", "tls", "socks", "unknown"};

static const char *const hosts[] = {"*", "*.example.org", "a.example.org",
				    "b.example.net", "192.0.2.1"};

static const char *const macs[] = {"02:00:00:00:00:01", "02:00:00:00:00:02",
				   "02:00:00:00:00:03"};

static const char *const times[] = {
	"mon-fri 08:00-18:00",    "sat,sun",         "22:00-06:00",
	"fri-mon 20:00-24:00",    "sat 23:00-01:00", "tue 00:00-24:00 utc",
	"wed,fri 05:30-05:31 utc"};

static const char *const alpns[] = {"h2", "http/1.1", "h3"};

/* "key = [ ... ];" of one to three words, or nothing. */
static void add_words(struct chance *c, struct strbuf *t, const char *key,
		      const char *const *words, unsigned n)
{
	unsigned count = 1 + chance_below(c, 3);

	strbuf_addf(t, " %s = [", key);
	while (count--)
		strbuf_addf(t, "\"%s\"%s", words[chance_below(c, n)],
			    count ? ", " : "");
	strbuf_addz(t, "];");
}

#define ADD_WORDS(c, t, key, list) \
	add_words(c, t, key, list, sizeof(list) / sizeof(*(list)))

/* Addresses, some of them taken away; or all but some. */
static void add_negated(struct chance *c, struct strbuf *t, const char *key)
{
	strbuf_addf(t, " %s = [\"!%s\", \"!%s\"", key, PICK(c, addresses),
		    chance_once_in(c, 3) ? PICK(c, zone_names)
					 : PICK(c, addresses));
	if (chance_once_in(c, 2))
		strbuf_addf(t, ", \"%s\"",
			    chance_once_in(c, 2) ? PICK(c, zone_names)
						 : PICK(c, addresses));
	strbuf_addz(t, "];");
}

/* An end that a list can have: a zone of the right side, or addresses. */
static void add_end(struct chance *c, struct strbuf *t, const char *key,
		    bool external)
{
	if (chance_once_in(c, 4)) {
		add_negated(c, t, key);
		return;
	}
	switch (chance_below(c, 4)) {
	case 0:
		break;
	case 1:
		ADD_WORDS(c, t, key, addresses);
		break;
	case 2:
		strbuf_addf(t, " %s = \"%s\";", key,
			    !external && chance_once_in(c, 3)
				    ? "self"
				    : zone_names[(external ? INSIDE : 0) +
						 chance_below(c, 2)]);
		break;
	default:
		strbuf_addf(t, " %s = [\"%s\", \"%s\"];", key,
			    zone_names[(external ? INSIDE : 0) +
				       chance_below(c, 2)],
			    PICK(c, addresses));
	}
}

static void add_owner(struct chance *c, struct strbuf *t)
{
	static const char *const users[] = {"alice", "0", "65534"};
	unsigned both = chance_below(c, 3);

	strbuf_addz(t, " from = \"self\";");
	if (both != 0)
		ADD_WORDS(c, t, "user", users);
	if (both != 1)
		ADD_WORDS(c, t, "cgroup", cgroups);
}

static void add_limits(struct chance *c, struct strbuf *t, const char *action)
{
	static const char *const narrow[] = {"20/minute", "5/second per source",
					     "1000/hour burst 50"};
	static const char *const wide[] = {
		"1000000/second burst 100000",
		"1000000/second burst 100000 per source",
		"10000000/hour burst 100000"};
	const char *const *rates = random_limits_are_wide ? wide : narrow;

	if (strcmp(action, "allow") != 0)
		return;
	if (chance_once_in(c, 6))
		strbuf_addf(t, " rate = \"%s\";", rates[chance_below(c, 3)]);
	if (chance_once_in(c, 6))
		strbuf_addz(t, chance_once_in(c, 2)
				       ? " connections = 1000000;"
				       : " connections = \"1000000 in all\";");
	if (chance_once_in(c, 20))
		strbuf_addf(t, " packets = \"%s\";", rates[chance_below(c, 3)]);
}

/* What comes to us, or to an address, is led on. */
static void add_forward(struct chance *c, struct strbuf *t, unsigned number)
{
	static const char *const from[] = {"wan", "far", "128.0.0.0/2",
					   "2600::/16"};
	static const char *const to[] = {"self", "self", "192.0.2.128",
					 "2001:db8:8000::"};
	static const char *const ports[] = {"tcp/80", "tcp/443", "udp/443",
					    "tcp/8000-8010"};
	static const char *const led[] = {"10.0.0.1",      "10.1.0.9:443",
					  "10.1.0.10:80",  "[fd00:1::5]:443",
					  "[fd00:1::6]:9", "fd00:1::5"};

	strbuf_addf(t, " { name = \"r%u\";", number);
	if (!chance_once_in(c, 3))
		strbuf_addf(t, " from = \"%s\";", PICK(c, from));
	strbuf_addf(t, " to = \"%s\";", PICK(c, to));
	ADD_WORDS(c, t, "service", ports);
	strbuf_addf(t, " forward = \"%s\"; action = \"allow\"; }\n",
		    PICK(c, led));
}

static void add_rule(struct chance *c, struct strbuf *t, enum ast_list list,
		     unsigned number)
{
	static const char *const actions[] = {"allow", "allow", "deny",
					      "reject"};
	const char *action = PICK(c, actions);

	strbuf_addf(t, " { name = \"r%u\";", number);
	if (list != AST_INGRESS && chance_once_in(c, 6))
		add_owner(c, t);
	else
		add_end(c, t, "from", list == AST_INGRESS);
	add_end(c, t, "to", list == AST_EGRESS);
	if (!chance_once_in(c, 3))
		ADD_WORDS(c, t, "service", services);
	if (chance_once_in(c, 3))
		ADD_WORDS(c, t, "app", apps);
	if (chance_once_in(c, 3))
		ADD_WORDS(c, t, "host", hosts);
	if (chance_once_in(c, 8))
		ADD_WORDS(c, t, "sni", hosts);
	if (chance_once_in(c, 8))
		ADD_WORDS(c, t, "alpn", alpns);
	if (chance_once_in(c, 8))
		ADD_WORDS(c, t, "time", times);
	if (list != AST_INGRESS && chance_once_in(c, 10))
		ADD_WORDS(c, t, "mac", macs);
	add_limits(c, t, action);
	if (chance_once_in(c, 6))
		strbuf_addz(t, chance_once_in(c, 2)
				       ? " observe = true;"
				       : " observe = true; "
					 "until = \"2026-07-01\";");
	strbuf_addf(t, " action = \"%s\"; }\n", action);
}

static void add_narrow_end(struct chance *c, struct strbuf *t, const char *key)
{
	static const char *const few[] = {
		"10.0.0.1",    "10.0.7.1",  "10.0.7.0/24",    "10.1.0.9",
		"10.1.0.10",   "10.2.3.4",  "192.0.2.0/30",   "192.0.2.127",
		"192.0.2.128", "192.0.3.3", "128.0.0.0/2",    "203.0.113.7",
		"fd00::1",     "fd00:1::5", "fd00:1::/64",    "fd00:2::1",
		"2001:db8::1", "2600::/16", "2001:db8:8000::"};

	if (!chance_once_in(c, 3))
		strbuf_addf(t, " %s = \"%s\";", key, PICK(c, few));
}

/* One of many that a map can hold. */
static void add_narrow_rule(struct chance *c, struct strbuf *t, unsigned number)
{
	static const char *const few[] = {"tcp/80", "tcp/443", "tcp/8000-8010",
					  "udp/53", "udp/443", "proto/47"};

	strbuf_addf(t, " { name = \"r%u\";", number);
	add_narrow_end(c, t, "from");
	add_narrow_end(c, t, "to");
	if (!chance_once_in(c, 4))
		strbuf_addf(t, " service = \"%s\";", PICK(c, few));
	strbuf_addf(t, " action = \"%s\"; }\n",
		    chance_once_in(c, 2) ? "allow" : "reject");
}

/* Guards of any ends. */
static void add_protocols(struct chance *c, struct strbuf *t)
{
	unsigned n = chance_below(c, 6);

	strbuf_addz(t, "protocol: (");
	for (unsigned i = 0; i < n && n < 3; i++) {
		strbuf_addf(t, "%s { name = \"g%u\";", i ? "," : "", i);
		if (chance_once_in(c, 2))
			strbuf_addf(t, " from = \"%s\";", PICK(c, zone_names));
		if (chance_once_in(c, 3))
			ADD_WORDS(c, t, "to", addresses);
		if (chance_once_in(c, 4))
			add_negated(c, t, "to");
		if (chance_once_in(c, 2))
			ADD_WORDS(c, t, "service", services);
		strbuf_addf(t, " %s = \"%s\";",
			    chance_once_in(c, 2) ? "require" : "deny",
			    PICK(c, apps));
		if (chance_once_in(c, 3))
			strbuf_addz(t, " observe = true;");
		strbuf_addz(t, " }\n");
	}
	strbuf_addz(t, ");\n");
}

/* What flows are sent out as. */
static void add_nats(struct chance *c, struct strbuf *t)
{
	static const char *const to[] = {"wan", "far", "128.0.0.0/2",
					 "2001:db8:8000::/64"};
	static const char *const actions[] = {
		"action = \"masquerade\";",
		"action = \"masquerade\"; family = \"ip6\";",
		"action = \"none\";",
		"action = \"snat\"; address = \"203.0.113.9\";",
		("action = \"snat\"; "
		 "address = [\"203.0.113.9\", \"2001:db8:8000::9\"];")};
	unsigned n = chance_below(c, 6);

	strbuf_addz(t, "nat: (");
	for (unsigned i = 0; i < n && n < 4; i++) {
		strbuf_addf(t, "%s { name = \"t%u\"; to = \"%s\";",
			    i ? "," : "", i, PICK(c, to));
		if (chance_once_in(c, 2))
			add_negated(c, t, "from");
		else if (chance_once_in(c, 2))
			strbuf_addf(t, " from = \"%s\";",
				    zone_names[chance_below(c, INSIDE)]);
		if (chance_once_in(c, 2))
			ADD_WORDS(c, t, "service", services);
		strbuf_addf(t, " %s }\n", PICK(c, actions));
	}
	strbuf_addz(t, ");\n");
}

static void add_policy(struct chance *c, struct strbuf *t)
{
	static const char *const lists[] = {"ingress", "segment", "egress"};
	unsigned number = 0;

	strbuf_addz(t, "version = 1;\n");
	add_zones(c, t);
	add_sets(t);
	add_gateway(c, t);
	add_hygiene(c, t);
	for (enum ast_list l = 0; l < AST_LISTS; l++) {
		bool narrow = chance_once_in(c, 3);
		unsigned n = chance_below(c, narrow ? 12 : 5);

		strbuf_addf(t, "%s: (", lists[l]);
		for (unsigned i = 0; i < n; i++, number++) {
			strbuf_addz(t, i ? ", " : "");
			if (l == AST_INGRESS && chance_once_in(c, 3))
				add_forward(c, t, number);
			else if (narrow)
				add_narrow_rule(c, t, number);
			else
				add_rule(c, t, l, number);
		}
		strbuf_addz(t, ");\n");
	}
	add_protocols(c, t);
	add_nats(c, t);
}

struct policy *random_policy(struct chance *c)
{
	struct policy *p;
	enum fw_err err;

	/* A rule that can never decide, or never match, is an error: again. */
	for (unsigned tries = 0; tries < 1000; tries++) {
		struct policy_input in = {.text_name = "random.conf",
					  .env = &random_env};
		struct strbuf t;

		strbuf_init(&t, 0);
		add_policy(c, &t);
		in.text = str_mem(t.p, t.len);
		err = policy_compile(&in, &p);
		strbuf_done(&t);
		if (!err)
			return p;
		ck_assert_int_eq(err, FW_ERR_POLICY);
		policy_free(p);
	}
	ck_abort_msg("no policy of a thousand is good");
	return NULL;
}

/* --- flows --------------------------------------------------------------- */

static struct ipaddr address(struct chance *c, bool v6)
{
	static const char *const v4s[] = {
		"10.0.0.1",    "10.0.7.1",    "10.0.7.2",   "10.1.0.9",
		"10.1.0.10",   "10.2.3.4",    "10.3.3.4",   "192.0.2.0",
		"192.0.2.127", "192.0.2.128", "192.0.3.3",  "192.0.3.4",
		"127.0.0.1",   "128.0.0.0",   "203.0.113.7"};
	static const char *const v6s[] = {
		"fd00::1",         "fd00:1::5",         "fd00:1::6",
		"fd00:2::1",       "fd00:3::1",         "2001:db8::1",
		"2001:db8:8000::", "2001:db8:8000::ff", "2001:db8:8000::100",
		"2600::1"};
	struct ipaddr a;

	ck_assert_int_eq(
		ipaddr_parse(str_of(v6 ? PICK(c, v6s) : PICK(c, v4s)), &a),
		FW_OK);
	return a;
}

static uint16_t port(struct chance *c)
{
	static const uint16_t ports[] = {0,    9,    10,   53,   80,    443,
					 7999, 8000, 8010, 8011, 65535, 3128};

	return PICK(c, ports);
}

void random_flow(struct chance *c, struct facts *f)
{
	static const uint8_t l4s[] = {
		IPPROTO_TCP,    IPPROTO_TCP,  IPPROTO_UDP, IPPROTO_ICMP,
		IPPROTO_ICMPV6, IPPROTO_SCTP, IPPROTO_GRE};
	static const uint8_t types[] = {0, 3, 8, 127, 128, 129, 135, 255};
	bool v6 = chance_once_in(c, 2);

	f->src = address(c, v6);
	f->dst = address(c, v6);
	f->l4 = PICK(c, l4s);
	f->over_limit = chance_once_in(c, 8);
	f->sport = f->dport = 0;
	f->time = 1782864000 + (int64_t)chance_below(c, 14 * 86400);
	if (f->l4 == IPPROTO_ICMP || f->l4 == IPPROTO_ICMPV6) {
		f->dport = PICK(c, types);
	} else if (f->l4 != IPPROTO_GRE) {
		f->sport = port(c);
		f->dport = port(c);
	}
}

/* --- facts --------------------------------------------------------------- */

static enum field name_field(enum app app)
{
	if (app == APP_HTTP)
		return FIELD_HTTP_HOST;
	if (APPS_WITH_HELLO & APP_BIT(app))
		return FIELD_TLS_SNI;
	if (app == APP_DNS)
		return FIELD_DNS_RRNAME;
	return app == APP_SOCKS ? FIELD_SOCKS_TARGET : FIELD_COUNT;
}

static void add_name(struct chance *c, struct facts *f, enum app app)
{
	static const char *const names[] = {"a.example.org", "x.y.example.org",
					    "example.org",   "b.example.net",
					    "192.0.2.1",     "bad name"};
	static const char *const targets[] = {
		"a.example.org:443", "192.0.2.1:80", "[2001:db8::1]:80"};
	static const char *const offers[] = {"h2", "h2,http/1.1", "h2,x"};
	enum field field = name_field(app);

	if ((APPS_WITH_HELLO & APP_BIT(app)) && chance_once_in(c, 2)) {
		facts_add(f, FIELD_TLS_ALPN, 0, str_of(PICK(c, offers)));
		return;
	}
	if (app == APP_HTTP && chance_once_in(c, 3))
		field = FIELD_CONNECT_TARGET;
	if (field == FIELD_COUNT)
		return;
	facts_add(f, field, 0,
		  str_of(field == FIELD_CONNECT_TARGET ||
					 field == FIELD_SOCKS_TARGET
				 ? PICK(c, targets)
				 : PICK(c, names)));
}

bool random_fact(struct chance *c, struct facts *f)
{
	struct facts_layer *last =
		f->n_layers ? &f->layers[f->n_layers - 1] : NULL;

	if (last && last->settled && !f->open)
		return false;
	if (!last || last->settled) {
		enum app app = (enum app)chance_below(c, APP_COUNT);

		if (!facts_layer_begin(f, app))
			return false;
	} else if (chance_once_in(c, 2)) {
		add_name(c, f, last->app);
	} else {
		facts_layer_settle(f, chance_once_in(c, 3) &&
					      last->app != APP_UNKNOWN);
	}
	return true;
}
