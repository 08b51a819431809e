/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conditions of a rule that only the engine can see. */
#include "policy/check_priv.h"

#include "policy/facts.h"
#include "policy/urlpath.h"

#include <netinet/in.h>

#define ALPN_MAX   255 /* RFC 7301, 3.1 */
#define METHOD_MAX 32
#define BANNER_MAX 255 /* RFC 4253, 4.2 */

/* Known by name, but not to the engine. */
static const char *const later[] = {
#define X(name) name,
#include "policy/apps_later.def"
#undef X
};

#define N_LATER (sizeof(later) / sizeof(*later))

static void unknown_app(struct check *c, const char *key, const struct word *w)
{
	struct suggest near;

	suggest_init(&near, w->text);
	for (size_t i = 0; i < N_LATER; i++) {
		if (str_is(w->text, later[i])) {
			diag_error(c->diags, w->place, "not-yet",
				   "%s in '%s' cannot be used yet: the engine "
				   "of this version does not recognise it",
				   check_quote(c, w), key);
			return;
		}
	}
	diag_error(c->diags, w->place, "undefined",
		   "unknown application protocol %s in '%s'", check_quote(c, w),
		   key);
	if (str_is(w->text, "https") || str_is(w->text, "ssl")) {
		diag_note(c->diags, w->place, "did you mean 'tls'?");
		return;
	}
	for (int i = 0; i < APP_COUNT; i++)
		suggest_offer(&near, str_of(app_name((enum app)i)));
	suggest_note(&near, c->diags, w->place);
}

/* The kernel decides over those, so that no guard would look at them. */
static void check_not_of_ip(struct check *c, const char *key,
			    const struct word *w, enum app app)
{
	if (app_is_over(app, IPPROTO_TCP) || app_is_over(app, IPPROTO_UDP))
		return;
	diag_error(c->diags, w->place, "bad-value",
		   "%s in '%s' is a protocol of IP, which 'service' tells",
		   check_quote(c, w), key);
	diag_note(c->diags, w->place, "write service = \"%s\"", app_name(app));
}

app_mask check_apps(struct check *c, const char *key, const word_list *words)
{
	app_mask apps = words->n ? 0 : APP_ALL;
	bool known = true;

	vec_foreach (w, words) {
		enum app app = app_find(w->text);

		if (app != APP_COUNT) {
			apps |= APP_BIT(app);
			check_not_of_ip(c, key, w, app);
			continue;
		}
		known = false;
		unknown_app(c, key, w);
	}
	return known ? apps : APP_ALL;
}

void check_host_words(struct check *c, const char *key, const word_list *words)
{
	vec_foreach (w, words) {
		struct str name = str_skip(w->text, 1);
		struct check_name *set;
		struct suggest near;

		if (!str_starts(w->text, "@")) {
			check_pattern(c, w);
			continue;
		}
		set = check_find(&c->hosts, name);
		if (set) {
			set->used = true;
			continue;
		}
		diag_error(c->diags, w->place, "undefined",
			   "undefined set of hosts %s in '%s'",
			   check_quote(c, w), key);
		if (str_starts(w->text, AST_FILE)) {
			diag_note(c->diags, w->place, CHECK_FILE_NOTE);
			continue;
		}
		if (check_find(&c->addresses, name)) {
			diag_note(c->diags, w->place,
				  "'addresses' has such a set; it belongs in "
				  "'from' or 'to'");
			continue;
		}
		suggest_init(&near, w->text);
		check_offer(c, &near, &c->hosts, "@");
		suggest_note(&near, c->diags, w->place);
	}
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len > 0;
}

static void check_alpn(struct check *c, const word_list *words)
{
	vec_foreach (w, words) {
		if (is_printable(w->text) && w->text.len <= ALPN_MAX &&
		    !memchr(w->text.p, ',', w->text.len))
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no protocol for 'alpn'", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "protocols are named as in \"h2\" or \"http/1.1\"");
	}
}

/* Its three parts, as in "t13d1516h2_8daaf6152771_b186095e22b6". */
static bool is_ja4_pattern(struct str s)
{
	static const size_t parts[] = {10, 12, 12};
	bool open = memchr(s.p, '*', s.len) != NULL;
	size_t part = 0, n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '_' && s.p[i] != '*' && !ascii_is_alpha(s.p[i]) &&
		    !ascii_is_digit(s.p[i]))
			return false;
		if (s.p[i] != '_') {
			n++;
			continue;
		}
		if (part == 2 || (!open && n != parts[part]))
			return false;
		part++;
		n = 0;
	}
	return s.len > 0 && (open || (part == 2 && n == parts[2]));
}

static void check_ja4(struct check *c, const word_list *words)
{
	vec_foreach (w, words) {
		if (is_ja4_pattern(w->text))
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no JA4 fingerprint", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "it has three parts of 10, 12 and 12 letters and "
			  "digits; '*' stands for any: \"t13d1516h2_*\"");
	}
}

static bool is_method(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && s.p[i] != '-')
			return false;
	return s.len > 0 && s.len <= METHOD_MAX;
}

static void check_method(struct check *c, const word_list *words)
{
	vec_foreach (w, words) {
		if (is_method(w->text))
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no HTTP method", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "methods are written in capitals, as in \"GET\"");
	}
}

/* What can stand in a path in its one form, and '*'. */
static bool is_path_pattern(struct check *c, struct str s)
{
	char *buf = arena_alloc(c->arena, URLPATH_MAX);
	struct str plain, path;

	if (!is_printable(s) || (s.p[0] != '/' && s.p[0] != '*') ||
	    memchr(s.p, '?', s.len))
		return false;
	plain = s.p[0] == '/'
			? s
			: str_of(arena_printf(c->arena, "/%.*s", STR_ARG(s)));
	return buf && plain.p && urlpath_normalise(plain, buf, &path) &&
	       str_eq(path, plain);
}

static void check_path(struct check *c, const word_list *words)
{
	vec_foreach (w, words) {
		if (is_path_pattern(c, w->text))
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no pattern of a path", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "a path begins with '/', has no query, and nothing "
			  "that could be written simpler; '*' stands for any "
			  "bytes: \"/v1/*\"");
	}
}

/* Any printable bytes. */
static void check_banner(struct check *c, const word_list *words)
{
	vec_foreach (w, words) {
		size_t n = 0;

		while (n < w->text.len && w->text.p[n] >= ' ' &&
		       w->text.p[n] <= '~')
			n++;
		if (n > 0 && n == w->text.len && n <= BANNER_MAX)
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no pattern of a banner", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "a banner is printable ASCII; '*' stands for any "
			  "bytes: \"SSH-2.0-OpenSSH_*\"");
	}
}

/* Complains when no protocol of `app` can have what `key` asks for. */
static void check_carried(struct check *c, const struct ast_rule *r,
			  const char *key, const word_list *words, bool can,
			  const char *what)
{
	if (words->n && !can)
		diag_error(c->diags, r->app.items->place, "never-matches",
			   "'%s' can never hold: no protocol in 'app' %s", key,
			   what);
}

static bool some_app_carries_name(app_mask apps)
{
	for (enum app a = 0; a < APP_COUNT; a++)
		if ((apps & APP_BIT(a)) && app_carries_name(a))
			return true;
	return false;
}

void check_engine(struct check *c, const struct ast_rule *r, bool ports)
{
	const struct {
		const char *key;
		const word_list *words;
	} all[] = {{"app", &r->app},      {"host", &r->host},
		   {"sni", &r->sni},      {"alpn", &r->alpn},
		   {"ja4", &r->ja4},      {"method", &r->method},
		   {"path", &r->path},    {"qname", &r->qname},
		   {"banner", &r->banner}};
	app_mask apps = check_apps(c, "app", &r->app);
	bool tls = apps & APPS_WITH_HELLO, http = apps & APPS_WITH_REQUEST;
	bool dns = apps & APPS_WITH_QUESTIONS;

	check_host_words(c, "host", &r->host);
	check_host_words(c, "sni", &r->sni);
	check_alpn(c, &r->alpn);
	check_ja4(c, &r->ja4);
	check_method(c, &r->method);
	check_path(c, &r->path);
	check_host_words(c, "qname", &r->qname);
	check_banner(c, &r->banner);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (ports || !r->service.n || !all[i].words->n)
			continue;
		diag_error(c->diags, r->service.items->place, "never-matches",
			   "'%s' can never hold: the rule's services have "
			   "neither TCP nor UDP",
			   all[i].key);
		break;
	}
	check_carried(c, r, "host", &r->host, some_app_carries_name(apps),
		      "carries a name");
	check_carried(c, r, "sni", &r->sni, tls, "is TLS, DTLS or QUIC");
	check_carried(c, r, "alpn", &r->alpn, tls, "is TLS, DTLS or QUIC");
	check_carried(c, r, "ja4", &r->ja4, tls, "is TLS, DTLS or QUIC");
	check_carried(c, r, "method", &r->method, http, "is HTTP");
	check_carried(c, r, "path", &r->path, http, "is HTTP");
	check_carried(c, r, "qname", &r->qname, dns, "is DNS");
	check_carried(c, r, "banner", &r->banner, apps & APP_BIT(APP_SSH),
		      "is SSH");
}
