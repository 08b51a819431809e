/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions of DNS to others than the resolvers: in clear (RFC 1035), over TLS
 * (RFC 7858), DTLS (RFC 8094), QUIC (RFC 9250) and HTTP (RFC 8484).
 */
#include "policy/eval_priv.h"

#include <netinet/in.h>

#define PORT_DNS 53
#define PORT_DOT 853

bool eval_name_is_of(const struct nameset *names, struct str name)
{
	char buf[NAME_BUF];

	name = name_without_port(name);
	return name_normalise(name, buf, &name) == FW_OK &&
	       nameset_has(names, name);
}

/* Resolvers ask others, and so may the gateway. */
bool eval_goes_abroad(const struct ir *ir, const struct facts *f)
{
	enum ast_list list = ir_list_of(ir, f->zone_src, f->zone_dst);

	return (list == AST_EGRESS || list == AST_SEGMENT) &&
	       f->zone_src != IR_ZONE_SELF &&
	       !ipset_has(&ir->resolvers, &f->src) &&
	       !ipset_has(&ir->resolvers, &f->dst);
}

bool eval_asks_abroad(const struct ir *ir, const struct facts *f)
{
	return f->dport == PORT_DNS || f->dport == PORT_DOT ||
	       ipset_has(&ir->foreign_dns_addrs, &f->dst);
}

/* One of "h2,dot", or a draft's: "doq-i11". */
static bool offers_dns(struct str all)
{
	while (all.len) {
		const char *comma = memchr(all.p, ',', all.len);
		struct str one = str_mem(all.p, comma ? (size_t)(comma - all.p)
						      : all.len);

		if (str_is(one, "dot") || str_is(one, "doq") ||
		    str_starts(one, "doq-"))
			return true;
		all = str_skip(all, one.len + 1);
	}
	return false;
}

/* The path that RFC 8484 has in its examples, and everybody uses. */
static bool is_dns_path(struct str target)
{
	static const char path[] = "/dns-query";
	const char *at = target.len ? memmem(target.p, target.len, path,
					     sizeof(path) - 1)
				    : NULL;
	struct str rest;

	if (!at)
		return false;
	rest = str_skip(target, (size_t)(at - target.p) + sizeof(path) - 1);
	return rest.len == 0 || rest.p[0] == '?' || rest.p[0] == '/';
}

/* dns-message, dns-json, oblivious-dns-message. */
static bool is_dns_type(struct str type)
{
	static const char *const types[] = {"application/dns-",
					    "application/oblivious-dns-"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		size_t n = strlen(types[i]);

		if (type.len >= n &&
		    str_eq_nocase(str_mem(type.p, n), str_of(types[i])))
			return true;
	}
	return false;
}

bool eval_is_dns(const struct ir *ir, const struct facts *f, unsigned layer)
{
	if (f->layers[layer].app == APP_DNS)
		return true;
	for (unsigned i = 0; i < f->n_values; i++) {
		const struct fact_value *v = &f->values[i];
		enum field field = v->field;

		if (v->layer != layer)
			continue;
		if ((field == FIELD_TLS_SNI || field == FIELD_HTTP_HOST ||
		     field == FIELD_CONNECT_TARGET ||
		     field == FIELD_SOCKS_TARGET) &&
		    eval_name_is_of(&ir->foreign_dns, v->value))
			return true;
		if ((field == FIELD_TLS_ALPN && offers_dns(v->value)) ||
		    (field == FIELD_HTTP_TARGET && is_dns_path(v->value)) ||
		    (field == FIELD_HTTP_CONTENT_TYPE && is_dns_type(v->value)))
			return true;
	}
	return false;
}
