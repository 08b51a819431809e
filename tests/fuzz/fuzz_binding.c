/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A resolver's answer of any bytes, to the question that it repeats: what
 * another client was told stays, and is not told to this one.
 */
#include "agent/binding/answer.h"

#include "agent/binding/rewrite.h"
#include "agent/proto/dns_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW     1700000000u
#define ENTRIES 65536

static void note(struct bindings *b, struct binding_questions **q,
		 struct reader message)
{
	struct reader at = message;
	struct dns_header h;
	struct dns_name name;
	uint16_t type, class;
	uint8_t question[600];
	size_t n;

	if (!dns_header_read(&at, &h) ||
	    dns_question_read(&message, &at, &name, &type, &class) != DNS_FITS)
		return;
	n = message.left - at.left;
	if (n > sizeof(question))
		return;
	memcpy(question, message.p, n);
	question[2] = 0;
	(void)binding_note_question(b, q, reader_of(question, n));
}

/* What is changed needs no change any more, and where it is cut does not
 * matter. */
static void rewrite(const uint8_t *data, size_t size)
{
	static const struct rewrite both = {.strips = true, .denies = true};
	struct rewrite_result first, again;
	uint8_t *p, *part;

	if (size == 0 || size > 65535)
		return;
	p = malloc(size);
	part = malloc(size);
	if (!p || !part)
		abort();
	memcpy(p, data, size);
	if (rewrite_answer(&both, p, size, size, &first) != size)
		abort();
	for (size_t have = 0; have < size; have += 1 + have / 8) {
		size_t final;

		memcpy(part, data, size);
		final = rewrite_answer(&both, part, have, size, &again);
		if (final > have || memcmp(p, part, final) != 0)
			abort();
	}
	if (rewrite_answer(&both, p, size, size, &again) != size ||
	    again.stripped)
		abort();
	free(p);
	free(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[32] = {5};
	static uint8_t memory[ENTRIES * 24 + 4096] __attribute__((aligned(8)));
	const struct binding_askers askers = {.v4 = {1, {4}}, .v6 = {1, {6}}};
	const struct binding_client other = {1, {9}};
	const struct ipaddr a = {.family = IP_V4};
	struct binding_questions *q = NULL;
	struct bindings *b;
	uint64_t name;

	rewrite(data, size);
	bindings_format(memory, bindings_size(ENTRIES), secret);
	b = bindings_new(memory, bindings_size(ENTRIES));
	if (!b)
		abort();
	name = bindings_name(b, str_of("quiet.example.org"));
	bindings_learn(b, &other, name, &a, NOW, NOW + 9);
	note(b, &q, reader_of(data, size));
	(void)binding_learn_answer(b, q, &askers, reader_of(data, size), NOW,
				   60);
	if (bindings_ask(b, &other, name, &a, NOW, 0) != BINDING_FITS ||
	    bindings_ask(b, &askers.v4, name, &a, NOW, 0) == BINDING_FITS)
		abort();
	bindings_free(b);
	free(q);
	return 0;
}
