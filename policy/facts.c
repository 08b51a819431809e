/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/facts.h"

#include "policy/base/arena.h"
#include "policy/base/name.h"

#include <netinet/in.h>

static const struct {
	const char *name;
	enum {
		OVER_TCP = 1,
		OVER_UDP = 2,
		OVER_BOTH = 3,
		/* What is itself a protocol of IP, by its number. */
		OVER_ICMP = IPPROTO_ICMP << 2,
		OVER_GRE = IPPROTO_GRE << 2,
		OVER_IPIP = IPPROTO_IPIP << 2,
		OVER_SIT = IPPROTO_IPV6 << 2,
		OVER_ESP = IPPROTO_ESP << 2,
		OVER_AH = IPPROTO_AH << 2,
	} over;
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
	if (f->arena && !f->begin)
		f->begin = arena_alloc(f->arena, sizeof(*f->begin));
	f->layers[f->n_layers++] = (struct facts_layer){.app = (uint8_t)app};
	f->open = false;
	f->messages = f->since = 0;
	f->judged = f->forgets = false;
	if (f->begin)
		*f->begin = (struct facts_begin){.mark = arena_mark(f->arena),
						 .values = f->values,
						 .n_values = f->n_values,
						 .capacity = f->capacity,
						 .dropped = f->dropped};
	return true;
}

static void forget(struct facts *f)
{
	f->values = f->begin->values;
	f->n_values = f->begin->n_values;
	f->capacity = f->begin->capacity;
	f->dropped = f->begin->dropped;
	arena_rewind(f->arena, f->begin->mark);
}

void facts_layer_drop(struct facts *f)
{
	FW_ASSERT(f->n_layers > 0);
	if (f->begin)
		forget(f);
	f->n_layers--;
	f->open = true;
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
	if (f->forgets && f->begin)
		forget(f);
}

void facts_layer_settle(struct facts *f, bool inner)
{
	FW_ASSERT(f->n_layers > 0);
	f->layers[f->n_layers - 1].settled = true;
	f->open = inner;
}

void facts_layer_reopen(struct facts *f)
{
	FW_ASSERT(f->n_layers > 0);
	f->layers[f->n_layers - 1].settled = false;
}

static bool values_grow(struct facts *f)
{
	unsigned more = f->capacity ? f->capacity * 2U : 4;
	struct fact_value *grown;

	if (f->capacity >= FACTS_VALUES_MAX)
		return false;
	grown = arena_calloc(f->arena, more, sizeof(*grown));
	if (!grown)
		return false;
	if (f->n_values)
		memcpy(grown, f->values, f->n_values * sizeof(*grown));
	f->values = grown;
	f->capacity = (uint16_t)more;
	return true;
}

/* Rules ask for them again and again. */
static bool is_name(enum field field)
{
	return field == FIELD_TLS_SNI || field == FIELD_HTTP_HOST ||
	       field == FIELD_DNS_RRNAME;
}

static void add(struct facts *f, struct fact_value v)
{
	FW_ASSERT(f->n_layers > 0);
	if (f->n_values == f->capacity && !values_grow(f)) {
		f->dropped++;
		return;
	}
	v.plain = is_name(v.field) && name_is_normal(v.value);
	v.value = arena_str(f->arena, v.value);
	if (!v.value.p) {
		f->dropped++;
		return;
	}
	f->values[f->n_values++] = v;
}

static struct fact_value value_now(const struct facts *f, enum field field,
				   unsigned message, struct str value)
{
	return (struct fact_value){
		.field = field,
		.layer = (uint8_t)(f->n_layers - 1),
		.message =
			(uint16_t)(message > UINT16_MAX ? UINT16_MAX : message),
		.value = value,
	};
}

void facts_add(struct facts *f, enum field field, unsigned message,
	       struct str value)
{
	add(f, value_now(f, field, message, value));
}

void facts_add_beside(struct facts *f, const struct fact_value *beside,
		      enum field field, struct str value)
{
	struct fact_value v = *beside;

	v.field = field;
	v.value = value;
	add(f, v);
}

void facts_add_unmade(struct facts *f, facts_make_fn *make, unsigned message,
		      struct str from)
{
	FW_ASSERT(!f->make || f->make == make);
	f->make = make;
	add(f, value_now(f, FIELD_COUNT, message, from));
}

/* Those from `last` on stand behind the value at `i`. */
static void move_behind(struct facts *f, unsigned i, unsigned last)
{
	struct fact_value made[FACTS_MADE_MAX];
	unsigned n = f->n_values - last;

	FW_ASSERT(n <= FACTS_MADE_MAX);
	memcpy(made, f->values + last, n * sizeof(*made));
	memmove(f->values + i + 1 + n, f->values + i + 1,
		(last - i - 1) * sizeof(*made));
	memcpy(f->values + i + 1, made, n * sizeof(*made));
}

void facts_make(struct facts *f)
{
	if (!f->make || !f->arena)
		return;
	for (unsigned i = 0; i < f->n_values; i++) {
		struct fact_value from = f->values[i];
		unsigned last = f->n_values;

		if (from.field != FIELD_COUNT || from.value.len == 0)
			continue;
		f->values[i].value.len = 0;
		f->make(f, &from);
		move_behind(f, i, last);
	}
}

size_t facts_copy_room(const struct facts *f)
{
	size_t bytes = f->n_values * sizeof(struct fact_value);

	for (unsigned i = 0; i < f->n_values; i++)
		bytes += f->values[i].value.len;
	return bytes;
}

void facts_copy(const struct facts *f, struct facts *out_copy, void *room)
{
	struct fact_value *values = room;
	char *text = (char *)(values + f->n_values);

	*out_copy = *f;
	out_copy->arena = NULL;
	out_copy->begin = NULL;
	out_copy->capacity = f->n_values;
	out_copy->values = values;
	for (unsigned i = 0; i < f->n_values; i++) {
		struct str from = f->values[i].value;

		values[i] = f->values[i];
		if (from.len)
			memcpy(text, from.p, from.len);
		values[i].value.p = text;
		text += from.len;
	}
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
	return app == app_of_l4(l4);
}

enum app app_of_l4(uint8_t l4)
{
	if (l4 == IPPROTO_ICMPV6)
		l4 = IPPROTO_ICMP;
	for (enum app a = 0; a < APP_COUNT; a++)
		if (apps[a].over >> 2 == l4)
			return a;
	return APP_UNKNOWN;
}

const char *field_name(enum field field)
{
	return field < FIELD_COUNT ? fields[field].name : "none";
}

enum field_kind field_kind(enum field field)
{
	return field < FIELD_COUNT ? fields[field].kind : FIELD_TEXT;
}
