/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the computed difference of two policies says of a flow is what the
 * evaluation under either says of it.
 */
#include "tests/unit/packet_case.h"
#include "tests/unit/support.h"

#include "policy/diff.h"
#include "policy/diff_text.h"

#include <netinet/in.h>
#include <stdio.h>

#define PAIRS 150
#define FLOWS 200

static bool has_flow(const struct region *where, const struct facts *f)
{
	uint32_t service = (uint32_t)f->l4 << 16 | f->dport;
	struct box one = {.src = {f->src, f->src},
			  .dst = {f->dst, f->dst},
			  .service_lo = service,
			  .service_hi = service};

	vec_foreach (box, &where->boxes)
		if (box_meets(box, &one))
			return true;
	return false;
}

static const struct flow_change *find_change(const struct flow_diff *d,
					     const char *from, const char *to,
					     const struct facts *f)
{
	vec_foreach (c, &d->changes)
		if (!strcmp((*c)->from, from) && !strcmp((*c)->to, to) &&
		    has_flow(&(*c)->where, f))
			return *c;
	return NULL;
}

/* The list alone: what guards do is not part of it. */
static struct decision decide(const struct ir *ir, const struct facts *f)
{
	struct ir bare = *ir;

	bare.guards = 0;
	bare.n_protocols = bare.n_looks = bare.n_cdns = 0;
	return eval_flow(&bare, f, EVAL_KERNEL);
}

/* It depends on more than what the box says: on the time, on names ... */
static bool has_conditions(const struct outcome *o)
{
	struct strbuf text;
	bool some;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < o->n; i++)
		ir_rule_print_conditions(o->ir, o->rules[i], &text);
	some = text.len > 0;
	strbuf_done(&text);
	return some;
}

/* What only observes may leave a flow open, and changes nothing. */
static bool observes(const struct ir *ir)
{
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->all[i].observe)
			return true;
	return false;
}

static const char *tell(const struct flow_change *c, const struct facts *f)
{
	static char text[1024];
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX];
	struct strbuf was, now;

	strbuf_init(&was, 0);
	strbuf_init(&now, 0);
	if (c) {
		outcome_print(c->before, &was);
		outcome_print(c->after, &now);
	}
	(void)snprintf(text, sizeof(text),
		       "%s -> %s l4 %u port %u: was %s, now %s",
		       ipaddr_print(&f->src, src), ipaddr_print(&f->dst, dst),
		       f->l4, f->dport, strbuf_text(&was), strbuf_text(&now));
	strbuf_done(&was);
	strbuf_done(&now);
	return text;
}

static void show(const char *what, const struct policy *a,
		 const struct policy *b)
{
	(void)puts(what);
	(void)puts(strbuf_text(&a->canonical));
	(void)puts(strbuf_text(&b->canonical));
}

/* ICMP of the other IP version, or a destination of another zone. */
static bool cannot_be(const struct ir *ir, const struct facts *f)
{
	int zone = ir_zone_by_address(ir, &f->dst);

	if (f->l4 == (f->dst.family == IP_V4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return true;
	return zone >= 0 && zone != f->zone_dst && f->zone_dst > 0 &&
	       ipset_has(&ir->zones[zone].networks, &f->dst);
}

static unsigned differing, alike;

static void check_flow(const struct policy *a, const struct policy *b,
		       const struct flow_diff *d, const struct packet_case *p)
{
	const struct facts *f = &p->facts;
	const struct flow_change *change;
	struct decision x, y;

	if (f->zone_src < 0 || f->zone_dst < 0 || case_is_spoofed(p) ||
	    cannot_be(&a->ir, f))
		return;
	x = decide(&a->ir, f);
	y = decide(&b->ir, f);
	change = find_change(d, a->ir.zones[f->zone_src].name,
			     a->ir.zones[f->zone_dst].name, f);
	if (x.kind != DECISION_NOT_YET && y.kind != DECISION_NOT_YET &&
	    x.kind == y.kind &&
	    (x.kind == DECISION_ALLOW || x.silent == y.silent)) {
		alike++;
		if (change && !has_conditions(change->before) &&
		    !has_conditions(change->after)) {
			show(tell(change, f), a, b);
			ck_abort_msg("a change where there is none");
		}
	} else if (x.kind != y.kind &&
		   ((x.kind != DECISION_NOT_YET &&
		     y.kind != DECISION_NOT_YET) ||
		    (!observes(&a->ir) && !observes(&b->ir)))) {
		differing++;
		if (!change)
			show(tell(NULL, f), a, b);
		ck_assert_msg(change != NULL, "no change is told");
	}
}

/* The text of a policy from where one word begins a line to where another
 * does; NULL: to its end. */
static void add_part(struct strbuf *t, const struct policy *p, const char *from,
		     const char *to)
{
	const char *text = strbuf_text(&p->canonical);
	const char *begin = from ? strstr(text, from) : text;
	const char *end = to ? strstr(text, to) : text + strlen(text);

	ck_assert(begin && end && begin <= end);
	strbuf_add(t, str_mem(begin, (size_t)(end - begin)));
}

/* B has the zones of A, and rules of its own; what a gateway does beside its
 * rules is not what is compared. */
static struct policy *with_zones_of(const struct policy *a,
				    const struct policy *b)
{
	struct policy_input in = {.text_name = "mixed.conf",
				  .env = &random_env};
	struct policy *mixed = NULL;
	struct strbuf t;

	strbuf_init(&t, 0);
	add_part(&t, a, NULL, "\naddresses: {");
	add_part(&t, b, "\naddresses: {", "\nhygiene: {");
	add_part(&t, a, "\nhygiene: {", NULL);
	in.text = str_mem(t.p, t.len);
	if (policy_compile(&in, &mixed) != FW_OK) {
		policy_free(mixed);
		mixed = NULL;
	}
	strbuf_done(&t);
	return mixed;
}

START_TEST(a_flow_fares_as_the_difference_says)
{
	struct chance c = {.state = 99};
	unsigned pairs = 0;

	for (unsigned i = 0; i < 20 * PAIRS && pairs < PAIRS; i++) {
		struct policy *a = random_policy(&c),
			      *other = random_policy(&c);
		struct policy *b = with_zones_of(a, other);
		struct packet_case p = {.policy = a};
		struct flow_diff d = {0};
		struct arena arena;

		policy_free(other);
		if (b) {
			pairs++;
			arena_init(&arena, 0, 0);
			diff_flows(&a->ir, &b->ir, &arena, &d);
			ck_assert(!d.failed);
			for (unsigned j = 0; j < FLOWS && !d.too_much; j++) {
				random_case(&c, &p);
				p.facts.over_limit = false;
				check_flow(a, b, &d, &p);
			}
			arena_done(&arena);
		}
		policy_free(b);
		policy_free(a);
	}
	ck_assert_uint_eq(pairs, PAIRS);
	ck_assert_uint_gt(differing, PAIRS);
	ck_assert_uint_gt(alike, PAIRS);
}
END_TEST

START_TEST(a_policy_does_not_differ_from_itself)
{
	struct chance c = {.state = 5};

	for (unsigned i = 0; i < 50; i++) {
		struct policy *a = random_policy(&c);
		struct policy *b = policy_again(a, 0);
		struct text_diff said = {0};
		struct flow_diff d = {0};
		struct arena arena;

		arena_init(&arena, 0, 0);
		diff_flows(&a->ir, &b->ir, &arena, &d);
		diff_text(str_mem(a->canonical.p, a->canonical.len),
			  str_mem(b->canonical.p, b->canonical.len), &arena,
			  &said);
		ck_assert_uint_eq(d.changes.n, 0);
		ck_assert_uint_eq(said.changes.n + said.moved.n, 0);
		arena_done(&arena);
		policy_free(a);
		policy_free(b);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, a_flow_fares_as_the_difference_says);
	tcase_add_test(tc, a_policy_does_not_differ_from_itself);
}

int main(void)
{
	return run_suite("diff", add);
}
