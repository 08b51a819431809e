/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/handshakes.h"

#include "policy/base/hash.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>

#define BUCKET 8 /* entries */
/* Of all buckets, those that one client's connections may lie in. */
#define SHARE 8

/* A client is an address, or in IPv6 a network of 64 bits. */
#define CLIENT_BYTES_V4 4
#define CLIENT_BYTES_V6 8

/* One line of a processor's cache. */
struct entry {
	uint32_t words[2 * 4 + 2]; /* of struct flow_key */
	uint32_t isn[2];
	uint32_t tsval;
	uint32_t time; /* 0: none */
	uint16_t window;
	int16_t zone_src;
	int16_t zone_dst;
	uint8_t has_timestamps;
	uint8_t by_low; /* the client is the lower end */
};

_Static_assert(sizeof(struct entry) == 64, "an entry takes a line");

struct handshakes {
	pthread_mutex_t lock; /* of two processes */
	uint8_t secret[16];
	uint64_t buckets;
	_Alignas(64) struct entry entries[];
};

size_t handshakes_size(size_t entries)
{
	size_t buckets = (entries + BUCKET - 1) / BUCKET;

	if (buckets < SHARE)
		buckets = SHARE;
	return sizeof(struct handshakes) +
	       buckets * BUCKET * sizeof(struct entry);
}

enum fw_err handshakes_format(void *memory, size_t size,
			      const uint8_t secret[16])
{
	struct handshakes *h = memory;
	pthread_mutexattr_t attr;
	int error;

	memcpy(h->secret, secret, sizeof(h->secret));
	h->buckets = (size - sizeof(*h)) / sizeof(struct entry) / BUCKET;
	error = pthread_mutexattr_init(&attr);
	if (error)
		return fw_err_of_errno(error);
	(void)pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	(void)pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	error = pthread_mutex_init(&h->lock, &attr);
	(void)pthread_mutexattr_destroy(&attr);
	return fw_err_of_errno(error);
}

struct handshakes *handshakes_at(void *memory)
{
	return memory;
}

/* A process that has died may have left an entry half written: it has no time
 * yet. */
static void lock(struct handshakes *h)
{
	if (pthread_mutex_lock(&h->lock) == EOWNERDEAD)
		(void)pthread_mutex_consistent(&h->lock);
}

static void unlock(struct handshakes *h)
{
	(void)pthread_mutex_unlock(&h->lock);
}

/* Where the flows of this client with this key lie. */
static struct entry *bucket_of(struct handshakes *h, const struct flow_key *key,
			       const struct ipaddr *client)
{
	size_t n = client->family == IP_V4 ? CLIENT_BYTES_V4 : CLIENT_BYTES_V6;
	uint64_t first = hash_keyed(h->secret, client->bytes, n);
	uint64_t share = h->buckets / SHARE;

	return h->entries +
	       (first % h->buckets + key->hash % share) % h->buckets * BUCKET;
}

static bool is_alive(const struct entry *e, uint32_t now)
{
	return e->time && now - e->time <= LIMIT_HANDSHAKE_SECONDS;
}

static struct entry *find(struct entry *bucket, const struct flow_key *key)
{
	for (unsigned i = 0; i < BUCKET; i++)
		if (bucket[i].time && !memcmp(bucket[i].words, key->words,
					      sizeof(key->words)))
			return &bucket[i];
	return NULL;
}

/* Which one goes for a new one. */
static struct entry *victim(struct entry *bucket, uint32_t now)
{
	struct entry *oldest = bucket;

	for (unsigned i = 0; i < BUCKET; i++) {
		if (!is_alive(&bucket[i], now))
			return &bucket[i];
		if (bucket[i].time < oldest->time)
			oldest = &bucket[i];
	}
	return oldest;
}

static bool is_low(const struct packet *pkt, const struct ipaddr *end,
		   uint16_t port)
{
	const struct ipaddr *other = end == &pkt->src ? &pkt->dst : &pkt->src;
	uint16_t other_port = end == &pkt->src ? pkt->dport : pkt->sport;
	int order = ipaddr_cmp(end, other);

	return order < 0 || (order == 0 && port <= other_port);
}

void handshakes_note(struct handshakes *h, const struct packet *answer,
		     int zone_src, int zone_dst, uint32_t now)
{
	const uint8_t asked = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;
	struct flow_key key;
	struct entry *bucket, *e;

	if (answer->l4 != IPPROTO_TCP ||
	    (answer->tcp_flags & asked) != (TCP_SYN | TCP_ACK))
		return;
	flow_key_of(answer, h->secret, &key);
	bucket = bucket_of(h, &key, &answer->dst);
	lock(h);
	e = find(bucket, &key);
	if (!e)
		e = victim(bucket, now);
	e->time = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(e->words, key.words, sizeof(e->words));
	e->isn[DIR_CLIENT] = answer->ack - 1;
	e->isn[DIR_SERVER] = answer->seq;
	e->window = answer->window;
	e->has_timestamps = answer->has_timestamps;
	e->tsval = answer->has_timestamps ? answer->tsval : 0;
	e->zone_src = (int16_t)zone_dst;
	e->zone_dst = (int16_t)zone_src;
	e->by_low = is_low(answer, &answer->dst, answer->dport);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	e->time = now;
	unlock(h);
}

/* What one side sends first goes behind what the other has sent so far: of
 * another connection between these ports it does not.  A server's first bytes
 * may have lost their way. */
static bool goes_with(const struct entry *e, const struct packet *pkt,
		      enum dir dir)
{
	uint32_t begin = e->isn[DIR_SERVER] + 1;

	if (dir == DIR_CLIENT)
		return (pkt->tcp_flags & TCP_ACK) && pkt->ack == begin;
	return pkt->seq - begin <= LIMIT_SERVER_FIRST_BYTES;
}

static bool take(struct entry *bucket, const struct flow_key *key,
		 const struct packet *pkt, enum dir dir, int zone_src,
		 int zone_dst, uint32_t now, struct handshake *out)
{
	struct entry *e = find(bucket, key);
	const struct ipaddr *client = dir == DIR_CLIENT ? &pkt->src : &pkt->dst;
	uint16_t port = dir == DIR_CLIENT ? pkt->sport : pkt->dport;
	bool taken;

	if (!e || e->by_low != is_low(pkt, client, port))
		return false;
	*out = (struct handshake){
		.isn = {e->isn[DIR_CLIENT], e->isn[DIR_SERVER]},
		.answer = {.window = e->window,
			   .has_timestamps = e->has_timestamps,
			   .tsval = e->tsval},
		.zone_src = e->zone_src,
		.zone_dst = e->zone_dst};
	taken = is_alive(e, now) && goes_with(e, pkt, dir) &&
		out->zone_src == (dir == DIR_CLIENT ? zone_src : zone_dst) &&
		out->zone_dst == (dir == DIR_CLIENT ? zone_dst : zone_src);
	if (taken)
		e->time = 0;
	return taken;
}

bool handshakes_take(struct handshakes *h, const struct packet *pkt,
		     int zone_src, int zone_dst, uint32_t now,
		     enum dir *out_dir, struct handshake *out)
{
	struct flow_key key;
	bool taken = false;

	flow_key_of(pkt, h->secret, &key);
	lock(h);
	for (enum dir dir = DIR_CLIENT; !taken && dir <= DIR_SERVER; dir++) {
		const struct ipaddr *client =
			dir == DIR_CLIENT ? &pkt->src : &pkt->dst;

		*out_dir = dir;
		taken = take(bucket_of(h, &key, client), &key, pkt, dir,
			     zone_src, zone_dst, now, out);
	}
	unlock(h);
	return taken;
}
