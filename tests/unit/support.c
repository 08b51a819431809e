/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support.h"

#include "policy/base/strbuf.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARDED_MAX (1u << 20)

const uint8_t *at_page_end(const void *data, size_t n)
{
	static uint8_t *slots[2];
	static unsigned turn;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t **slot = &slots[turn++ % 2];
	uint8_t *p;

	ck_assert_uint_le(n, GUARDED_MAX);
	if (!*slot) {
		p = mmap(NULL, GUARDED_MAX + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(p, MAP_FAILED);
		ck_assert_int_eq(mprotect(p + GUARDED_MAX, page, PROT_NONE), 0);
		*slot = p;
	}
	p = *slot + (GUARDED_MAX - n);
	if (n > 0)
		memcpy(p, data, n);
	return p;
}

int run_made_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int run_suite(const char *name, void (*add)(TCase *tc))
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	add(tc);
	suite_add_tcase(suite, tc);
	return run_made_suite(suite);
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
	ck_assert_uint_le(n, sizeof(b->p) - b->n);
	if (n > 0)
		memcpy(&b->p[b->n], p, n);
	b->n += n;
}

void bytes_u8(struct bytes *b, unsigned v)
{
	uint8_t c = (uint8_t)v;

	bytes_add(b, &c, 1);
}

void bytes_u16(struct bytes *b, unsigned v)
{
	bytes_u8(b, v >> 8 & 0xff);
	bytes_u8(b, v & 0xff);
}

void bytes_u32(struct bytes *b, uint32_t v)
{
	bytes_u16(b, v >> 16);
	bytes_u16(b, v & 0xffff);
}

void bytes_text(struct bytes *b, const char *z)
{
	bytes_add(b, z, strlen(z));
}

static struct wire *wire_over(uint8_t l4)
{
	struct wire *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	arena_init(&w->arena, 0, 0);
	facts_init(&w->facts, &w->arena);
	proto_stack_init(&w->stack, l4);
	return w;
}

struct wire *wire_new(void)
{
	return wire_over(IPPROTO_TCP);
}

void wire_free(struct wire *w)
{
	arena_done(&w->arena);
	free(w);
}

/* One offer of what is unread; true when something was consumed. */
static bool offer(struct wire *w, enum dir dir)
{
	struct bytes *b = &w->unread[dir];
	size_t before = b->n;
	struct reader in;

	if (b->n == 0)
		return false;
	in = reader_of(at_page_end(b->p, b->n), b->n);
	(void)proto_stack_feed(&w->stack, dir, &in, &w->facts);
	ck_assert(!in.failed);
	ck_assert_uint_le(in.left, before);
	memmove(b->p, &b->p[before - in.left], in.left);
	b->n = in.left;
	return b->n != before;
}

void wire_send(struct wire *w, enum dir dir, const void *p, size_t n)
{
	bytes_add(&w->unread[dir], p, n);
	do {
		if (w->stack.state == STACK_DONE || w->stack.state == STACK_BAD)
			break;
	} while (offer(w, DIR_CLIENT) | offer(w, DIR_SERVER));
}

static void wire_datagram(struct wire *w, struct turn t)
{
	t.bytes.p = at_page_end(t.bytes.p, t.bytes.left);
	if (w->stack.state == STACK_PROBING || w->stack.state == STACK_FEEDING)
		(void)proto_stack_datagram(&w->stack, t.dir, t.bytes,
					   &w->facts);
}

static void send_pieces(struct wire *w, struct turn t, size_t piece)
{
	while (t.bytes.left > 0) {
		size_t n = piece && piece < t.bytes.left ? piece : t.bytes.left;

		wire_send(w, t.dir, reader_take(&t.bytes, n), n);
	}
}

void wire_play(struct wire *w, const struct turn *turns, size_t n, size_t piece,
	       size_t cut)
{
	for (size_t i = 0; i < n; i++) {
		struct turn first = turns[i], second = turns[i];

		if (cut >= first.bytes.left) {
			cut = cut > first.bytes.left ? cut - first.bytes.left
						     : 0;
		} else if (cut > 0) {
			first.bytes = reader_sub(&second.bytes, cut);
			send_pieces(w, first, piece);
			first = second;
			cut = 0;
		}
		send_pieces(w, first, piece);
	}
}

static void add_value(struct strbuf *text, const struct fact_value *v)
{
	strbuf_addf(text, " %s[%u,%u]=", field_name(v->field), v->layer,
		    v->message);
	for (size_t i = 0; i < v->value.len; i++) {
		unsigned char c = (unsigned char)v->value.p[i];

		if (c < ' ' || c > '~')
			strbuf_addf(text, "\\x%02x", c);
		else
			strbuf_addf(text, "%c", c);
	}
}

char *wire_text(struct wire *w)
{
	static const char *const states[] = {"probing", "feeding", "done",
					     "bad"};
	struct facts *f = &w->facts;
	struct strbuf text;

	facts_make(f);
	strbuf_init(&text, 0);
	strbuf_addz(&text, states[w->stack.state]);
	for (unsigned i = 0; i < f->n_layers; i++)
		strbuf_addf(&text, " %s%s", app_name(f->layers[i].app),
			    f->layers[i].settled ? "" : "?");
	strbuf_addz(&text, f->open ? "+" : "");
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].field < FIELD_COUNT)
			add_value(&text, &f->values[i]);
	ck_assert(!text.failed);
	return text.p;
}

static void expect_text(const struct turn *turns, size_t n, size_t piece,
			size_t cut, const char *want)
{
	struct wire *w = wire_new();
	char *text;

	wire_play(w, turns, n, piece, cut);
	text = wire_text(w);
	ck_assert_msg(!strcmp(text, want),
		      "pieces of %zu, cut at %zu:\n got %s\nwant %s", piece,
		      cut, text, want);
	free(text);
	wire_free(w);
}

static void expect_wire(struct wire *w, const char *want)
{
	char *text = wire_text(w);

	ck_assert_msg(!strcmp(text, want), "\n got %s\nwant %s", text, want);
	free(text);
	wire_free(w);
}

void expect_datagrams(const struct turn *turns, size_t n, const char *want)
{
	struct wire *w = wire_over(IPPROTO_UDP);

	for (size_t i = 0; i < n; i++)
		wire_datagram(w, turns[i]);
	expect_wire(w, want);
}

/* Datagram `which` other than it was. */
static void play_other(const struct turn *turns, size_t n, size_t which,
		       struct reader other)
{
	struct wire *w = wire_over(IPPROTO_UDP);

	for (size_t i = 0; i < n; i++) {
		struct turn t = turns[i];

		if (i == which)
			t.bytes = other;
		wire_datagram(w, t);
	}
	wire_free(w);
}

void survive_every_datagram(const struct turn *turns, size_t n)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	static uint8_t copy[65536];

	for (size_t i = 0; i < n; i++) {
		size_t len = turns[i].bytes.left;

		ck_assert_uint_le(len, sizeof(copy));
		memcpy(copy, turns[i].bytes.p, len);
		for (size_t at = 0; at < len; at++) {
			play_other(turns, n, i, reader_of(copy, at));
			for (size_t v = 0; v < sizeof(values); v++) {
				copy[at] = values[v];
				play_other(turns, n, i, reader_of(copy, len));
			}
			copy[at] = turns[i].bytes.p[at];
		}
	}
}

static size_t total(const struct turn *turns, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += turns[i].bytes.left;
	return sum;
}

void expect_every_split(const struct turn *turns, size_t n, const char *text)
{
	expect_text(turns, n, 0, 0, text);
	expect_text(turns, n, 1, 0, text);
	expect_text(turns, n, 3, 0, text);
	for (size_t cut = 1; cut < total(turns, n); cut++)
		expect_text(turns, n, 0, cut, text);
}

static void play_flipped(const struct turn *turns, size_t n, size_t which,
			 size_t at, uint8_t value)
{
	static uint8_t copy[65536];
	struct turn flipped[16];
	struct wire *w = wire_new();

	ck_assert_uint_le(n, 16);
	ck_assert_uint_le(turns[which].bytes.left, sizeof(copy));
	memcpy(flipped, turns, n * sizeof(*turns));
	memcpy(copy, turns[which].bytes.p, turns[which].bytes.left);
	copy[at] = value;
	flipped[which].bytes.p = copy;
	wire_play(w, flipped, n, 0, 0);
	wire_free(w);
}

void survive_every_flip(const struct turn *turns, size_t n)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};

	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at < turns[i].bytes.left; at++)
			for (size_t v = 0; v < sizeof(values); v++)
				play_flipped(turns, n, i, at, values[v]);
}

void no_prefix_settles(struct reader message)
{
	for (size_t n = 1; n < message.left; n++) {
		struct wire *w = wire_new();
		struct reader part = message;
		enum stack_state state;

		wire_send(w, DIR_CLIENT, reader_take(&part, n), n);
		state = w->stack.state;
		ck_assert_msg(state == STACK_PROBING || state == STACK_FEEDING,
			      "prefix of %zu bytes: state %d", n, (int)state);
		ck_assert_msg(w->facts.n_layers == 0 ||
				      !w->facts.layers[0].settled,
			      "prefix of %zu bytes is settled", n);
		wire_free(w);
	}
}

static size_t turns_of(const struct dialogue *d)
{
	size_t n = 0;

	while (n < sizeof(d->turns) / sizeof(*d->turns) &&
	       d->turns[n].bytes.left > 0)
		n++;
	return n;
}

void expect_dialogues(const struct dialogue *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		expect_every_split(cases[i].turns, turns_of(&cases[i]),
				   cases[i].want);
		survive_every_flip(cases[i].turns, turns_of(&cases[i]));
	}
}
