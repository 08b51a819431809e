/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow in words -> the rules it meets: what the kernel makes of each, and
 * what the engine makes of it once it knows what the flow asks for.
 */
#include "agent/fwctl/commands.h"
#include "agent/verdict/decide.h"

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct question {
	const char *policy, *from, *to, *proto;
	const char *app, *sni, *host, *connect, *socks;
};

static const struct option words[] = {{"policy", required_argument, NULL, 'p'},
				      {"from", required_argument, NULL, 'f'},
				      {"to", required_argument, NULL, 't'},
				      {"proto", required_argument, NULL, 'P'},
				      {"app", required_argument, NULL, 'a'},
				      {"sni", required_argument, NULL, 's'},
				      {"host", required_argument, NULL, 'H'},
				      {"connect", required_argument, NULL, 'c'},
				      {"socks", required_argument, NULL, 'S'},
				      {0}};

static int usage(void)
{
	(void)fputs(
		"usage: fwctl explain [--policy FILE] --from ADDRESS --to "
		"ADDRESS[:PORT]\n"
		"           [--proto tcp|udp|icmp|icmpv6] [--app "
		"http|tls|socks|"
		"unknown]\n"
		"           [--sni NAME] [--host NAME] [--connect HOST:PORT] "
		"[--socks HOST:PORT]\n"
		"PORT is the type for ICMP; an IPv6 address with a port is "
		"[ADDRESS]:PORT.\n",
		stderr);
	return EXIT_USAGE;
}

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	long n = strtol(text, &end, 10);

	*port = (uint16_t)n;
	return end > text && !*end && n >= 0 && n <= UINT16_MAX;
}

/* "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT". */
static bool parse_end(const char *text, struct ipaddr *addr, uint16_t *port)
{
	struct str s = str_of(text);
	const char *colon = strrchr(text, ':');

	*port = 0;
	if (ipaddr_parse(s, addr) == FW_OK)
		return true;
	if (!colon || !parse_port(colon + 1, port))
		return false;
	s.len = (size_t)(colon - text);
	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	return ipaddr_parse(s, addr) == FW_OK;
}

static bool parse_proto(const char *name, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t l4;
	} known[] = {{"tcp", IPPROTO_TCP},
		     {"udp", IPPROTO_UDP},
		     {"icmp", IPPROTO_ICMP},
		     {"icmpv6", IPPROTO_ICMPV6}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		*out = known[i].l4;
		return true;
	}
	return false;
}

/* An end of the flow, or the gateway itself: "self" or "self:PORT". */
static bool fill_end(const char *text, const struct ir *ir, struct ipaddr *addr,
		     uint16_t *port, int *zone)
{
	if (!strcmp(text, "self") || !strncmp(text, "self:", 5)) {
		*zone = IR_ZONE_SELF;
		*port = 0;
		return !text[4] || parse_port(text + 5, port);
	}
	if (!parse_end(text, addr, port))
		return false;
	*zone = ir_zone_by_address(ir, addr);
	return true;
}

static enum app app_of(const struct question *q)
{
	if (q->app)
		return app_find(str_of(q->app));
	if (q->sni)
		return APP_TLS;
	if (q->host || q->connect)
		return APP_HTTP;
	return q->socks ? APP_SOCKS : APP_COUNT;
}

static bool asks_engine(const struct question *q)
{
	return q->app || q->sni || q->host || q->connect || q->socks;
}

/* What the engine would be told: a proxy layer outside, the rest inside. */
static bool fill_facts(const struct question *q, struct facts *f)
{
	enum app app = app_of(q);

	if (q->app && app == APP_COUNT)
		return false;
	if (q->connect) {
		(void)facts_layer_begin(f, APP_HTTP);
		facts_add(f, FIELD_CONNECT_TARGET, 0, str_of(q->connect));
		facts_layer_settle(f, q->sni != NULL);
	} else if (q->socks) {
		(void)facts_layer_begin(f, APP_SOCKS);
		facts_add(f, FIELD_SOCKS_TARGET, 0, str_of(q->socks));
		facts_layer_settle(f, q->sni != NULL);
	}
	if (!q->connect && !q->socks && app != APP_COUNT)
		(void)facts_layer_begin(f, app);
	else if (q->sni)
		(void)facts_layer_begin(f, APP_TLS);
	if (q->sni)
		facts_add(f, FIELD_TLS_SNI, 0, str_of(q->sni));
	if (q->host && f->n_layers)
		facts_add(f, FIELD_HTTP_HOST, 0, str_of(q->host));
	if (f->n_layers && f->open == false)
		facts_layer_settle(f, false);
	return true;
}

/* Fill the facts; the option that cannot be read, or NULL. */
static const char *unreadable_word(const struct question *q,
				   const struct ir *ir, struct facts *f)
{
	uint16_t ignored;

	if (!fill_end(q->from, ir, &f->src, &ignored, &f->zone_src))
		return "--from";
	if (!fill_end(q->to, ir, &f->dst, &f->dport, &f->zone_dst))
		return "--to";
	if (!parse_proto(q->proto, &f->l4))
		return "--proto";
	return fill_facts(q, f) ? NULL : "--app";
}

static const char *tri_word(enum tri t)
{
	switch (t) {
	case TRI_NO:
		return "no";
	case TRI_NOT_YET:
		return "not yet";
	case TRI_YES:
		return "yes";
	}
	return "";
}

/* Those that have to do with the flow. */
static void print_protocols(const struct ir *ir, const struct facts *f)
{
	for (size_t i = 0; i < ir->n_protocols; i++) {
		const struct ir_protocol *p = &ir->protocols[i];
		enum tri kernel = eval_protocol(p, f, EVAL_KERNEL);

		if (kernel == TRI_NO)
			continue;
		(void)printf("%-8s %-28s %-8s %-8s %sdeny (%s:%u)\n", "guard",
			     p->match.name, tri_word(kernel),
			     tri_word(eval_protocol(p, f, EVAL_ENGINE)),
			     p->match.observe ? "observe: would " : "",
			     p->match.place.file, p->match.place.line);
	}
}

static void print_rules(const struct ir *ir, const struct facts *f,
			enum ast_list list)
{
	(void)printf("\n%-8s %-28s %-8s %-8s %s\n", "list", "rule", "kernel",
		     "engine", "action");
	for (size_t i = ir->list_from[list]; i < ir->list_to[list]; i++) {
		const struct ir_rule *r = &ir->all[i];
		enum tri kernel = eval_rule(r, f, EVAL_KERNEL);
		enum tri engine = eval_rule(r, f, EVAL_ENGINE);

		bool observes = ir_rule_observes(r, f->time);

		(void)printf("%-8s %-28s %-8s %-8s %s%s (%s:%u)\n",
			     ast_list_name(list), r->name, tri_word(kernel),
			     kernel == TRI_NOT_YET ? tri_word(engine) : "-",
			     observes ? "observe: would " : "",
			     ir_action_name(r->action), r->place.file,
			     r->place.line);
		if (r->comment)
			(void)printf("%-8s   %s\n", "", r->comment);
		if (observes)
			continue;
		if (kernel == TRI_YES ||
		    (kernel == TRI_NOT_YET && engine == TRI_YES))
			break;
	}
	for (enum ir_guard g = 0; g < IR_GUARD_COUNT; g++)
		if (ir->guards >> g & 1)
			(void)printf("%-8s %-28s %-8s %-8s deny\n", "guard",
				     ir_guard_name(g),
				     tri_word(eval_guard(g, f, EVAL_KERNEL)),
				     tri_word(eval_guard(g, f, EVAL_ENGINE)));
	print_protocols(ir, f);
}

static void print_decision(const char *who, const struct ir *ir,
			   const struct decision *d)
{
	static const char *const kinds[] = {"undecided", "allowed", "refused"};

	(void)printf("%-7s %s", who, kinds[d->kind]);
	if (d->kind != DECISION_NOT_YET) {
		enum reason reason = decide_reason(d);

		(void)printf(": %s, %s", reason_name(reason),
			     reason_text(reason));
		if (d->by == DECISION_BY_RULE)
			(void)printf(" ('%s')", d->rule->name);
		if (d->by == DECISION_BY_PROTOCOL)
			(void)printf(" ('%s')", d->protocol->match.name);
		if (d->kind == DECISION_REFUSE && ir->observe)
			(void)printf("; passed, as the mode is observe");
		else if (d->kind == DECISION_REFUSE && !d->rule)
			(void)printf("; %s",
				     d->silent ? "silently" : "with an answer");
	}
	(void)puts("");
}

static void explain(const struct question *q, const struct ir *ir,
		    const struct facts *f)
{
	enum ast_list list = ir_list_of(ir, f->zone_src, f->zone_dst);
	struct decision kernel = eval_flow(ir, f, EVAL_KERNEL);
	struct decision engine = eval_flow(ir, f, EVAL_ENGINE);

	(void)printf("flow    %s -> %s %s, zone %s -> %s\n", q->from, q->to,
		     q->proto,
		     f->zone_src < 0 ? "none" : ir->zones[f->zone_src].name,
		     f->zone_dst < 0 ? "none" : ir->zones[f->zone_dst].name);
	if (list != AST_LISTS)
		print_rules(ir, f, list);
	(void)puts("");
	print_decision("kernel", ir, &kernel);
	if (kernel.kind != DECISION_NOT_YET)
		return;
	print_decision("engine", ir, &engine);
	if (engine.kind == DECISION_NOT_YET && !asks_engine(q))
		(void)puts("        it depends on what the flow asks for: say "
			   "--sni, --host, --app ...");
}

static bool parse_words(int argc, char **argv, struct question *q)
{
	int c;

	while ((c = getopt_long(argc, argv, "", words, NULL)) != -1) {
		switch (c) {
		case 'p':
			q->policy = optarg;
			break;
		case 'f':
			q->from = optarg;
			break;
		case 't':
			q->to = optarg;
			break;
		case 'P':
			q->proto = optarg;
			break;
		case 'a':
			q->app = optarg;
			break;
		case 's':
			q->sni = optarg;
			break;
		case 'H':
			q->host = optarg;
			break;
		case 'c':
			q->connect = optarg;
			break;
		case 'S':
			q->socks = optarg;
			break;
		default:
			return false;
		}
	}
	return optind == argc && q->from && q->to;
}

int cmd_explain(int argc, char **argv)
{
	struct question q = {.proto = "tcp"};
	const char *wrong;
	struct policy *p;
	struct facts f;
	int status;

	if (!parse_words(argc, argv, &q))
		return usage();
	status = fwctl_compile(q.policy, &p);
	if (status != EXIT_DONE)
		return status;
	facts_init(&f, &p->arena);
	f.time = time(NULL);
	wrong = unreadable_word(&q, &p->ir, &f);
	if (wrong) {
		(void)fprintf(stderr, "fwctl: %s cannot be read\n", wrong);
		status = usage();
	} else {
		explain(&q, &p->ir, &f);
	}
	policy_free(p);
	return status;
}
