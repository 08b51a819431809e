/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the evaluation. */
#pragma once

#include "policy/eval.h"

/* eval_engine.c: the conditions that only the engine can see. */
enum tri eval_engine_conditions(const struct ir_rule *rule,
				const struct facts *f);

/* Does it name these hosts, and no others? */
enum tri eval_names(const struct nameset *names, const struct facts *f);

/* eval_dns.c: is it a flow to a server that answers to nobody of ours?  Is it
 * one for names by its ends alone?  By what the layer says? */
bool eval_goes_abroad(const struct ir *ir, const struct facts *f);
bool eval_asks_abroad(const struct ir *ir, const struct facts *f);
bool eval_is_dns(const struct ir *ir, const struct facts *f, unsigned layer);

bool eval_name_is_of(const struct nameset *names, struct str name);

/* Is a layer still to come, or the last one not told in full? */
bool eval_unfinished(const struct facts *f);
