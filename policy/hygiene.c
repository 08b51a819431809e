/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/hygiene.h"

#include "policy/base/arena.h"

static const struct {
	const char *name, *counter, *text;
	bool usual;
} switches[] = {
#define X(id, key, on, counter, help) {key, counter, help, on},
#include "policy/hygiene.def"
#undef X
};

static const struct {
	const char *range;
	enum hygiene h;
	bool source, destination;
} bogons[] = {
#define X(id, range, source, destination, rfc, text) \
	{range, HYGIENE_##id, source, destination},
#include "policy/bogons.def"
#undef X
};

#define N_BOGONS (sizeof(bogons) / sizeof(*bogons))

const char *hygiene_name(enum hygiene h)
{
	return switches[h].name;
}

const char *hygiene_text(enum hygiene h)
{
	return switches[h].text;
}

const char *hygiene_counter(enum hygiene h)
{
	return switches[h].counter;
}

bool hygiene_usual(enum hygiene h)
{
	return switches[h].usual;
}

enum fw_err hygiene_bogons(enum hygiene h, bool source, struct arena *arena,
			   struct ipset *out_set)
{
	struct iprange *ranges = arena_calloc(arena, N_BOGONS, sizeof(*ranges));
	size_t n = 0;

	if (!ranges)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < N_BOGONS; i++) {
		if (bogons[i].h != h ||
		    !(source ? bogons[i].source : bogons[i].destination))
			continue;
		if (iprange_parse(str_of(bogons[i].range), &ranges[n++]))
			FW_ASSERT(!"a range of bogons.def");
	}
	*out_set = ipset_of(ranges, n);
	return FW_OK;
}
