/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/panic/panic.h"

#include "policy/ruleset_panic.h"

#include <netinet/in.h>

/* Flows that may go on; further ones may not. */
#define FLOWS_MOST 256

/* --- the record -------------------------------------------------------------
 */

static json_t *flow_json(const struct panic_flow *f)
{
	char from[IPRANGE_TEXT_MAX], to[IPRANGE_TEXT_MAX];
	json_t *o = json_pack("{s:s, s:i, s:i, s:i}", "from",
			      iprange_print(&f->from, from), "l4", f->l4, "lo",
			      f->lo, "hi", f->hi);

	if (!f->to_self)
		json_object_set_new(o, "to",
				    json_string(iprange_print(&f->to, to)));
	return o;
}

static json_int_t number_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool range_at(const json_t *o, const char *key, struct iprange *out)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && iprange_parse(str_of(text), out) == FW_OK;
}

static bool flow_of_json(const json_t *o, struct panic_flow *out)
{
	*out = (struct panic_flow){.l4 = (uint8_t)number_at(o, "l4"),
				   .lo = (uint16_t)number_at(o, "lo"),
				   .hi = (uint16_t)number_at(o, "hi"),
				   .to_self = !json_object_get(o, "to")};
	return range_at(o, "from", &out->from) &&
	       (out->to_self || (range_at(o, "to", &out->to) &&
				 out->to.lo.family == out->from.lo.family));
}

/* A connection that is there: its ends and the server's port. */
static bool flow_of_session(const json_t *o, struct panic_flow *out)
{
	*out = (struct panic_flow){.l4 = IPPROTO_TCP,
				   .lo = (uint16_t)number_at(o, "dport")};
	out->hi = out->lo;
	return range_at(o, "src", &out->from) && range_at(o, "dst", &out->to) &&
	       out->to.lo.family == out->from.lo.family && out->lo;
}

/* Once each. */
static void add_flow(json_t *list, json_t *flow)
{
	const json_t *other;
	size_t i;

	json_array_foreach (list, i, other)
		if (json_equal(other, flow))
			break;
	if (i == json_array_size(list) && i < FLOWS_MOST)
		json_array_append(list, flow);
	json_decref(flow);
}

json_t *panic_record(const struct panic_order *order)
{
	struct panic_flow flows[FLOWS_MOST];
	size_t n = order->ir ? panic_flows_of(order->ir, flows, FLOWS_MOST) : 0;
	json_t *list = json_array();
	const json_t *o;
	size_t i;

	for (i = 0; i < n; i++)
		add_flow(list, flow_json(&flows[i]));
	json_array_foreach (order->flows, i, o) {
		struct panic_flow f;

		if (flow_of_session(o, &f))
			add_flow(list, flow_json(&f));
	}
	json_array_foreach (json_object_get(order->before, "flows"), i, o) {
		struct panic_flow f;

		if (flow_of_json(o, &f))
			add_flow(list, flow_json(&f));
	}
	return json_pack("{s:I, s:s, s:s, s:o}", "time", (json_int_t)order->now,
			 "author", order->author ? order->author : "", "told",
			 order->told ? order->told : "", "flows", list);
}

bool panic_lets_nobody_in(const json_t *record)
{
	return json_array_size(json_object_get(record, "flows")) == 0;
}

/* --- the kernel -------------------------------------------------------------
 */

static enum fw_err send_ruleset(const struct nft *nft, const struct ruleset *rs,
				struct arena *arena)
{
	struct nft_errors errors;
	struct nl_batch batch;
	enum fw_err err = backend_nl(NULL, rs, QUEUE_NATIVE, 0, arena, &batch);

	if (err)
		return err;
	err = nft_send(nft, &batch, &errors);
	nl_batch_done(&batch);
	return err;
}

enum fw_err panic_load(const struct nft *nft, const json_t *record,
		       uint32_t table_flags)
{
	const json_t *list = json_object_get(record, "flows"), *o;
	struct panic_flow flows[FLOWS_MOST];
	struct diag_list diags;
	struct ruleset rs;
	struct arena arena;
	enum fw_err err;
	size_t i, n = 0;

	json_array_foreach (list, i, o)
		if (n < FLOWS_MOST && flow_of_json(o, &flows[n]))
			n++;
	arena_init(&arena, 0, 0);
	diag_init(&diags, &arena);
	err = panic_ruleset(flows, n, &diags, &rs);
	rs.table_flags = table_flags;
	if (!err)
		err = send_ruleset(nft, &rs, &arena);
	arena_done(&arena);
	return err;
}

enum fw_err panic_unload(const struct nft *nft)
{
	return nft_table_remove(nft, PANIC_TABLE);
}
