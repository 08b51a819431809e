/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/binding/bindings.h"

#include "policy/base/hash.h"

#include <pthread.h>
#include <stdlib.h>

#define MAGIC      0x646e6962657774fbULL
#define VERSION    1
#define BUCKET     8 /* entries */
#define LOCKS      64
#define NAME_WHOLE 512

/* `key` leads to the entry, and `value` is what it says: of an address another
 * hash of the same, of an alias its target. */
struct entry {
	uint64_t key, value;
	uint32_t expiry; /* 0: none */
	uint32_t client;
};

struct header {
	uint64_t magic;
	uint32_t version;
	uint32_t entry_size;
	uint64_t buckets;
	uint8_t secret[32];
};

struct bindings {
	const struct header *header; /* with entries behind it */
	struct entry *entries;
	uint64_t buckets;
	uint8_t secret[32];
	pthread_mutex_t locks[LOCKS];
};

enum kind { KIND_ADDRESS, KIND_NAME, KIND_ALIAS };

/* What an entry is about, as bytes without holes. */
struct subject {
	uint8_t kind, i;
	uint8_t client_len;
	uint8_t client[18];
	uint8_t address[17];
	uint64_t name;
} __attribute__((packed));

static uint64_t buckets_of(size_t size)
{
	if (size < sizeof(struct header))
		return 0;
	return (size - sizeof(struct header)) / sizeof(struct entry) / BUCKET;
}

size_t bindings_size(size_t entries)
{
	size_t buckets = (entries + BUCKET - 1) / BUCKET;

	return sizeof(struct header) + buckets * BUCKET * sizeof(struct entry);
}

bool bindings_is_table(const void *memory, size_t size)
{
	struct header h;

	if (buckets_of(size) == 0)
		return false;
	memcpy(&h, memory, sizeof(h));
	return h.magic == MAGIC && h.version == VERSION &&
	       h.entry_size == sizeof(struct entry) &&
	       h.buckets == buckets_of(size);
}

void bindings_format(void *memory, size_t size, const uint8_t secret[32])
{
	struct header h = {.magic = MAGIC,
			   .version = VERSION,
			   .entry_size = sizeof(struct entry),
			   .buckets = buckets_of(size)};

	memcpy(h.secret, secret, sizeof(h.secret));
	memset(memory, 0, size);
	memcpy(memory, &h, sizeof(h));
}

struct bindings *bindings_new(void *memory, size_t size)
{
	struct bindings *b = NULL;

	if (bindings_is_table(memory, size))
		b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->header = memory;
	b->entries = (struct entry *)((struct header *)memory + 1);
	b->buckets = buckets_of(size);
	/* What others may write later is not trusted. */
	memcpy(b->secret, b->header->secret, sizeof(b->secret));
	for (unsigned i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&b->locks[i], NULL);
	return b;
}

void bindings_free(struct bindings *b)
{
	for (unsigned i = 0; b && i < LOCKS; i++)
		(void)pthread_mutex_destroy(&b->locks[i]);
	free(b);
}

uint64_t bindings_name(const struct bindings *b, struct str name)
{
	char lower[NAME_WHOLE];

	if (name.len > sizeof(lower))
		name.len = sizeof(lower);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = ascii_lower(name.p[i]);
	return hash_keyed(b->secret, lower, name.len);
}

/* --- buckets ------------------------------------------------------------- */

struct place {
	struct entry *bucket;
	pthread_mutex_t *lock;
	uint64_t key, check;
	uint32_t client;
};

static struct place place_of(struct bindings *b, enum kind kind, unsigned i,
			     const struct binding_client *client, uint64_t name,
			     const struct ipaddr *address)
{
	struct subject s = {.kind = (uint8_t)kind,
			    .i = (uint8_t)i,
			    .client_len = client->len,
			    .name = name};
	struct place p;
	uint64_t bucket;

	memcpy(s.client, client->bytes, sizeof(s.client));
	if (address) {
		s.address[0] = address->family;
		memcpy(s.address + 1, address->bytes, sizeof(address->bytes));
	}
	p.key = hash_keyed(b->secret, &s, sizeof(s));
	p.check = hash_keyed(b->secret + 16, &s, sizeof(s));
	p.client = (uint32_t)hash_keyed(b->secret + 16, client->bytes,
					sizeof(client->bytes));
	bucket = p.key % b->buckets;
	p.bucket = b->entries + bucket * BUCKET;
	p.lock = &b->locks[bucket % LOCKS];
	return p;
}

/* Of what the future holds a clock has told that was wrong. */
static bool is_alive(const struct entry *e, uint32_t now)
{
	return e->expiry > now && e->expiry - now <= BINDING_MOST_SECONDS;
}

static struct entry *find(const struct place *p, bool any_value, uint32_t now)
{
	for (unsigned i = 0; i < BUCKET; i++) {
		struct entry *e = &p->bucket[i];

		if (e->key == p->key && (any_value || e->value == p->check) &&
		    is_alive(e, now))
			return e;
	}
	return NULL;
}

static unsigned entries_of(const struct place *p, uint32_t client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BUCKET; i++)
		n += p->bucket[i].client == client;
	return n;
}

/* Which one goes for a new one. */
static struct entry *victim(const struct place *p, uint32_t now)
{
	struct entry *worst = NULL;
	unsigned worst_n = 0;

	for (unsigned i = 0; i < BUCKET; i++) {
		struct entry *e = &p->bucket[i];
		unsigned n;

		if (!is_alive(e, now))
			return e;
		/* Of equals who asks itself. */
		n = 2 * entries_of(p, e->client) + (e->client == p->client);
		if (n > worst_n ||
		    (n == worst_n && e->expiry < worst->expiry)) {
			worst = e;
			worst_n = n;
		}
	}
	return worst;
}

static uint32_t within(uint32_t now, uint32_t expiry)
{
	uint32_t most = now + BINDING_MOST_SECONDS;

	return expiry > most ? most : expiry;
}

static void put(const struct place *p, uint64_t value, bool any_value,
		uint32_t now, uint32_t expiry)
{
	struct entry *e;

	(void)pthread_mutex_lock(p->lock);
	e = find(p, any_value, now);
	if (e) {
		e->value = value;
		if (e->expiry < within(now, expiry))
			e->expiry = within(now, expiry);
	} else {
		*victim(p, now) = (struct entry){.key = p->key,
						 .value = value,
						 .expiry = within(now, expiry),
						 .client = p->client};
	}
	(void)pthread_mutex_unlock(p->lock);
}

/* Is it there?  Then it stays until `until`. */
static bool keep(const struct place *p, bool any_value, uint32_t now,
		 uint32_t until, uint64_t *out_value)
{
	struct entry *e;

	(void)pthread_mutex_lock(p->lock);
	e = find(p, any_value, now);
	if (e && e->expiry < within(now, until))
		e->expiry = within(now, until);
	if (e)
		*out_value = e->value;
	(void)pthread_mutex_unlock(p->lock);
	return e;
}

/* --- what is asked of it ------------------------------------------------- */

void bindings_learn(struct bindings *b, const struct binding_client *client,
		    uint64_t name, const struct ipaddr *address, uint32_t now,
		    uint32_t expiry)
{
	struct place p = place_of(b, KIND_NAME, 0, client, name, NULL);

	put(&p, p.check, false, now, expiry);
	p = place_of(b, KIND_ADDRESS, 0, client, name, address);
	put(&p, p.check, false, now, expiry);
}

void bindings_alias(struct bindings *b, const struct binding_client *client,
		    uint64_t name, uint64_t target, unsigned i, uint32_t now,
		    uint32_t expiry)
{
	struct place p = place_of(b, KIND_ALIAS, i, client, name, NULL);

	if (i < BINDING_TARGETS)
		put(&p, target, true, now, expiry);
}

static bool has_address(struct bindings *b, const struct binding_client *client,
			uint64_t name, const struct ipaddr *address,
			uint32_t now, uint32_t until)
{
	struct place p = place_of(b, KIND_ADDRESS, 0, client, name, address);
	uint64_t value;

	return keep(&p, false, now, until, &value);
}

/* A flow by an alias uses it, and what its target has. */
static bool has_by_alias(struct bindings *b,
			 const struct binding_client *client, uint64_t name,
			 const struct ipaddr *address, uint32_t now,
			 uint32_t until)
{
	for (unsigned i = 0; i < BINDING_TARGETS; i++) {
		struct place p = place_of(b, KIND_ALIAS, i, client, name, NULL);
		uint64_t target;

		if (!keep(&p, true, now, 0, &target) ||
		    !has_address(b, client, target, address, now, until))
			continue;
		(void)keep(&p, true, now, until, &target);
		return true;
	}
	return false;
}

enum binding_answer bindings_ask(struct bindings *b,
				 const struct binding_client *client,
				 uint64_t name, const struct ipaddr *address,
				 uint32_t now, uint32_t until)
{
	struct place p = place_of(b, KIND_NAME, 0, client, name, NULL);
	uint64_t value;

	if (has_address(b, client, name, address, now, until)) {
		(void)keep(&p, false, now, until, &value);
		return BINDING_FITS;
	}
	if (has_by_alias(b, client, name, address, now, until))
		return BINDING_FITS;
	return keep(&p, false, now, 0, &value) ? BINDING_OTHERS
					       : BINDING_UNKNOWN;
}

size_t bindings_count(struct bindings *b, uint32_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < b->buckets * BUCKET; i++)
		n += is_alive(&b->entries[i], now);
	return n;
}
