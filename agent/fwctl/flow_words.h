/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow told in words by a person -> facts, for explain and test. */
#pragma once

#include "policy/eval.h"

#include <stdio.h>

enum flow_word {
#define X(id, word, value, help) FLOW_##id,
#include "agent/fwctl/flow_words.def"
#undef X
	FLOW_WORDS
};

/* What was said; NULL: nothing. */
struct flow_words {
	const char *of[FLOW_WORDS];
};

const char *flow_word_name(enum flow_word word);

/* FLOW_WORDS when there is no such word. */
enum flow_word flow_word_find(struct str name);

/* What may stand there: one line. */
void flow_word_help(FILE *to, const char *before, enum flow_word word);

/* One line a word, for the help of a command; "--" goes before each. */
void flow_words_help(FILE *to, const char *before);

/* Fill `f`, which facts_init() has begun.  False: *out_wrong cannot be read. */
bool flow_words_facts(const struct flow_words *w, const struct ir *ir,
		      struct facts *f, enum flow_word *out_wrong);

/* Do the words tell what only the engine sees? */
bool flow_words_ask_engine(const struct flow_words *w);

/* Does it come from the gateway and go to it?  The kernel passes that. */
bool facts_stay_within(const struct facts *f);
