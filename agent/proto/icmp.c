/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ICMP echos carry (RFC 792, RFC 4443 4): who answers repeats it.  A
 * tunnel in echos (ptunnel, icmptunnel and alike) puts there what it likes, so
 * sizes change, no known pattern fills them, and the answers differ.
 *
 * The patterns: ping of Linux and the BSDs counts (byte i is i, behind a time
 * stamp), Windows sends the alphabet up to w, others repeat a few bytes.
 */
#include "agent/proto/datagram.h"

#include "agent/proto/tell.h"

/* Requests that may be on their way while an answer comes. */
#define ASKED_MAX 8
#define SIZES_MAX 4
/* The longest time stamp, and bytes behind it that make a pattern. */
#define STAMP_MAX   24
#define PATTERN_MIN 8
#define ALPHABET    23

enum pattern { COUNTING, ALPHABETIC, REPEATED, PTUNNEL, OTHER };
enum answer { SAME, DIFFERS };

struct icmp_state {
	uint32_t asked[ASKED_MAX]; /* digests, the latest of them */
	uint8_t n_asked;           /* so many were, ASKED_MAX at most */
	uint8_t next;              /* the slot that the next one takes */
	uint8_t n_sizes;
	uint8_t patterns, answers; /* bits: told */
	uint16_t sizes[SIZES_MAX];
};

/* FNV-1a, which is not meant to withstand who looks for another echo with the
 * same. */
static uint32_t digest(struct reader r)
{
	uint32_t h = 2166136261u ^ (uint32_t)r.left;

	while (r.left > 0)
		h = (h ^ reader_u8(&r)) * 16777619u;
	return h;
}

static bool counts(const struct reader *r, size_t from)
{
	for (size_t i = from; i < r->left; i++)
		if (reader_peek(r, i) != (uint8_t)i)
			return false;
	return r->left >= from + PATTERN_MIN;
}

static bool is_alphabet(const struct reader *r)
{
	for (size_t i = 0; i < r->left; i++)
		if (reader_peek(r, i) != 'a' + i % ALPHABET)
			return false;
	return r->left >= PATTERN_MIN;
}

static bool repeats(const struct reader *r, size_t from, size_t period)
{
	for (size_t i = from + period; i < r->left; i++)
		if (reader_peek(r, i) != reader_peek(r, i - period))
			return false;
	return r->left >= from + PATTERN_MIN;
}

static bool is_ptunnel(struct reader r)
{
	uint32_t magic = reader_u32(&r);

	return magic == 0xd5200880 || magic == 0xdeadc0de;
}

static enum pattern pattern_of(const struct reader *r)
{
	if (is_ptunnel(*r))
		return PTUNNEL;
	for (size_t from = 0; from <= STAMP_MAX; from += 8)
		if (counts(r, from))
			return COUNTING;
	if (is_alphabet(r))
		return ALPHABETIC;
	for (size_t from = 0; from <= STAMP_MAX; from += 8)
		for (size_t period = 1; period <= 4; period *= 2)
			if (repeats(r, from, period))
				return REPEATED;
	return OTHER;
}

/* The word once, however often it holds. */
static void tell_once(uint8_t *told, unsigned which, enum field field,
		      const char *const *words, struct facts *facts)
{
	if (*told & 1u << which)
		return;
	*told |= (uint8_t)(1u << which);
	facts_add(facts, field, 0, str_of(words[which]));
}

static void tell_size(struct icmp_state *st, size_t size, struct facts *facts)
{
	for (unsigned i = 0; i < st->n_sizes; i++)
		if (st->sizes[i] == size)
			return;
	if (st->n_sizes == SIZES_MAX)
		return;
	st->sizes[st->n_sizes++] = (uint16_t)size;
	tell_number(facts, FIELD_ICMP_SIZE, 0, (unsigned)size);
}

static void request(struct icmp_state *st, struct reader in,
		    struct facts *facts)
{
	static const char *const words[] = {"counting", "alphabet", "repeated",
					    "ptunnel", "other"};

	st->asked[st->next] = digest(in);
	st->next = (uint8_t)((st->next + 1) % ASKED_MAX);
	if (st->n_asked < ASKED_MAX)
		st->n_asked++;
	tell_size(st, in.left, facts);
	tell_once(&st->patterns, pattern_of(&in), FIELD_ICMP_PATTERN, words,
		  facts);
}

static void answer(struct icmp_state *st, struct reader in, struct facts *facts)
{
	static const char *const words[] = {"same", "differs"};
	uint32_t h = digest(in);
	enum answer is = DIFFERS;

	for (unsigned i = 0; i < st->n_asked; i++)
		if (st->asked[i] == h)
			is = SAME;
	if (st->n_asked > 0)
		tell_once(&st->answers, is, FIELD_ICMP_ANSWER, words, facts);
}

static enum proto_result icmp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	if (dir == DIR_CLIENT)
		request(state, *in, facts);
	else
		answer(state, *in, facts);
	reader_skip(in, in->left);
	return PROTO_MORE;
}

static enum probe_result icmp_probe(const struct probe *first)
{
	(void)first;
	return PROBE_YES;
}

const struct proto proto_icmp = {
	.name = "icmp",
	.app = APP_ICMP,
	.state_size = sizeof(struct icmp_state),
	.ceiling = DATAGRAM_MAX,
	.probe = icmp_probe,
	.feed = icmp_feed,
};
