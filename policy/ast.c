/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/ast.h"

#include "policy/base/strbuf.h"

#include <inttypes.h>

const char *ast_list_name(enum ast_list list)
{
	switch (list) {
	case AST_INGRESS:
		return "ingress";
	case AST_SEGMENT:
		return "segment";
	case AST_EGRESS:
		return "egress";
	case AST_LISTS:
		break;
	}
	return "";
}

/* In double quotes; whatever is not printable ASCII or UTF-8 is escaped. */
static void print_string(struct strbuf *out, struct str s)
{
	strbuf_addz(out, "\"");
	while (s.p && s.len > 0) {
		size_t n = str_utf8(s);

		if (n == 1 && (s.p[0] == '"' || s.p[0] == '\\'))
			strbuf_addf(out, "\\%c", s.p[0]);
		else if (n > 0)
			strbuf_add(out, str_mem(s.p, n));
		else
			strbuf_addf(out, "\\x%02x", (unsigned char)s.p[0]);
		s = str_skip(s, n ? n : 1);
	}
	strbuf_addz(out, "\"");
}

static void print_word(struct strbuf *out, const char *indent, const char *key,
		       const struct word *w)
{
	if (!w->text.p)
		return;
	strbuf_addf(out, "%s%s = ", indent, key);
	print_string(out, w->text);
	strbuf_addz(out, ";\n");
}

static void print_number(struct strbuf *out, const char *indent,
			 const char *key, const struct number *n)
{
	bool wide = n->value > INT32_MAX || n->value < -INT32_MAX;

	if (n->set)
		strbuf_addf(out, "%s%s = %" PRId64 "%s;\n", indent, key,
			    n->value, wide ? "L" : "");
}

static void print_bool(struct strbuf *out, const char *indent, const char *key,
		       const struct number *n)
{
	if (n->set)
		strbuf_addf(out, "%s%s = %s;\n", indent, key,
			    n->value ? "true" : "false");
}

/* Few words on one line, many on lines of their own. */
static void print_words(struct strbuf *out, const char *indent, struct str key,
			const word_list *words)
{
	bool many = words->n > 4;
	size_t i = 0;

	if (words->n == 0)
		return;
	strbuf_addf(out, "%s%.*s = [", indent, STR_ARG(key));
	vec_foreach (w, words) {
		if (i++)
			strbuf_addz(out, many ? "," : ", ");
		if (many)
			strbuf_addf(out, "\n%s\t", indent);
		print_string(out, w->text);
	}
	if (many)
		strbuf_addf(out, "\n%s", indent);
	strbuf_addz(out, "];\n");
}

static void print_gateway(struct strbuf *out, const struct ast_gateway *g)
{
	if (!g->place.file)
		return;
	strbuf_addz(out, "gateway: {\n");
	print_word(out, "\t", "name", &g->name);
	print_word(out, "\t", "mode", &g->mode);
	print_word(out, "\t", "fail", &g->fail);
	print_number(out, "\t", "queue", &g->queue);
	print_number(out, "\t", "queues", &g->queues);
	if (g->marks.set && g->marks.value >= 0 &&
	    g->marks.value <= (int64_t)UINT32_MAX)
		strbuf_addf(out, "\tmarks = 0x%" PRIx64 ";\n",
			    (uint64_t)g->marks.value);
	else
		print_number(out, "\t", "marks", &g->marks);
	print_bool(out, "\t", "optimize", &g->optimize);
	strbuf_addz(out, "};\n");
}

static void print_zones(struct strbuf *out, const zone_list *zones)
{
	if (zones->n == 0)
		return;
	strbuf_addz(out, "zones: {\n");
	vec_foreach (z, zones) {
		strbuf_addf(out, "\t%.*s: {\n", STR_ARG(z->name.text));
		print_words(out, "\t\t", str_of("interfaces"), &z->interfaces);
		print_words(out, "\t\t", str_of("networks"), &z->networks);
		print_bool(out, "\t\t", "external", &z->external);
		strbuf_addz(out, "\t};\n");
	}
	strbuf_addz(out, "};\n");
}

static void print_sets(struct strbuf *out, const char *key,
		       const set_list *sets)
{
	if (sets->n == 0)
		return;
	strbuf_addf(out, "%s: {\n", key);
	vec_foreach (s, sets)
		print_words(out, "\t", s->name.text, &s->members);
	strbuf_addz(out, "};\n");
}

static void print_rules(struct strbuf *out, const char *key,
			const rule_list *rules)
{
	if (rules->n == 0)
		return;
	strbuf_addf(out, "%s: (\n", key);
	vec_foreach (r, rules) {
		strbuf_addz(out, "\t{\n");
		print_word(out, "\t\t", "name", &r->name);
		print_words(out, "\t\t", str_of("from"), &r->from);
		print_words(out, "\t\t", str_of("to"), &r->to);
		print_words(out, "\t\t", str_of("service"), &r->service);
		print_words(out, "\t\t", str_of("app"), &r->app);
		print_words(out, "\t\t", str_of("host"), &r->host);
		print_word(out, "\t\t", "action", &r->action);
		strbuf_addf(out, "\t}%s\n",
			    r + 1 < rules->items + rules->n ? "," : "");
	}
	strbuf_addz(out, ");\n");
}

void ast_print(const struct ast *ast, struct strbuf *out)
{
	print_number(out, "", "version", &ast->version);
	print_gateway(out, &ast->gateway);
	print_zones(out, &ast->zones);
	print_sets(out, "addresses", &ast->addresses);
	print_sets(out, "hosts", &ast->hosts);
	print_sets(out, "services", &ast->services);
	for (int i = 0; i < AST_LISTS; i++)
		print_rules(out, ast_list_name((enum ast_list)i),
			    &ast->rules[i]);
	if (ast->application.place.file) {
		strbuf_addz(out, "application: {\n");
		print_word(out, "\t", "connect", &ast->application.connect);
		print_word(out, "\t", "socks", &ast->application.socks);
		print_word(out, "\t", "no-sni", &ast->application.no_sni);
		strbuf_addz(out, "};\n");
	}
	if (ast->log.place.file) {
		strbuf_addz(out, "log: {\n");
		print_word(out, "\t", "allow", &ast->log.allow);
		print_word(out, "\t", "deny", &ast->log.deny);
		strbuf_addz(out, "};\n");
	}
}
