/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/ast.h"

#include "policy/base/strbuf.h"

#include <inttypes.h>
#include <stddef.h>

bool ast_is_list(struct str word)
{
	return str_starts(word, AST_FILE) || str_starts(word, AST_COUNTRY) ||
	       str_starts(word, AST_AS);
}

const struct ast_entries *ast_entries_of(const struct ast *ast,
					 enum list_kind kind, struct str word)
{
	vec_foreach (e, &ast->entries)
		if (e->kind == kind && str_eq(e->word, word))
			return e;
	return NULL;
}

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

/* A mask is easier to read in hex. */
static void print_mask(struct strbuf *out, const char *indent, const char *key,
		       const struct number *n)
{
	if (n->set && n->value >= 0 && n->value <= (int64_t)UINT32_MAX)
		strbuf_addf(out, "%s%s = 0x%" PRIx64 ";\n", indent, key,
			    (uint64_t)n->value);
	else
		print_number(out, indent, key, n);
}

enum print_type {
	PRINT_INT,
	PRINT_MASK,
	PRINT_BOOL,
	PRINT_STRING,
	PRINT_TEXT = PRINT_STRING,
	PRINT_WORDS,
	PRINT_CDNS,
	PRINT_OTHER, /* by a function of its own, or never */
	PRINT_GROUP = PRINT_OTHER,
	PRINT_ZONES = PRINT_OTHER,
	PRINT_SETS = PRINT_OTHER,
	PRINT_RULES = PRINT_OTHER,
	PRINT_NATS = PRINT_OTHER,
	PRINT_PROTOCOLS = PRINT_OTHER,
	PRINT_MANAGEMENT = PRINT_OTHER,
};

#define ast_policy ast /* the outermost group */

static void print_cdns(struct strbuf *out, const char *indent, const char *key,
		       const cdn_list *cdns)
{
	if (cdns->n == 0)
		return;
	strbuf_addf(out, "%s%s: {\n", indent, key);
	vec_foreach (c, cdns) {
		strbuf_addf(out, "%s\t%.*s: {\n", indent,
			    STR_ARG(c->name.text));
		print_words(out, "\t\t\t", str_of("networks"), &c->networks);
		print_words(out, "\t\t\t", str_of("hosts"), &c->hosts);
		strbuf_addf(out, "%s\t};\n", indent);
	}
	strbuf_addf(out, "%s};\n", indent);
}

static const struct {
	const char *group, *key;
	enum print_type type;
	size_t offset;
} keys[] = {
#define X(group, key, type, member, usual, help) \
	{#group, key, PRINT_##type, offsetof(struct ast_##group, member)},
#include "policy/keywords.def"
#undef X
};

/* The keys of a group in the order of keywords.def. */
static void print_keys(struct strbuf *out, const char *indent,
		       const char *group, const void *members)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const void *member = (const char *)members + keys[i].offset;
		const char *key = keys[i].key;

		if (strcmp(keys[i].group, group) != 0)
			continue;
		switch (keys[i].type) {
		case PRINT_INT:
			print_number(out, indent, key, member);
			break;
		case PRINT_MASK:
			print_mask(out, indent, key, member);
			break;
		case PRINT_BOOL:
			print_bool(out, indent, key, member);
			break;
		case PRINT_STRING:
			print_word(out, indent, key, member);
			break;
		case PRINT_WORDS:
			print_words(out, indent, str_of(key), member);
			break;
		case PRINT_CDNS:
			print_cdns(out, indent, key, member);
			break;
		case PRINT_OTHER:
			break;
		}
	}
}

/* A group that is there begins with its place. */
static void print_group(struct strbuf *out, const char *group,
			const void *members)
{
	if (!((const struct place *)members)->file)
		return;
	strbuf_addf(out, "%s: {\n", group);
	print_keys(out, "\t", group, members);
	strbuf_addz(out, "};\n");
}

static void print_zones(struct strbuf *out, const zone_list *zones)
{
	if (zones->n == 0)
		return;
	strbuf_addz(out, "zones: {\n");
	vec_foreach (z, zones) {
		strbuf_addf(out, "\t%.*s: {\n", STR_ARG(z->name.text));
		print_keys(out, "\t\t", "zone", z);
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

/* A list of n groups of `size` bytes each. */
static void print_list(struct strbuf *out, const char *key, const char *group,
		       const void *items, size_t n, size_t size)
{
	if (n == 0)
		return;
	strbuf_addf(out, "%s: (\n", key);
	for (size_t i = 0; i < n; i++) {
		strbuf_addz(out, "\t{\n");
		print_keys(out, "\t\t", group, (const char *)items + i * size);
		strbuf_addf(out, "\t}%s\n", i + 1 < n ? "," : "");
	}
	strbuf_addz(out, ");\n");
}

#define PRINT_LIST(out, key, group, list)                           \
	print_list((out), (key), (group), (list)->items, (list)->n, \
		   sizeof(*(list)->items))

void ast_print(const struct ast *ast, struct strbuf *out)
{
	print_number(out, "", "version", &ast->version);
	print_group(out, "gateway", &ast->gateway);
	print_group(out, "geo", &ast->geo);
	print_zones(out, &ast->zones);
	print_sets(out, "addresses", &ast->addresses);
	print_sets(out, "hosts", &ast->hosts);
	print_sets(out, "services", &ast->services);
	for (int i = 0; i < AST_LISTS; i++)
		PRINT_LIST(out, ast_list_name((enum ast_list)i), "rule",
			   &ast->rules[i]);
	PRINT_LIST(out, "nat", "nat", &ast->nats);
	PRINT_LIST(out, "protocol", "protocol", &ast->protocols);
	print_group(out, "hygiene", &ast->hygiene);
	PRINT_LIST(out, "management", "management", &ast->management);
	print_group(out, "application", &ast->application);
	print_group(out, "log", &ast->log);
}
