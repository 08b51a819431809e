/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree of what was written, each node with its place.  No defaults, no
 * look-ups, no kernel notions: words are kept as they stand in the file.
 * All memory: the arena of the compile.
 */
#pragma once

#include "policy/base/diag.h"
#include "policy/base/str.h"
#include "policy/base/vec.h"
#include "policy/hygiene.h"
#include "policy/list.h"

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

/* A string as written; text.p is NULL where nothing was, or, with `broken`,
 * where something else than a string was and has been complained of. */
struct word {
	struct str text;
	struct place place;
	bool broken;
};

/* A scalar as libconfig has it; `set` where it was written; `broken` as
 * above. */
struct number {
	int64_t value;
	bool set, broken;
	struct place place;
};

typedef VEC(struct word) word_list; /* lists are passed: each has one name */

/* "!lan": what it names is taken away from what the other words name. */
static inline bool word_is_negated(const struct word *w)
{
	return str_starts(w->text, "!");
}

/* Its text without the '!'. */
static inline struct str word_bare(const struct word *w)
{
	return str_skip(w->text, word_is_negated(w));
}

struct ast_zone {
	struct word name;
	word_list interfaces, networks;
	struct number external; /* bool */
};

typedef VEC(struct ast_zone) zone_list;

/* One entry of addresses, hosts or services: a name and its members. */
struct ast_set {
	struct word name;
	word_list members;
};

typedef VEC(struct ast_set) set_list;

/* What stands behind a word that is no entry itself but leads to a list of
 * them: "@file:lists/feed.txt", "country:NL", "as:64500" (load.h). */
#define AST_FILE    "@file:"
#define AST_COUNTRY "country:"
#define AST_AS      "as:"

struct ast_entries {
	struct str word;
	enum list_kind kind;
	const struct list *list; /* NULL: it could not be read */
};

struct ast_rule {
	struct place place;
	bool bad; /* something in it was complained of */
	struct word name, action, comment;
	word_list from, to, service, app, host;
	word_list sni, alpn, ja4, method, path, qname, banner;
	word_list mac, user, cgroup, time;
	struct word rate, packets, connections;
	struct number observe; /* bool */
	struct word until, forward;
};

typedef VEC(struct ast_rule) rule_list;

struct ast_protocol {
	struct place place;
	struct word name;
	word_list from, to, service;
	word_list require, deny;
	struct number observe; /* bool */
};

typedef VEC(struct ast_protocol) protocol_list;

struct ast_management {
	struct place place;
	struct word name;
	word_list from, to, service;
};

typedef VEC(struct ast_management) management_list;
struct ast_nat {
	struct place place;
	struct word name, action, family;
	word_list from, to, service, address;
};

typedef VEC(struct ast_nat) nat_list;

enum ast_list { AST_INGRESS, AST_SEGMENT, AST_EGRESS, AST_LISTS };

struct ast_gateway {
	struct place place;
	struct word name, mode, fail, timezone;
	struct number queue;    /* first NFQUEUE number */
	struct number queues;   /* how many */
	struct number marks;    /* mask of the ct and packet mark */
	struct number optimize; /* bool */
};

struct ast_geo {
	struct place place;
	struct word country, asn; /* paths of databases */
};

struct ast_hygiene {
	struct place place;
	struct number on[HYGIENE_COUNT]; /* bools */
	struct word syn_rate;
};

struct ast_cdn {
	struct word name;
	word_list networks, hosts;
};

typedef VEC(struct ast_cdn) cdn_list;

struct ast_application {
	struct place place;
	struct word connect, socks, no_sni;
	struct word websocket, tor, binding, binding_ttl, ech;
	struct word foreign_dns;
	word_list ech_outer, foreign_names;
	cdn_list cdns;
};

struct ast_log {
	struct place place;
	struct word allow, deny;
};

struct ast {
	struct arena *arena; /* borrowed */
	const char *file;    /* the policy's own, for what concerns all of it */
	bool partial; /* a file could not be read or parsed: parts are missing
		       */
	bool broken;  /* a value was of the wrong type and is missing */
	size_t rule_errors; /* complaints that concern one rule alone */
	struct number version;
	struct ast_gateway gateway;
	struct ast_geo geo;
	zone_list zones;
	set_list addresses, hosts, services;
	VEC(struct ast_entries) entries; /* of all words that lead to some */
	rule_list rules[AST_LISTS];
	nat_list nats;
	protocol_list protocols;
	struct ast_hygiene hygiene;
	management_list management;
	struct ast_application application;
	struct ast_log log;
};

/* Does the word lead to a list? */
bool ast_is_list(struct str word);

/* The list that it leads to; NULL: none, or it could not be read. */
const struct ast_entries *ast_entries_of(const struct ast *ast,
					 enum list_kind kind, struct str word);

/* "ingress", "segment" or "egress"; static. */
const char *ast_list_name(enum ast_list list);

/* The policy in canonical form: one file without includes that reads back as
 * the same tree (places apart). */
void ast_print(const struct ast *ast, struct strbuf *out);
