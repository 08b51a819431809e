/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each rule on its own: its action, services and conditions. */
#include "policy/check_priv.h"

#include "policy/service_words.h"

#include <netinet/in.h>
#include <stdlib.h>

#define RULE_COMMENT_MAX 200

/* "443", "TCP/443", "tcp:443", "443/tcp": what was meant? */
static bool written_otherwise(struct check *c, struct str text,
			      struct str *out_right)
{
	char *plain = arena_calloc(c->arena, text.len + 1, 1);
	struct str rest = str_mem(plain, plain ? text.len : 0), first;
	const char *forms[3] = {plain};
	struct service s;

	for (size_t i = 0; plain && i < text.len; i++)
		plain[i] = text.p[i] == ':' ? '/' : ascii_lower(text.p[i]);
	first = str_cut(&rest, '/');
	forms[1] = arena_printf(c->arena, "tcp/%.*s", STR_ARG(text));
	forms[2] = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(rest),
				STR_ARG(first));
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		*out_right = str_of(forms[i] ? forms[i] : "");
		if (!service_parse(*out_right, &s))
			return true;
	}
	return false;
}

static void unknown_service(struct check *c, const struct word *w)
{
	struct suggest near;
	struct str spelt;
	const char *fault = service_fault(word_bare(w)), *name;

	if (fault) {
		diag_error(c->diags, w->place, "bad-service",
			   "%s in 'service' is no service: %s",
			   check_quote(c, w), fault);
		return;
	}
	diag_error(c->diags, w->place, "undefined",
		   "undefined service %s in 'service'", check_quote(c, w));
	if (str_starts(word_bare(w), "@")) {
		diag_note(c->diags, w->place, "a service is named without '@'");
		return;
	}
	suggest_init(&near, word_bare(w));
	for (unsigned i = 0; (name = service_icmp_name(i)); i++)
		suggest_offer(&near, str_of(name));
	for (unsigned i = 0; (name = service_builtin_name(i)); i++)
		suggest_offer(&near, str_of(name));
	check_offer(c, &near, &c->services, "");
	if (near.best.p)
		suggest_note(&near, c->diags, w->place);
	else if (written_otherwise(c, word_bare(w), &spelt))
		diag_note(c->diags, w->place, "did you mean %s?",
			  diag_quote(c->diags, spelt));
	else
		diag_note(c->diags, w->place,
			  "expected \"tcp/443\", a service of this policy or a "
			  "built-in one (fwagent-policy(5) lists them)");
}

static bool builtin_has_ports(struct str members)
{
	/* "tcp/80 udp/80": it is ICMP only if it begins so. */
	return str_starts(members, "tcp") || str_starts(members, "udp");
}

/* Complains of negated words that have nothing to be taken from, or take away
 * all there is.  All words are known. */
static void check_service_left(struct check *c, const word_list *words)
{
	bool any = !check_names_some(words);
	service_list left;

	vec_foreach (w, words)
		any |= str_is(w->text, "any");
	vec_foreach (w, words) {
		if (!word_is_negated(w))
			continue;
		if (str_is(w->text, "!any")) {
			diag_error(c->diags, w->place, "bad-value",
				   "%s in 'service' would take away "
				   "everything",
				   check_quote(c, w));
		} else if (any) {
			diag_error(c->diags, w->place, "bad-value",
				   "%s in 'service' is taken from nothing that "
				   "is named",
				   check_quote(c, w));
			diag_note(c->diags, w->place,
				  "name what it is taken from: service = "
				  "[\"tcp\", \"!tcp/25\"]");
		} else if (service_words(c->ast, c->arena, words, &left) ==
				   FW_OK &&
			   left.n == 0) {
			diag_error(c->diags, w->place, "never-matches",
				   "'service' can never hold: all that it "
				   "names is taken away again");
		}
		return;
	}
}

/* Is it known, and has it TCP or UDP? */
static bool service_is_known(struct check *c, struct str word, bool *out_ports)
{
	struct check_name *own = check_find(&c->services, word);
	struct str members = service_builtin(word);
	struct service s;

	*out_ports = true;
	if (own) {
		own->used = true;
		*out_ports = !c->service_ports || c->service_ports[own->i];
	} else if (members.p) {
		*out_ports = builtin_has_ports(members);
	} else if (!service_parse(word, &s)) {
		*out_ports = s.l4 == IPPROTO_TCP || s.l4 == IPPROTO_UDP;
	} else {
		return str_is(word, "any");
	}
	return true;
}

/* Complains of unknown services; true when one of them has TCP or UDP. */
bool check_service(struct check *c, const word_list *words)
{
	bool ports = words->n == 0, known = true;

	vec_foreach (w, words) {
		bool has;

		if (!service_is_known(c, word_bare(w), &has)) {
			unknown_service(c, w);
			known = false;
		}
		ports |= has && !word_is_negated(w);
	}
	if (known)
		check_service_left(c, words);
	return ports || !known;
}

void check_twice(struct check *c, const char *key, const word_list *words)
{
	const struct word **sorted;

	if (words->n < 2)
		return;
	sorted = check_sorted(c, words);
	for (size_t i = 1; sorted && i < words->n; i++) {
		if (!str_eq(sorted[i - 1]->text, sorted[i]->text))
			continue;
		diag_warning(c->diags, sorted[i]->place, "duplicate-word",
			     "%s stands twice in '%s'",
			     check_quote(c, sorted[i]), key);
	}
}

static void check_comment(struct check *c, const struct word *w)
{
	if (w->text.len > RULE_COMMENT_MAX || !check_printable(w->text))
		diag_error(c->diags, w->place, "bad-value",
			   "a comment is at most %d printable bytes of UTF-8",
			   RULE_COMMENT_MAX);
}

static void check_head(struct check *c, const struct ast_rule *r)
{
	static const char *const actions[] = {"allow", "deny", "reject"};
	struct suggest near;

	check_rule_name(c, "rule", r->place, &r->name);
	check_comment(c, &r->comment);
	if (r->action.broken)
		return;
	if (!r->action.text.p) {
		diag_error(c->diags, r->place, "missing",
			   "the rule has no 'action'");
		diag_note(c->diags, r->place, "possible: allow, deny, reject");
		return;
	}
	suggest_init(&near, r->action.text);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (str_is(r->action.text, actions[i]))
			return;
		suggest_offer(&near, str_of(actions[i]));
	}
	diag_error(c->diags, r->action.place, "bad-value",
		   "'action' cannot be %s", check_quote(c, &r->action));
	suggest_note(&near, c->diags, r->action.place);
}

static void check_rule(struct check *c, enum ast_list list,
		       const struct ast_rule *r)
{
	check_head(c, r);
	if (r->forward.text.p)
		check_forward(c, list, r);
	else
		check_ends(c, list, &r->from, &r->to);
	check_engine(c, r, check_service(c, &r->service));
	check_source(c, list, r);
	check_when(c, r);
	check_twice(c, "from", &r->from);
	check_twice(c, "to", &r->to);
	check_twice(c, "service", &r->service);
	check_twice(c, "app", &r->app);
	check_twice(c, "host", &r->host);
	check_twice(c, "sni", &r->sni);
	check_twice(c, "alpn", &r->alpn);
	check_twice(c, "ja4", &r->ja4);
	check_twice(c, "method", &r->method);
	check_twice(c, "path", &r->path);
	check_twice(c, "qname", &r->qname);
	check_twice(c, "banner", &r->banner);
	check_twice(c, "time", &r->time);
}

static void unused_of(struct check *c, const char *what,
		      const struct check_index *index)
{
	for (size_t i = 0; i < index->n; i++)
		if (!index->items[i].used)
			diag_warning(c->diags, index->items[i].word->place,
				     "unused", "%s %s is used by no rule", what,
				     check_quote(c, index->items[i].word));
}

void check_rules(struct check *c)
{
	for (int i = 0; i < AST_LISTS; i++)
		vec_foreach (r, &c->ast->rules[i]) {
			size_t before = c->diags->errors;

			check_rule(c, (enum ast_list)i, r);
			r->bad |= c->diags->errors != before;
			c->ast->rule_errors += c->diags->errors - before;
		}
	vec_foreach (p, &c->ast->protocols)
		check_protocol(c, p);
	vec_foreach (m, &c->ast->management)
		check_management(c, m);
	vec_foreach (n, &c->ast->nats)
		check_nat(c, n);
	check_rule_names(c);
	check_cgroups(c);
}

void check_unused(struct check *c)
{
	unused_of(c, "set of addresses", &c->addresses);
	unused_of(c, "set of hosts", &c->hosts);
	unused_of(c, "service", &c->services);
}
