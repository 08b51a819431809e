/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The theorem of the compiler, held against the kernel: random policies are
 * loaded, random first packets sent, and what nf_tables traces of each
 * (verdict, and the policy's rule) is what eval_flow() says with the kernel's
 * view.
 *
 * usage: agree PEERS POLICIES PACKETS [SEED]
 *
 * Runs in a network namespace that tests/agreement/run.sh has made: interfaces
 * as random policies name them, each with its other end under the same name in
 * the namespace PEERS, and a table that turns the trace on.
 */
#include "tests/agreement/send.h"
#include "tests/agreement/trace.h"
#include "tests/unit/packet_case.h"
#include "tests/unit/support.h"

#include "agent/kernel/nftapply.h"
#include "policy/backend.h"
#include "policy/translate.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

struct agreement {
	struct sender *sender;
	struct tracer *tracer;
	struct nft nft;
	enum queue_target queue;
	struct policy *loaded;
	unsigned packets, compared, unseen, invalid, replaced, led, sent;
	unsigned by_verdict[V_REJECT + 1];
};

static void describe(const struct packet_case *p, const struct traced *t,
		     const struct decision *d)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX];

	printf("%s -> %s, %s -> %s l4 %u port %u\n"
	       "kernel: verdict %d in chain %s, rule %s, led on by %s, sent "
	       "as by %s\n"
	       "evaluated: verdict %d by %d rule %s\n%s\n",
	       p->iif ? p->iif : "self", p->oif ? p->oif : "self",
	       ipaddr_print(&p->facts.src, src),
	       ipaddr_print(&p->facts.dst, dst), p->facts.l4, p->facts.dport,
	       (int)t->verdict, t->chain, t->rule, t->led, t->sent,
	       (int)case_expected(p, d), (int)d->by,
	       d->rule ? d->rule->name : "",
	       strbuf_text(&p->policy->canonical));
}

/* The rule's own chain, or that of the pair when no rule has matched. */
static bool same_rule(const struct packet_case *p, const struct traced *t,
		      const struct decision *d)
{
	char want[128];

	if (case_is_neighbours(p) || case_is_spoofed(p) ||
	    p->facts.zone_src < 0 || p->facts.zone_dst < 0)
		return t->rule[0] == '\0';
	(void)snprintf(want, sizeof(want), "r_%s",
		       d->rule ? d->rule->name : "");
	return !strcmp(t->rule, d->rule ? want : "");
}

/* Neighbour discovery is not tracked: it passes by its own rule, or not; that
 * of IPv6 within IPv4 is none. */
static bool is_no_connection(const struct packet_case *p)
{
	uint16_t type = p->facts.dport;

	return (!case_is_neighbours(p) || p->facts.src.family == IP_V4) &&
	       p->facts.l4 == IPPROTO_ICMPV6 &&
	       ((type >= 130 && type <= 137) || type == 143);
}

/* "d_NAME" of the forward, or "". */
static bool same_forward(const struct traced *t, const struct ir_forward *f)
{
	return !strcmp(t->led[0] ? t->led + 2 : "", f ? f->match.name : "");
}

/* What it is sent out as, where that can be told: the sources of our own are
 * none of this machine's. */
static bool same_source(struct agreement *g, const struct packet_case *p,
			struct traced *t)
{
	const struct ir_nat *nat = translate_source(&p->policy->ir, &p->facts);

	if (p->hook != RS_FORWARD || t->verdict != V_ACCEPT)
		return true;
	tracer_read_source(g->tracer, nat != NULL, t);
	g->sent += nat != NULL;
	return !strcmp(t->sent[0] ? t->sent + 2 : "",
		       nat ? nat->match.name : "");
}

/* The packet as it is after a forward, which takes the way to its new
 * destination, whatever zone that is in; the forward, or NULL. */
static const struct ir_forward *lead_on(const struct packet_case *p,
					struct packet_case *out)
{
	const struct ir *ir = &p->policy->ir;
	const struct ir_forward *f;

	*out = *p;
	f = p->iif ? translate_lead_on(ir, &out->facts) : NULL;
	if (f) {
		out->hook = RS_FORWARD;
		out->oif = f->addr.bytes[3] & 1 ? "lan0" : "srv1";
		out->facts.zone_dst = ir_zone_by_interface(ir, out->oif);
	}
	return f;
}

static bool check_packet(struct agreement *g, struct packet_case *original)
{
	struct packet_case after, *p = &after;
	const struct ir_forward *forward = lead_on(original, &after);
	struct decision d;
	struct traced t;

	/* One address has one way. */
	if (!sender_can(&original->facts) ||
	    (forward && (!ipaddr_cmp(&original->facts.dst, &after.facts.dst) ||
			 !sender_can(&after.facts))))
		return true;
	g->packets++;
	g->led += forward != NULL;
	tracer_expect(g->tracer, &original->facts.src);
	sender_send(g->sender, original, forward ? &after : NULL);
	if (!tracer_read(g->tracer, &t)) {
		g->unseen++;
		return true;
	}
	/* Connection tracking takes some for no beginning of a connection;
	 * where the policy only observes they pass. */
	if (is_no_connection(p) || (t.unjudged && p->policy->ir.observe) ||
	    (!strcmp(t.chain, "c_known") && t.verdict == V_DROP)) {
		g->invalid++;
		return true;
	}
	d = eval_flow(&p->policy->ir, &p->facts, EVAL_KERNEL);
	g->compared++;
	g->by_verdict[t.verdict]++;
	if (t.verdict == case_expected(p, &d) && same_rule(p, &t, &d) &&
	    same_forward(&t, forward) && same_source(g, p, &t))
		return true;
	describe(p, &t, &d);
	return false;
}

/* From the table that is there, by what differs; now and then anew. */
static bool load(struct agreement *g, struct policy *p, bool anew)
{
	const struct ruleset *before =
		g->loaded && !anew ? &g->loaded->ruleset : NULL;
	struct nft_errors errors = {0};
	struct nl_batch batch;
	enum fw_err err =
		backend_nl(before, &p->ruleset, g->queue, 0, &p->arena, &batch);

	g->replaced += before == NULL;
	if (!err)
		err = nft_send(&g->nft, &batch, &errors);
	if (err) {
		const struct nl_source *s =
			errors.n && errors.items[0].seq >= 1
				? &batch.sources.items[errors.items[0].seq - 1]
				: NULL;

		printf("the kernel refuses the batch: %s '%s': %s\n%s\n",
		       s ? s->what : "", s ? s->name : "",
		       errors.n ? nft_error_text(errors.items[0].errnum) : "",
		       strbuf_text(&p->canonical));
	}
	nl_batch_done(&batch);
	policy_free(g->loaded);
	g->loaded = p;
	return !err;
}

/* A flow that one of the forwards may lead on: chance alone seldom makes one.
 */
static void aim_at_forward(struct chance *c, struct packet_case *p)
{
	static const char *const outside[] = {"wan0", "far1"};
	const struct ir *ir = &p->policy->ir;
	const struct ir_rule *rule = NULL;

	for (size_t i = ir->list_from[AST_INGRESS];
	     i < ir->list_to[AST_INGRESS]; i++)
		if (ir->all[i].forward && (!rule || chance_once_in(c, 2)))
			rule = &ir->all[i];
	if (!rule || !p->iif)
		return;
	rule = &rule->forward->match;
	p->facts.l4 = rule->services[0].l4;
	p->facts.dport = rule->services[0].lo;
	p->iif = outside[chance_below(c, 2)];
	p->facts.zone_src = ir_zone_by_interface(ir, p->iif);
	if (rule->to.addrs.n && p->hook == RS_FORWARD &&
	    rule->to.addrs.items[0].lo.family == p->facts.src.family)
		p->facts.dst = rule->to.addrs.items[0].lo;
}

/* Of all the senders' interfaces: run.sh gives it to them. */
static const struct mac sender_mac = {{2, 0, 0, 0, 0, 1}};

static bool run(struct agreement *g, unsigned n_policies, unsigned n_packets,
		struct chance *c)
{
	static const unsigned map_from[] = {1, RS_MAP_NEVER, RS_MAP_FROM};

	for (unsigned i = 0; i < n_policies; i++) {
		struct policy *made = random_policy(c);
		struct policy *p = policy_again(made, map_from[i % 3]);
		struct packet_case one = {.policy = p};

		policy_free(made);
		if (!load(g, p, i % 5 == 4))
			return false;
		sender_forget_connections(g->sender);
		for (unsigned j = 0; j < n_packets; j++) {
			random_case(c, &one);
			if (chance_once_in(c, 8))
				aim_at_forward(c, &one);
			/* The kernel goes by its own clock. */
			one.facts.time = time(NULL);
			one.facts.over_limit = false;
			one.facts.mac = sender_mac;
			one.facts.has_uid = one.hook == RS_OUTPUT;
			one.facts.uid = 0;
			one.facts.cgroups = 0;
			if (!check_packet(g, &one))
				return false;
		}
	}
	return true;
}

static struct agreement a;
static struct chance chance = {.state = 4711};
static unsigned policies, packets;

START_TEST(the_kernel_decides_as_the_evaluation)
{
	ck_assert_msg(run(&a, policies, packets, &chance),
		      "the kernel and the evaluation differ");
	/* Most must have been compared, or the test says little. */
	ck_assert_uint_ge(a.compared * 10, a.packets * 7);
}
END_TEST

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, the_kernel_decides_as_the_evaluation);
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct timezone zone = {0};
	struct timeval now;
	int status;

	if (argc < 4) {
		fputs("usage: agree PEERS POLICIES PACKETS [SEED]\n", stderr);
		return 2;
	}
	policies = number(argv[2]);
	packets = number(argv[3]);
	if (argc > 4)
		chance = chance_of(strtoul(argv[4], NULL, 10));
	a.sender = sender_open(argv[1]);
	a.tracer = tracer_open();
	if (!a.sender || !a.tracer || nft_open(&a.nft) != FW_OK ||
	    nft_probe_queue(&a.nft, &a.queue) != FW_OK) {
		perror("agree: sockets");
		return 1;
	}
	/* The kernel's days are by its own idea of the time zone. */
	(void)gettimeofday(&now, &zone);
	random_env.tz_minuteswest = zone.tz_minuteswest;
	random_limits_are_wide = true;
	/* What the test finds is counted here: no child for it. */
	(void)setenv("CK_FORK", "no", 1);
	status = run_suite("agreement with the kernel", add);
	printf("%u packets: %u compared (%u accepted, %u dropped, %u queued, "
	       "%u rejected; %u led on, %u with another source), "
	       "%u no beginning of a connection, %u not seen; "
	       "%u tables replaced, the others changed; queue by %s\n",
	       a.packets, a.compared, a.by_verdict[V_ACCEPT],
	       a.by_verdict[V_DROP], a.by_verdict[V_QUEUE],
	       a.by_verdict[V_REJECT], a.led, a.sent, a.invalid, a.unseen,
	       a.replaced, a.queue == QUEUE_NATIVE ? "nft" : "xt");
	policy_free(a.loaded);
	sender_close(a.sender);
	tracer_close(a.tracer);
	nft_close(&a.nft);
	return status;
}
