/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's records as JSON. */
#include "agent/store/store_priv.h"

#include "agent/json.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORD_MAX (1UL * 1024 * 1024)

static const char *const state_names[] = {
#define X(id, name) name,
	GENERATION_STATES(X)
#undef X
};

const char *generation_state_name(enum generation_state state)
{
	return state < GENERATION_STATE_COUNT ? state_names[state] : "";
}

static enum generation_state state_find(const char *name)
{
	for (enum generation_state s = 0; s < GENERATION_STATE_COUNT; s++)
		if (!strcmp(state_names[s], name))
			return s;
	return GENERATION_CONFIRMED;
}

static void copy_text(const json_t *o, const char *key, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(o, key));

	(void)snprintf(out, room, "%s", text ? text : "");
}

static json_int_t number_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

json_t *generation_to_json(const struct generation *g)
{
	return json_pack(
		"{s:i, s:I, s:s, s:i, s:i, s:s, s:s, s:s, s:s}", "generation",
		(int)g->number, "time", (json_int_t)g->time, "state",
		generation_state_name(g->state), "previous", (int)g->previous,
		"rules", (int)g->rules, "digest", g->digest, "author",
		g->author, "told", g->told, "comment", g->comment);
}

void generation_of_json(const json_t *o, struct generation *out)
{
	char state[32];

	*out = (struct generation){
		.number = (unsigned)number_at(o, "generation"),
		.time = number_at(o, "time"),
		.previous = (unsigned)number_at(o, "previous"),
		.rules = (unsigned)number_at(o, "rules")};
	copy_text(o, "state", state, sizeof(state));
	out->state = state_find(state);
	copy_text(o, "digest", out->digest, sizeof(out->digest));
	copy_text(o, "author", out->author, sizeof(out->author));
	copy_text(o, "told", out->told, sizeof(out->told));
	copy_text(o, "comment", out->comment, sizeof(out->comment));
}

enum fw_err store_record_read(int dir, const char *name, json_t **out_record)
{
	struct str text;
	json_t *o;
	enum fw_err err = durable_read(dir, name, RECORD_MAX, &text);

	if (err)
		return err;
	err = json_read(text, &o);
	str_free(text);
	if (!err && !json_is_object(o)) {
		json_decref(o);
		err = FW_ERR_INVAL;
	}
	if (!err)
		*out_record = o;
	/* What a person has spoilt is as good as not there. */
	return err == FW_ERR_INVAL ? FW_ERR_NOENT : err;
}

enum fw_err store_record_write(int dir, const char *name, json_t *record)
{
	char *text = record ? json_write(record, JSON_INDENT(1)) : NULL;
	enum fw_err err = FW_ERR_NOMEM;

	if (text)
		err = durable_write(dir, name, str_of(text));
	free(text);
	json_decref(record);
	return err;
}

enum fw_err store_pending_set(struct store *s, const struct pending *p)
{
	return store_record_write(
		s->dir, "pending.json",
		json_pack("{s:i, s:i, s:i, s:I, s:s, s:I}", "generation",
			  (int)p->generation, "previous", (int)p->previous,
			  "seconds", (int)p->seconds, "deadline_ns",
			  (json_int_t)p->deadline_ns, "boot_id", p->boot_id,
			  "deadline", (json_int_t)p->deadline));
}

enum fw_err store_pending(const struct store *s, struct pending *out)
{
	json_t *o = NULL;
	enum fw_err err = store_record_read(s->dir, "pending.json", &o);

	*out = (struct pending){
		.generation = (unsigned)number_at(o, "generation"),
		.previous = (unsigned)number_at(o, "previous"),
		.seconds = (unsigned)number_at(o, "seconds"),
		.deadline_ns = (uint64_t)number_at(o, "deadline_ns"),
		.deadline = number_at(o, "deadline")};
	copy_text(o, "boot_id", out->boot_id, sizeof(out->boot_id));
	json_decref(o);
	return err || out->generation ? err : FW_ERR_NOENT;
}

enum fw_err store_pending_clear(struct store *s)
{
	return durable_remove(s->dir, "pending.json");
}

enum fw_err store_record_set(struct store *s, const char *name, json_t *record)
{
	if (!record)
		return durable_remove(s->dir, name);
	return store_record_write(s->dir, name, record);
}

enum fw_err store_record(const struct store *s, const char *name,
			 json_t **out_record)
{
	enum fw_err err;

	*out_record = NULL;
	err = store_record_read(s->dir, name, out_record);
	return err == FW_ERR_NOENT ? FW_OK : err;
}
