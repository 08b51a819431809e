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

/* One kind of condition: what values it is about, which layers have such, and
 * whether one is what a rule wants. */
struct condition {
	bool (*is_field)(enum field field);
	bool (*app_has)(enum app app);
	bool (*fits)(const void *wanted, const struct fact_value *v);
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

static enum tri holds(const struct condition *c, const void *wanted,
		      const struct facts *f)
{
	bool any = false;

	for (unsigned i = 0; i < f->n_values; i++) {
		if (!c->is_field(f->values[i].field))
			continue;
		any = true;
		if (!c->fits(wanted, &f->values[i]))
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

static bool name_fits(const void *wanted, const struct fact_value *v)
{
	const struct nameset *names = wanted;
	char buf[NAME_BUF];
	struct str name = v->value;

	if (v->plain)
		return nameset_has(names, name);
	if (v->field == FIELD_CONNECT_TARGET || v->field == FIELD_SOCKS_TARGET)
		name = name_without_port(name);
	if (name_is_address(name))
		return nameset_has(names, name);
	return name_normalise(name, buf, &name) == FW_OK &&
	       nameset_has(names, name);
}

static const struct condition of_hosts = {is_name_field, app_carries_name,
					  name_fits};

enum tri eval_names(const struct nameset *names, const struct facts *f)
{
	return holds(&of_hosts, names, f);
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

static const struct condition of_snis = {is_sni, app_has_hello, name_fits};
static const struct condition of_alpns = {is_alpn, app_has_hello, alpn_fits};
static const struct condition of_ja4s = {is_ja4, app_has_hello, pattern_fits};
static const struct condition of_methods = {is_method, app_is_http,
					    method_fits};
static const struct condition of_paths = {is_target, app_is_http, path_fits};
static const struct condition of_qnames = {is_qname, app_is_dns, name_fits};
static const struct condition of_banners = {is_banner, app_is_ssh,
					    pattern_fits};

enum tri eval_engine_conditions(const struct ir_rule *rule,
				const struct facts *f)
{
	enum tri t = rule->apps ? apps_have(rule->apps, f) : TRI_YES;

	if (t == TRI_NO)
		return t;
	if (rule->has_hosts)
		t = tri_and(t, holds(&of_hosts, &rule->hosts, f));
	if (rule->sni_words.n)
		t = tri_and(t, holds(&of_snis, &rule->snis, f));
	if (rule->alpns.n)
		t = tri_and(t, holds(&of_alpns, &rule->alpns, f));
	if (rule->ja4s.n)
		t = tri_and(t, holds(&of_ja4s, &rule->ja4s, f));
	if (rule->methods.n)
		t = tri_and(t, holds(&of_methods, &rule->methods, f));
	if (rule->paths.n)
		t = tri_and(t, holds(&of_paths, &rule->paths, f));
	if (rule->qname_words.n)
		t = tri_and(t, holds(&of_qnames, &rule->qnames, f));
	if (rule->banners.n)
		t = tri_and(t, holds(&of_banners, &rule->banners, f));
	return t;
}
