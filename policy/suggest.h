/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "did you mean": the nearest of the words that were possible. */
#pragma once

#include "policy/base/diag.h"
#include "policy/base/str.h"

#define SUGGEST_ALL_MAX 256

struct suggest {
	struct str wrong; /* borrowed */
	struct str best;  /* nearest so far, borrowed; .p NULL = none near */
	size_t distance;
	char all[SUGGEST_ALL_MAX]; /* the words offered, with commas */
	size_t len;
	bool cut;
};

void suggest_init(struct suggest *s, struct str wrong);

/* A word that would have been right. */
void suggest_offer(struct suggest *s, struct str known);

/* The note after the error: the nearest word, else all that were offered. */
void suggest_note(const struct suggest *s, struct diag_list *diags,
		  struct place at);
