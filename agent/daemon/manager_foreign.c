/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tables of others do to packets, in words. */
#include "agent/daemon/manager_priv.h"

#include "agent/kernel/nftforeign.h"
#include "agent/kernel/nftlisten.h"

#include <stdio.h>
#include <sys/stat.h>

/* An apply names no more; `fwctl status` names all. */
#define WARNED_MOST 4

/* The gravest of what a chain does. */
static const struct {
	unsigned does;
	bool warns; /* else it is only noted */
	const char *text;
} meanings[] = {
	{FOREIGN_OFFLOADS, true,
	 "offloads flows into a flowtable: they pass by the policy"},
	{FOREIGN_DROPS_REST, true,
	 "drops what it does not accept, whatever the policy allows"},
	{FOREIGN_DROPS_SOME, false,
	 "drops some packets, whatever the policy allows"},
};

/* -1: it takes nothing away. */
static int meaning_of(const struct nft_foreign *f)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (f->does & meanings[i].does)
			return (int)i;
	return -1;
}

/* False: there is nothing to say. */
static bool describe(const struct nft_foreign *f, bool *out_warns, char *out,
		     size_t room)
{
	int i = meaning_of(f);

	if (i < 0)
		return false;
	*out_warns = meanings[i].warns;
	(void)snprintf(out, room, "table %s %s, chain %s (%s, priority %d), %s",
		       f->family, f->table, f->chain, f->hook, (int)f->priority,
		       meanings[i].text);
	return true;
}

static json_t *chain_json(const struct nft_foreign *f)
{
	char text[320];
	bool warns;
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:b}", "family", f->family,
		"table", f->table, "chain", f->chain, "hook", f->hook,
		"priority", (int)f->priority, "drops",
		(int)((f->does & FOREIGN_DROPS_REST) != 0), "drops_some",
		(int)((f->does & FOREIGN_DROPS_SOME) != 0), "offloads",
		(int)((f->does & FOREIGN_OFFLOADS) != 0));

	if (describe(f, &warns, text, sizeof(text)))
		json_object_set_new(o, warns ? "warning" : "note",
				    json_string(text));
	return o;
}

void manager_foreign_tell(json_t *table)
{
	struct nft_foreigners found;
	json_t *list = json_array();

	nft_foreign(MANAGER_TABLE, &found);
	for (size_t i = 0; i < found.n; i++)
		json_array_append_new(list, chain_json(&found.items[i]));
	json_object_set_new(table, "foreign", list);
	json_object_set_new(table, "foreign_incomplete",
			    json_boolean(found.incomplete));
}

void manager_foreign_warn(struct strbuf *out)
{
	struct nft_foreigners found;
	unsigned n = 0;

	nft_foreign(MANAGER_TABLE, &found);
	for (size_t i = 0; i < found.n; i++) {
		char text[320];
		bool warns;

		if (!describe(&found.items[i], &warns, text, sizeof(text)) ||
		    !warns || ++n > WARNED_MOST)
			continue;
		strbuf_addf(out, "%s\n", text);
	}
	if (n > WARNED_MOST)
		strbuf_addf(out, "and %u more: fwctl status names them\n",
			    n - WARNED_MOST);
}

/* --- who listens ------------------------------------------------------------
 */

static size_t find_listeners(const struct manager *m,
			     struct nft_listener out[NFT_LISTENERS_MOST])
{
	struct stat own = {0};

	(void)fstat(m->nft.events, &own);
	return nft_listeners(own.st_ino, out, NFT_LISTENERS_MOST);
}

void manager_listeners_tell(const struct manager *m, json_t *table)
{
	struct nft_listener found[NFT_LISTENERS_MOST];
	size_t n = find_listeners(m, found);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:b}", "program",
						found[i].program, "elsewhere",
						(int)found[i].elsewhere));
	json_object_set_new(table, "listeners", list);
}

void manager_listeners_warn(const struct manager *m, struct strbuf *out)
{
	struct nft_listener found[NFT_LISTENERS_MOST];
	size_t n = find_listeners(m, found);

	for (size_t i = 0; i < n; i++)
		strbuf_addf(out,
			    "%s%s listens to changes of rulesets: meanwhile "
			    "large lists load many times slower\n",
			    found[i].program,
			    found[i].elsewhere
				    ? ", in another network namespace,"
				    : "");
}
