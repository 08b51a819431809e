/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each client was told by its resolvers: the addresses of a name, and the
 * names that stand for others.
 *
 * A table over memory that the caller gives, without pointers: any bytes behind
 * a good header are a valid table, so it may be a file that others have left.
 * Entries are keyed hashes: nobody can read the names of it, or aim at one of
 * its buckets.  A bucket that is full takes from the client that has most of it
 * (itself, when it is who asks), first what expires first.
 *
 * Pure but for its locks: several threads may use one.  Times are seconds since
 * the epoch.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/ipaddr.h"

/* Nobody keeps a name for longer without a flow that uses it. */
#define BINDING_MOST_SECONDS (7 * 24 * 3600)

/* Targets of one name that are kept (bindings_alias). */
#define BINDING_TARGETS 4

struct bindings;

/* Who asks: an address, or what stands for several of them. */
struct binding_client {
	uint8_t len;
	uint8_t bytes[18];
};

enum binding_answer {
	BINDING_UNKNOWN, /* the client was not told any address of that name */
	BINDING_OTHERS,  /* it was, but not this one */
	BINDING_FITS,
};

/* Bytes for so many entries. */
size_t bindings_size(size_t entries);

/* Is it a table of this size? */
bool bindings_is_table(const void *memory, size_t size);

/* Make it an empty one. */
void bindings_format(void *memory, size_t size, const uint8_t secret[32]);

/* Over a table; the memory is borrowed.  NULL without memory for the rest. */
struct bindings *bindings_new(void *memory, size_t size);
void bindings_free(struct bindings *b);

/* A name by its hash: letters count alike in both cases. */
uint64_t bindings_name(const struct bindings *b, struct str name);

/* The client was told that the name has this address, at `now`, and may use it
 * until `expiry`. */
void bindings_learn(struct bindings *b, const struct binding_client *client,
		    uint64_t name, const struct ipaddr *address, uint32_t now,
		    uint32_t expiry);

/* It was told to ask for the addresses of `target` instead (RFC 9460); `i`: the
 * how manieth, below BINDING_TARGETS. */
void bindings_alias(struct bindings *b, const struct binding_client *client,
		    uint64_t name, uint64_t target, unsigned i, uint32_t now,
		    uint32_t expiry);

/* May the client know this address by that name?  If so it may until `until` at
 * least. */
enum binding_answer bindings_ask(struct bindings *b,
				 const struct binding_client *client,
				 uint64_t name, const struct ipaddr *address,
				 uint32_t now, uint32_t until);

/* Entries that have not expired: for tests and people. */
size_t bindings_count(struct bindings *b, uint32_t now);
