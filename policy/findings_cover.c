/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/findings_cover.h"

/* Is nothing of `late` outside of `early`? */
static bool set_covers(struct cover *c, const struct ipset *early,
		       const struct ipset *late)
{
	struct ipset rest;

	if (ipset_subtract(c->arena, late, early, &rest) != FW_OK) {
		c->failed = true;
		return false;
	}
	return rest.n == 0;
}

bool cover_end(struct cover *c, struct arm_end early, struct arm_end late)
{
	if (early.set)
		return late.set && set_covers(c, early.set, late.set);
	if (!early.but)
		return true;
	if (late.set)
		return !ipset_overlap(early.but, late.set);
	return late.but && set_covers(c, late.but, early.but);
}

bool cover_services(const struct ir_rule *early, const struct ir_rule *late)
{
	for (size_t i = 0; i < late->n_services; i++) {
		bool found = early->n_services == 0;

		for (size_t j = 0; j < early->n_services; j++)
			found |=
				early->services[j].l4 == late->services[i].l4 &&
				early->services[j].lo <= late->services[i].lo &&
				late->services[i].hi <= early->services[j].hi;
		if (!found)
			return false;
	}
	return late->n_services || early->n_services == 0;
}

/* --- what only the kernel sees ---------------------------------------------
 */

/* Windows are merged: each of `late` must lie in one of `early`. */
static bool times_cover(const window_list *early, const window_list *late)
{
	if (late->n == 0)
		return early->n == 0 || (early->items[0].from == 0 &&
					 early->items[0].to == WEEK_MINUTES);
	if (early->n == 0)
		return true;
	vec_foreach (l, late) {
		bool found = false;

		vec_foreach (e, early)
			found |= e->from <= l->from && l->to <= e->to;
		if (!found)
			return false;
	}
	return true;
}

static bool has_mac(const struct ir_rule *rule, const struct mac *mac)
{
	for (size_t i = 0; i < rule->n_macs; i++)
		if (!memcmp(&rule->macs[i], mac, sizeof(*mac)))
			return true;
	return false;
}

static bool macs_cover(const struct ir_rule *early, const struct ir_rule *late)
{
	for (size_t i = 0; early->n_macs && i < late->n_macs; i++)
		if (!has_mac(early, &late->macs[i]))
			return false;
	return !early->n_macs || late->n_macs;
}

static bool has_uid(const struct ir_rule *rule, uint32_t uid)
{
	for (size_t i = 0; i < rule->n_uids; i++)
		if (rule->uids[i] == uid)
			return true;
	return false;
}

static bool uids_cover(const struct ir_rule *early, const struct ir_rule *late)
{
	for (size_t i = 0; early->n_uids && i < late->n_uids; i++)
		if (!has_uid(early, late->uids[i]))
			return false;
	return !early->n_uids || late->n_uids;
}

static bool cgroups_cover(const struct ir_rule *early,
			  const struct ir_rule *late)
{
	return !early->cgroups ||
	       (late->cgroups && !(late->cgroups & ~early->cgroups));
}

/* --- what only the engine sees ---------------------------------------------
 */

static bool has_word(const struct str *words, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(words[i], word))
			return true;
	return false;
}

/* Is there a wildcard that holds for the name or wildcard `word`? */
static bool has_wildcard_for(const struct str *words, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++) {
		struct str end = str_skip(words[i], 1);

		if (words[i].len && words[i].p[0] == '*' &&
		    (end.len == 0 ||
		     (word.len > end.len &&
		      str_eq(str_skip(word, word.len - end.len), end))))
			return true;
	}
	return false;
}

/* Every name that fits `late` fits `early`; by the patterns as written. */
static bool names_cover(const struct str *early, size_t n_early,
			const struct str *late, size_t n_late)
{
	for (size_t i = 0; i < n_late; i++)
		/* No wildcard holds for an address. */
		if (!has_word(early, n_early, late[i]) &&
		    (!has_wildcard_for(early, n_early, late[i]) ||
		     name_is_address(late[i])))
			return false;
	return n_late > 0;
}

static bool words_cover(const struct ir_words *early,
			const struct ir_words *late)
{
	for (size_t i = 0; early->n && i < late->n; i++)
		if (!has_word(early->items, early->n, late->items[i]))
			return false;
	return !early->n || late->n;
}

static bool apps_cover(const struct ir_rule *early, const struct ir_rule *late)
{
	return !early->apps || (late->apps && !(late->apps & ~early->apps));
}

static bool engine_covers(const struct ir_rule *early,
			  const struct ir_rule *late)
{
	const struct ir_words *e = &early->sni_words, *l = &late->sni_words;
	const struct ir_words *q = &early->qname_words;

	return apps_cover(early, late) &&
	       (!early->has_hosts ||
		names_cover(early->host_words, early->n_host_words,
			    late->host_words, late->n_host_words)) &&
	       (!e->n || names_cover(e->items, e->n, l->items, l->n)) &&
	       (!q->n || names_cover(q->items, q->n, late->qname_words.items,
				     late->qname_words.n)) &&
	       words_cover(&early->alpns, &late->alpns) &&
	       words_cover(&early->ja4s, &late->ja4s) &&
	       words_cover(&early->methods, &late->methods) &&
	       words_cover(&early->paths, &late->paths) &&
	       words_cover(&early->banners, &late->banners);
}

bool cover_arm(struct cover *c, const struct arm *wide,
	       const struct arm *narrow)
{
	const struct ir_rule *w = wide->rule, *n = narrow->rule;

	return !w->observe && engine_covers(w, n) && cover_services(w, n) &&
	       times_cover(&w->times, &n->times) && macs_cover(w, n) &&
	       uids_cover(w, n) && cgroups_cover(w, n) &&
	       cover_end(c, arm_src(wide), arm_src(narrow)) &&
	       cover_end(c, arm_dst(wide), arm_dst(narrow));
}
