/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must survive the daemon: every policy that was put into force, which of
 * them is in force, which was last confirmed, and what is pending.
 *
 *	STATE/generations/000012/policy.conf   canonical text
 *	                         meta.json     who, when, what became of it
 *	                         files/0000    what the policy reads beside it
 *	STATE/current      -> generations/000012
 *	STATE/confirmed    -> generations/000011
 *	STATE/pending.json    to be confirmed, or taken back at a time
 *	STATE/panic.json      panic is on
 *	STATE/loaded.json     what of it the kernel has
 *
 * A crash at any point leaves every one of them as it was or as it was to be.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/str.h"
#include "policy/bundle.h"

#include <jansson.h>
#include <stdint.h>

/* X(ID, "name") */
#define GENERATION_STATES(X)                                                 \
	X(CONFIRMED, "confirmed")                                            \
	X(PENDING, "pending")                                                \
	X(ROLLED_BACK, "rolled back")                                        \
	X(ABANDONED, "abandoned") /* another came before it was confirmed */ \
	X(UNSTORED, "not stored")

enum generation_state {
#define X(id, name) GENERATION_##id,
	GENERATION_STATES(X)
#undef X
		GENERATION_STATE_COUNT
};

/* One policy that was applied, as history tells of it. */
struct generation {
	unsigned number; /* from 1 */
	int64_t time;    /* seconds since the epoch */
	enum generation_state state;
	unsigned previous; /* what was in force before; 0: nothing */
	unsigned rules;
	char digest[40];
	char author[80]; /* by the kernel's word */
	char told[160];  /* by fwctl's word: sudo, ssh */
	char comment[240];
};

/* A policy to be confirmed. */
struct pending {
	unsigned generation;
	unsigned previous;    /* back to it; 0: to no policy at all */
	unsigned seconds;     /* what was asked for */
	uint64_t deadline_ns; /* CLOCK_BOOTTIME */
	char boot_id[40];     /* of that clock */
	int64_t deadline;     /* wall clock, for people */
};

enum store_pointer { STORE_CURRENT, STORE_CONFIRMED };

struct store {
	int dir, generations;
};

/* Open (and make) the folders; leftovers of a crash are removed, and the one
 * policy that older versions kept becomes the first generation. */
FW_MUST_CHECK enum fw_err store_open(const char *state_dir, struct store *out);

/* The same without changing anything. */
FW_MUST_CHECK enum fw_err store_open_read(const char *state_dir,
					  struct store *out);
void store_close(struct store *s);

/* A new generation; its number goes into g->number (0 when it fails).  The
 * oldest beyond LIMIT_GENERATIONS are forgotten. */
FW_MUST_CHECK enum fw_err store_add(struct store *s, struct generation *g,
				    struct str policy,
				    const struct policy_files *files);

/* What became of it. */
FW_MUST_CHECK enum fw_err store_set_state(struct store *s, unsigned number,
					  enum generation_state state);

/* As if it had never been: it did not come into force. */
void store_forget(struct store *s, unsigned number);

/* FW_ERR_NOENT: there is none of that number. */
FW_MUST_CHECK enum fw_err store_get(const struct store *s, unsigned number,
				    struct generation *out);

/* Its text and files; owned: str_free(*out_policy), store_files_free. */
FW_MUST_CHECK enum fw_err store_load(const struct store *s, unsigned number,
				     struct str *out_policy,
				     struct policy_files *out_files);
void store_files_free(struct policy_files *files);

/* Numbers of all, newest first, into `out`; how many. */
size_t store_list(const struct store *s, unsigned *out, size_t room);

/* The newest confirmed one that is older than `number`; 0: there is none. */
unsigned store_confirmed_before(const struct store *s, unsigned number);

/* Where a pointer points; 0: nowhere. */
unsigned store_pointer(const struct store *s, enum store_pointer which);

/* 0 takes it away. */
FW_MUST_CHECK enum fw_err store_point(struct store *s, enum store_pointer which,
				      unsigned number);

FW_MUST_CHECK enum fw_err store_pending_set(struct store *s,
					    const struct pending *p);
/* FW_ERR_NOENT: nothing is pending.  Another error: something may be. */
FW_MUST_CHECK enum fw_err store_pending(const struct store *s,
					struct pending *out);
FW_MUST_CHECK enum fw_err store_pending_clear(struct store *s);

/* A record of its own in the store's folder; `record` is taken over, NULL
 * removes it. */
FW_MUST_CHECK enum fw_err store_record_set(struct store *s, const char *name,
					   json_t *record);
/* *out_record is owned (json_decref), or NULL: there is none. */
FW_MUST_CHECK enum fw_err store_record(const struct store *s, const char *name,
				       json_t **out_record);

const char *generation_state_name(enum generation_state state);

/* For answers and for meta.json; owned.  Of what cannot be read, the rest. */
json_t *generation_to_json(const struct generation *g);
void generation_of_json(const json_t *o, struct generation *out);
