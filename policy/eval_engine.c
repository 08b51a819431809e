/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conditions that only the engine can see.  They are over all layers: each
 * that can have the thing must have it, each value must fit, and there must be
 * one.
 */
#include "policy/eval_priv.h"

#include "policy/urlpath.h"

bool eval_unfinished(const struct facts *f)
{
	return f->open || f->n_layers == 0 ||
	       !f->layers[f->n_layers - 1].settled;
}

static enum tri tri_and(enum tri a, enum tri b)
{
	return a < b ? a : b;
}

/* Every layer must be one of the apps. */
static enum tri apps_have(app_mask apps, const struct facts *f)
{
	for (unsigned i = 0; i < f->n_layers; i++)
		if (!(apps & APP_BIT(f->layers[i].app)))
			return TRI_NO;
	return eval_unfinished(f) ? TRI_NOT_YET : TRI_YES;
}

/* One condition: what values it is about, which layers have such, and what
 * they must be. */
struct condition {
	bool (*is_field)(enum field field);
	bool (*app_has)(enum app app);
	bool (*fits)(const void *wanted, const struct fact_value *v);
	const void *wanted;
};

/* A settled layer of a protocol that has the field must have told it. */
static bool layer_lacks(const struct condition *c, const struct facts *f,
			unsigned layer)
{
	if (!f->layers[layer].settled || !c->app_has(f->layers[layer].app))
		return false;
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].layer == layer &&
		    c->is_field(f->values[i].field))
			return false;
	return true;
}

static enum tri condition_holds(const struct condition *c,
				const struct facts *f)
{
	bool any = false;

	for (unsigned i = 0; i < f->n_values; i++) {
		if (!c->is_field(f->values[i].field))
			continue;
		any = true;
		if (!c->fits(c->wanted, &f->values[i]))
			return TRI_NO;
	}
	for (unsigned i = 0; i < f->n_layers; i++)
		if (layer_lacks(c, f, i))
			return TRI_NO;
	if (f->dropped)
		return TRI_NO;
	if (eval_unfinished(f))
		return TRI_NOT_YET;
	return any ? TRI_YES : TRI_NO;
}

/* --- names --------------------------------------------------------------- */

static bool is_name_field(enum field field)
{
	return field == FIELD_TLS_SNI || field == FIELD_HTTP_HOST ||
	       field == FIELD_CONNECT_TARGET || field == FIELD_SOCKS_TARGET;
}

/* "host:port" -> host; brackets off an IPv6 literal. */
static struct str without_port(struct str s)
{
	for (size_t i = s.len; i-- > 0;) {
		if (s.p[i] == ':') {
			s.len = i;
			break;
		}
		if (!ascii_is_digit(s.p[i]))
			break;
	}
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	return s;
}

static bool name_fits(const void *wanted, const struct fact_value *v)
{
	const struct nameset *names = wanted;
	char buf[NAME_BUF];
	struct str name = v->value;

	if (v->field == FIELD_CONNECT_TARGET || v->field == FIELD_SOCKS_TARGET)
		name = without_port(name);
	if (name_is_address(name))
		return nameset_has(names, name);
	return name_normalise(name, buf, &name) == FW_OK &&
	       nameset_has(names, name);
}

static bool is_sni(enum field field)
{
	return field == FIELD_TLS_SNI;
}

static bool app_has_hello(enum app app)
{
	return APPS_WITH_HELLO & APP_BIT(app);
}

/* --- words --------------------------------------------------------------- */

static bool words_have(const struct ir_words *words, struct str s)
{
	for (size_t i = 0; i < words->n; i++)
		if (str_eq(words->items[i], s))
			return true;
	return false;
}

static bool is_alpn(enum field field)
{
	return field == FIELD_TLS_ALPN;
}

/* The server may choose any of what is offered: "h2,http/1.1". */
static bool alpn_fits(const void *wanted, const struct fact_value *v)
{
	struct str all = v->value;

	while (all.len) {
		const char *comma = memchr(all.p, ',', all.len);
		size_t n = comma ? (size_t)(comma - all.p) : all.len;

		if (!words_have(wanted, str_mem(all.p, n)))
			return false;
		all = str_skip(all, n + 1);
	}
	return v->value.len > 0;
}

static bool is_ja4(enum field field)
{
	return field == FIELD_TLS_JA4;
}

static bool is_method(enum field field)
{
	return field == FIELD_HTTP_METHOD;
}

static bool app_is_http(enum app app)
{
	return APPS_WITH_REQUEST & APP_BIT(app);
}

static bool method_fits(const void *wanted, const struct fact_value *v)
{
	return words_have(wanted, v->value);
}

static bool is_target(enum field field)
{
	return field == FIELD_HTTP_TARGET;
}

static bool path_fits(const void *wanted, const struct fact_value *v)
{
	const struct ir_words *patterns = wanted;
	char buf[URLPATH_MAX];
	struct str path;

	if (!urlpath_normalise(v->value, buf, &path))
		return false;
	for (size_t i = 0; i < patterns->n; i++)
		if (urlpath_fits(patterns->items[i], path))
			return true;
	return false;
}

static bool is_qname(enum field field)
{
	return field == FIELD_DNS_RRNAME;
}

static bool app_is_dns(enum app app)
{
	return (APPS_WITH_QUESTIONS & APP_BIT(app)) != 0;
}

static bool is_banner(enum field field)
{
	return field == FIELD_SSH_CLIENT_BANNER;
}

static bool app_is_ssh(enum app app)
{
	return app == APP_SSH;
}

static bool pattern_fits(const void *wanted, const struct fact_value *v)
{
	const struct ir_words *patterns = wanted;

	for (size_t i = 0; i < patterns->n; i++)
		if (urlpath_fits(patterns->items[i], v->value))
			return true;
	return false;
}

enum tri eval_engine_conditions(const struct ir_rule *rule,
				const struct facts *f)
{
	const struct {
		bool asked;
		struct condition condition;
	} all[] = {
		{rule->has_hosts,
		 {is_name_field, app_carries_name, name_fits, &rule->hosts}},
		{rule->sni_words.n,
		 {is_sni, app_has_hello, name_fits, &rule->snis}},
		{rule->alpns.n,
		 {is_alpn, app_has_hello, alpn_fits, &rule->alpns}},
		{rule->ja4s.n,
		 {is_ja4, app_has_hello, pattern_fits, &rule->ja4s}},
		{rule->methods.n,
		 {is_method, app_is_http, method_fits, &rule->methods}},
		{rule->paths.n,
		 {is_target, app_is_http, path_fits, &rule->paths}},
		{rule->qname_words.n,
		 {is_qname, app_is_dns, name_fits, &rule->qnames}},
		{rule->banners.n,
		 {is_banner, app_is_ssh, pattern_fits, &rule->banners}},
	};
	enum tri t = rule->apps ? apps_have(rule->apps, f) : TRI_YES;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].asked)
			t = tri_and(t, condition_holds(&all[i].condition, f));
	return t;
}
