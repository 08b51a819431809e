/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/facts.h"

#include "policy/base/arena.h"

#include <netinet/in.h>

static const struct {
	const char *name;
	enum { OVER_TCP = 1, OVER_UDP = 2, OVER_BOTH = 3 } over;
	bool named;
} apps[] = {
#define X(id, name, over, named, help) {name, OVER_##over, named},
#include "policy/apps.def"
#undef X
};

static const struct {
	const char *name;
	enum field_kind kind;
} fields[] = {
#define X(id, name, seen, kind, key, help) {name, FIELD_##kind},
#include "policy/fields.def"
#undef X
};

void facts_init(struct facts *f, struct arena *arena)
{
	*f = (struct facts){
		.arena = arena, .open = true, .zone_src = -1, .zone_dst = -1};
}

bool facts_layer_begin(struct facts *f, enum app app)
{
	if (f->n_layers == FACTS_LAYERS_MAX)
		return false;
	f->layers[f->n_layers++] = (struct facts_layer){.app = app};
	f->open = false;
	f->begin = (struct facts_begin){.values = f->values,
					.n_values = f->n_values,
					.capacity = f->capacity,
					.dropped = f->dropped};
	f->messages = f->since = 0;
	f->judged = f->forgets = false;
	if (f->arena)
		f->begin.mark = arena_mark(f->arena);
	return true;
}

static void forget(struct facts *f)
{
	f->values = f->begin.values;
	f->n_values = f->begin.n_values;
	f->capacity = f->begin.capacity;
	f->dropped = f->begin.dropped;
	arena_rewind(f->arena, f->begin.mark);
}

void facts_layer_again(struct facts *f)
{
	FW_ASSERT(f->n_layers > 0);
	f->layers[f->n_layers - 1].settled = false;
	f->open = false;
	f->messages++;
	if (!f->judged)
		return;
	f->judged = false;
	f->since = f->messages;
	if (f->forgets)
		forget(f);
}

void facts_layer_settle(struct facts *f, bool inner)
{
	FW_ASSERT(f->n_layers > 0);
	f->layers[f->n_layers - 1].settled = true;
	f->open = inner;
}

static bool values_grow(struct facts *f)
{
	unsigned more = f->capacity ? f->capacity * 2 : 8;
	struct fact_value *grown;

	if (f->capacity >= FACTS_VALUES_MAX)
		return false;
	grown = arena_calloc(f->arena, more, sizeof(*grown));
	if (!grown)
		return false;
	if (f->n_values)
		memcpy(grown, f->values, f->n_values * sizeof(*grown));
	f->values = grown;
	f->capacity = more;
	return true;
}

void facts_add(struct facts *f, enum field field, unsigned message,
	       struct str value)
{
	struct str copy;

	FW_ASSERT(f->n_layers > 0);
	if (f->n_values == f->capacity && !values_grow(f)) {
		f->dropped++;
		return;
	}
	copy = arena_str(f->arena, value);
	if (!copy.p) {
		f->dropped++;
		return;
	}
	f->values[f->n_values++] = (struct fact_value){
		.field = field,
		.layer = (uint8_t)(f->n_layers - 1),
		.message =
			(uint16_t)(message > UINT16_MAX ? UINT16_MAX : message),
		.value = copy,
	};
}

struct str facts_get(const struct facts *f, enum field field, unsigned layer)
{
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].field == field && f->values[i].layer >= layer)
			return f->values[i].value;
	return (struct str){0};
}

const char *app_name(enum app app)
{
	return app < APP_COUNT ? apps[app].name : "none";
}

enum app app_find(struct str name)
{
	for (enum app a = 0; a < APP_COUNT; a++)
		if (str_is(name, apps[a].name))
			return a;
	return APP_COUNT;
}

bool app_carries_name(enum app app)
{
	return app < APP_COUNT && apps[app].named;
}

bool app_is_over(enum app app, uint8_t l4)
{
	if (app >= APP_COUNT)
		return false;
	if (l4 == IPPROTO_TCP)
		return apps[app].over & OVER_TCP;
	if (l4 == IPPROTO_UDP)
		return apps[app].over & OVER_UDP;
	return app == APP_UNKNOWN;
}

const char *field_name(enum field field)
{
	return field < FIELD_COUNT ? fields[field].name : "none";
}

enum field_kind field_kind(enum field field)
{
	return field < FIELD_COUNT ? fields[field].kind : FIELD_TEXT;
}
