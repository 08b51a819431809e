/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow in words -> the rules it meets: what the kernel makes of each, and
 * what the engine makes of it once it knows what the flow asks for.
 */
#include "agent/fwctl/commands.h"
#include "agent/fwctl/flow_words.h"
#include "agent/verdict/decide.h"
#include "policy/translate.h"

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>

static int usage(void)
{
	(void)fputs("usage: fwctl explain [--policy FILE] --from ADDRESS --to "
		    "ADDRESS[:PORT] ...\n"
		    "       fwctl explain [--policy FILE] --hygiene\n",
		    stderr);
	flow_words_help(stderr, "--");
	(void)fputs("An IPv6 address with a port is [ADDRESS]:PORT.\n", stderr);
	return EXIT_USAGE;
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

static void print_cdns(const struct ir *ir, const struct facts *f)
{
	for (size_t i = 0; i < ir->n_cdns; i++) {
		const struct ir_cdn *cdn = &ir->cdns[i];
		enum tri kernel = eval_cdn(cdn, f, EVAL_KERNEL);

		if (kernel == TRI_NO)
			continue;
		(void)printf("%-8s %-28s %-8s %-8s deny (%s:%u)\n", "cdn",
			     cdn->name, tri_word(kernel),
			     tri_word(eval_cdn(cdn, f, EVAL_ENGINE)),
			     cdn->place.file, cdn->place.line);
	}
}

/* Nobody here knows what a client was told. */
static void print_binding(const struct ir *ir, enum ast_list list)
{
	if (ir->binding && (list == AST_EGRESS || list == AST_SEGMENT))
		(void)printf("%-8s %-28s %-8s %-8s %s\n", "binding", "-", "-",
			     "not yet",
			     ir->binding == IR_BINDING_LOG ? "log" : "deny");
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
			(void)printf(
				"%-8s %-28s %-8s %-8s deny\n", "guard",
				ir_guard_name(g),
				tri_word(eval_guard(ir, g, f, EVAL_KERNEL)),
				tri_word(eval_guard(ir, g, f, EVAL_ENGINE)));
	print_protocols(ir, f);
	print_cdns(ir, f);
	print_binding(ir, list);
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
		if (d->by == DECISION_BY_RULE || d->by == DECISION_BY_LIMIT)
			(void)printf(" ('%s')", d->rule->name);
		if (d->by == DECISION_BY_PROTOCOL)
			(void)printf(" ('%s')", d->protocol->match.name);
		if (d->by == DECISION_BY_CDN)
			(void)printf(" ('%s')", d->cdn->name);
		if (d->kind == DECISION_REFUSE && ir->observe)
			(void)printf("; passed, as the mode is observe");
		else if (d->kind == DECISION_REFUSE && !d->rule)
			(void)printf("; %s",
				     d->silent ? "silently" : "with an answer");
	}
	(void)puts("");
}

/* A new flow that a forward takes is judged as that which it becomes. */
static void lead_on(const struct ir *ir, struct facts *f)
{
	const struct ir_forward *forward = translate_lead_on(ir, f);
	char text[IPADDR_TEXT_MAX];

	if (!forward)
		return;
	(void)printf("nat     led on to %s port %u by '%s', zone %s\n",
		     ipaddr_print(&f->dst, text), f->dport, forward->match.name,
		     f->zone_dst < 0 ? "none" : ir->zones[f->zone_dst].name);
}

static void print_source(const struct ir *ir, const struct facts *f)
{
	const struct ir_nat *nat = translate_source(ir, f);
	bool v6 = f->src.family == IP_V6;
	char text[IPADDR_TEXT_MAX];

	if (!nat)
		return;
	(void)printf("nat     ");
	if (nat->action == IR_MASQUERADE)
		(void)printf("sent out as the address of the interface");
	else if (nat->action == IR_SNAT)
		(void)printf(
			"sent out as %s",
			ipaddr_print(v6 ? &nat->addr6 : &nat->addr4, text));
	else
		(void)printf("sent out as it is");
	(void)printf(" by '%s'\n", nat->match.name);
}

static void print_decisions(const struct flow_words *q, const struct ir *ir,
			    const struct facts *f)
{
	struct decision kernel = eval_flow(ir, f, EVAL_KERNEL);
	struct decision engine = eval_flow(ir, f, EVAL_ENGINE);
	bool but_hello = eval_but_hello(ir, f, &kernel);

	print_decision("kernel", ir, &kernel);
	if (but_hello)
		(void)puts("        a hello of QUIC or DTLS goes to the "
			   "engine: say --sni, --app ...");
	if (kernel.kind == DECISION_NOT_YET) {
		print_decision("engine", ir, &engine);
		if (engine.kind == DECISION_NOT_YET &&
		    !flow_words_ask_engine(q))
			(void)puts("        it depends on what the flow asks "
				   "for: say --sni, --host, --app ...");
	}
	if (kernel.kind != DECISION_REFUSE &&
	    (kernel.kind == DECISION_ALLOW || engine.kind != DECISION_REFUSE))
		print_source(ir, f);
}

static void explain(const struct flow_words *q, const struct ir *ir,
		    struct facts *f)
{
	enum hygiene wrong =
		ir_wrong_address(ir, f->zone_src, &f->src, &f->dst);
	enum ast_list list;

	(void)printf("flow    %s -> %s %s, zone %s -> %s\n", q->of[FLOW_FROM],
		     q->of[FLOW_TO],
		     q->of[FLOW_PROTO] ? q->of[FLOW_PROTO] : "tcp",
		     f->zone_src < 0 ? "none" : ir->zones[f->zone_src].name,
		     f->zone_dst < 0 ? "none" : ir->zones[f->zone_dst].name);
	if (wrong != HYGIENE_COUNT) {
		(void)printf("hygiene dropped: '%s' %s\n", hygiene_name(wrong),
			     hygiene_text(wrong));
		return;
	}
	if (facts_stay_within(f)) {
		(void)puts("gateway allowed: what stays within the gateway is "
			   "not filtered");
		return;
	}
	if ((f->l4 == IPPROTO_TCP || f->l4 == IPPROTO_UDP) && !f->dport)
		(void)puts("        no port is told: say --to ADDRESS:PORT");
	lead_on(ir, f);
	list = ir_list_of(ir, f->zone_src, f->zone_dst);
	if (list != AST_LISTS)
		print_rules(ir, f, list);
	(void)puts("");
	print_decisions(q, ir, f);
}

static void print_hygiene(const struct ir *ir)
{
	(void)printf("%-14s %-4s %-18s %s\n", "hygiene", "", "counter",
		     "what it does");
	for (enum hygiene h = 0; h < HYGIENE_COUNT; h++)
		(void)printf("%-14s %-4s %-18s %s\n", hygiene_name(h),
			     ir_cleans(ir, h) ? "on" : "off",
			     *hygiene_counter(h) ? hygiene_counter(h) : "-",
			     hygiene_text(h));
}

static bool parse_words(int argc, char **argv, struct flow_words *q,
			const char **policy, bool *hygiene)
{
	struct option options[FLOW_WORDS + 3] = {0};
	int c;

	for (int w = 0; w < FLOW_WORDS; w++)
		options[w] = (struct option){flow_word_name((enum flow_word)w),
					     required_argument, NULL, w};
	options[FLOW_WORDS] =
		(struct option){"policy", required_argument, NULL, FLOW_WORDS};
	options[FLOW_WORDS + 1] =
		(struct option){"hygiene", no_argument, NULL, FLOW_WORDS + 1};
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == FLOW_WORDS)
			*policy = optarg;
		else if (c == FLOW_WORDS + 1)
			*hygiene = true;
		else
			q->of[c] = optarg;
	}
	return optind == argc;
}

int cmd_explain(int argc, char **argv)
{
	struct flow_words q = {0};
	const char *policy = NULL;
	bool hygiene = false;
	enum flow_word wrong;
	struct policy *p;
	struct facts f;
	int status;

	if (!parse_words(argc, argv, &q, &policy, &hygiene))
		return usage();
	if (!hygiene && (!q.of[FLOW_FROM] || !q.of[FLOW_TO])) {
		(void)fprintf(stderr, "fwctl: explain needs --from and --to\n");
		return usage();
	}
	status = fwctl_compile(policy, &p);
	if (status != EXIT_DONE)
		return status;
	facts_init(&f, &p->arena);
	if (hygiene)
		print_hygiene(&p->ir);
	else if (flow_words_facts(&q, &p->ir, &f, &wrong)) {
		explain(&q, &p->ir, &f);
	} else {
		(void)fprintf(stderr, "fwctl: --%s cannot be read: '%s'\n",
			      flow_word_name(wrong), q.of[wrong]);
		flow_word_help(stderr, "--", wrong);
		status = EXIT_USAGE;
	}
	policy_free(p);
	return status;
}
