/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/stream/stream.h"
#include "tests/unit/support.h"

static enum stream_result add_text(struct stream *s, uint32_t seq,
				   const char *z)
{
	size_t n = strlen(z);

	return stream_add(s, seq, reader_of(at_page_end(z, n), n));
}

static void expect_unread(const struct stream *s, const char *want)
{
	struct reader r = stream_unread(s);

	ck_assert_msg(r.left == strlen(want) &&
			      (r.left == 0 || !memcmp(r.p, want, r.left)),
		      "got \"%.*s\", want \"%s\"", (int)r.left,
		      r.left ? (const char *)r.p : "", want);
}

static void consume(struct stream *s, size_t n)
{
	struct reader r = stream_unread(s);

	reader_skip(&r, n);
	stream_consume(s, &r);
}

/* All orders of four segments, with every place of the sequence numbers' end.
 */
START_TEST(any_order_gives_the_same_bytes)
{
	static const char *const parts[] = {"ab", "c", "defg", "hi"};
	static const uint32_t at[] = {0, 2, 3, 7};

	for (unsigned order = 0; order < 256; order++) {
		unsigned i[4] = {order & 3, order >> 2 & 3, order >> 4 & 3,
				 order >> 6};
		unsigned set =
			1u << i[0] | 1u << i[1] | 1u << i[2] | 1u << i[3];

		for (uint32_t wrap = 0; set == 15 && wrap < 12; wrap++) {
			uint32_t base = (uint32_t)0 - wrap;
			struct stream s = {0};

			stream_start(&s, base);
			for (unsigned k = 0; k < 4; k++)
				ck_assert_int_eq(add_text(&s, base + at[i[k]],
							  parts[i[k]]),
						 STREAM_OK);
			ck_assert(!stream_has_gap(&s));
			ck_assert_uint_eq(s.n_pieces, 1);
			expect_unread(&s, "abcdefghi");
			stream_done(&s);
		}
	}
}
END_TEST

static const char text10[] = "0123456789";

static enum stream_result add_range(struct stream *s, const char *from,
				    struct stream_piece p)
{
	return stream_add(s, 1000 + p.from,
			  reader_of(&from[p.from], p.to - p.from));
}

/* The second segment with one byte of the overlap changed. */
static void expect_conflicts(struct stream *s, struct stream_piece first,
			     struct stream_piece second)
{
	for (uint32_t i = second.from; i < second.to; i++) {
		char other[sizeof(text10)];

		if (i < first.from || i >= first.to)
			continue;
		memcpy(other, text10, sizeof(other));
		other[i] = 'x';
		ck_assert_int_eq(add_range(s, other, second), STREAM_CONFLICT);
		ck_assert_uint_eq(s->n_pieces, 1);
		ck_assert_uint_eq(stream_pieces(s)[0].from, first.from);
		ck_assert_uint_eq(stream_pieces(s)[0].to, first.to);
	}
}

static void expect_overlap(struct stream_piece a, struct stream_piece b)
{
	bool inside = a.from <= b.from && b.to <= a.to;
	bool apart = b.to < a.from || a.to < b.from;
	struct stream s = {0};

	stream_start(&s, 1000);
	ck_assert_int_eq(add_range(&s, text10, a), STREAM_OK);
	expect_conflicts(&s, a, b);
	ck_assert_int_eq(add_range(&s, text10, b),
			 inside ? STREAM_REPEAT : STREAM_OK);
	ck_assert_uint_eq(s.n_pieces, apart ? 2 : 1);
	stream_done(&s);
}

/* Every second segment over every first one: what is the same is joined, what
 * differs is a conflict and changes nothing. */
START_TEST(overlaps_are_compared)
{
	static struct stream_piece all[55];
	size_t n = 0;

	for (uint32_t from = 0; from < 10; from++)
		for (uint32_t to = from + 1; to <= 10; to++)
			all[n++] = (struct stream_piece){from, to};
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
			expect_overlap(all[a], all[b]);
}
END_TEST

START_TEST(bytes_are_compared_until_forgotten)
{
	struct stream s = {0};

	stream_start(&s, 5);
	ck_assert_int_eq(add_text(&s, 5, "abcdef"), STREAM_OK);
	consume(&s, 4);
	expect_unread(&s, "ef");
	ck_assert_int_eq(add_text(&s, 5, "abcx"), STREAM_CONFLICT);
	ck_assert_int_eq(add_text(&s, 5, "abc"), STREAM_REPEAT);
	ck_assert_int_eq(add_text(&s, 12, "h"), STREAM_OK);
	stream_forget(&s);
	ck_assert_uint_eq(s.base, 9);
	expect_unread(&s, "ef");
	ck_assert(stream_has_gap(&s));
	ck_assert_int_eq(add_text(&s, 5, "abcx"), STREAM_REPEAT);
	ck_assert_int_eq(add_text(&s, 7, "xxefg"), STREAM_OK);
	expect_unread(&s, "efgh");
	consume(&s, 4);
	stream_forget(&s);
	ck_assert_uint_eq(s.n_pieces, 0);
	expect_unread(&s, "");
	ck_assert_int_eq(add_text(&s, 13, "i"), STREAM_OK);
	expect_unread(&s, "i");
	stream_done(&s);
}
END_TEST

START_TEST(a_stream_starts_where_it_is_told_or_first_seen)
{
	struct stream s = {0};

	expect_unread(&s, "");
	ck_assert(!stream_has_gap(&s));
	ck_assert_uint_eq(stream_in_order(&s), 0);
	ck_assert_int_eq(add_text(&s, 77, "a"), STREAM_OK);
	ck_assert_uint_eq(s.base, 77);
	ck_assert_int_eq(add_text(&s, 70, "xxxxxxxab"), STREAM_OK);
	expect_unread(&s, "ab");
	ck_assert_int_eq(stream_add(&s, 79, (struct reader){0}), STREAM_OK);
	stream_done(&s);
	stream_start(&s, 10);
	ck_assert_int_eq(add_text(&s, 9, "x"), STREAM_REPEAT);
	ck_assert_int_eq(add_text(&s, 11, "b"), STREAM_OK);
	ck_assert_uint_eq(stream_in_order(&s), 0);
	ck_assert(stream_has_gap(&s));
	stream_done(&s);
}
END_TEST

START_TEST(bytes_have_a_ceiling)
{
	static const uint8_t zeros[LIMIT_STREAM_BYTES + 1];
	struct stream s = {0};

	stream_start(&s, 0);
	ck_assert_int_eq(stream_add(&s, 0, reader_of(zeros, sizeof(zeros))),
			 STREAM_LIMIT);
	ck_assert_int_eq(
		stream_add(&s, 1, reader_of(zeros, LIMIT_STREAM_BYTES)),
		STREAM_LIMIT);
	ck_assert_int_eq(
		stream_add(&s, LIMIT_STREAM_BYTES, reader_of(zeros, 1)),
		STREAM_LIMIT);
	ck_assert_int_eq(stream_add(&s, 0x7fffffff, reader_of(zeros, 1)),
			 STREAM_LIMIT);
	ck_assert_int_eq(stream_add(&s, 0x80000000, reader_of(zeros, 1)),
			 STREAM_LIMIT);
	ck_assert_int_eq(stream_add(&s, 0x80000001, reader_of(zeros, 1)),
			 STREAM_REPEAT);
	ck_assert_int_eq(
		stream_add(&s, LIMIT_STREAM_BYTES - 1, reader_of(zeros, 1)),
		STREAM_OK);
	ck_assert_int_eq(
		stream_add(&s, 0, reader_of(zeros, LIMIT_STREAM_BYTES)),
		STREAM_OK);
	ck_assert_uint_eq(stream_in_order(&s), LIMIT_STREAM_BYTES);
	/* Read bytes count until they are forgotten. */
	consume(&s, LIMIT_STREAM_BYTES);
	ck_assert_int_eq(
		stream_add(&s, LIMIT_STREAM_BYTES, reader_of(zeros, 1)),
		STREAM_LIMIT);
	stream_forget(&s);
	ck_assert_int_eq(
		stream_add(&s, LIMIT_STREAM_BYTES, reader_of(zeros, 1)),
		STREAM_OK);
	stream_done(&s);
}
END_TEST

START_TEST(pieces_have_a_ceiling)
{
	struct stream s = {0};
	uint32_t i;

	stream_start(&s, 0);
	for (i = 1; i <= LIMIT_STREAM_PIECES; i++)
		ck_assert_int_eq(add_text(&s, 2 * i, "x"), STREAM_OK);
	ck_assert_int_eq(add_text(&s, 2 * i, "x"), STREAM_LIMIT);
	ck_assert_int_eq(add_text(&s, 0, "x"), STREAM_LIMIT);
	/* What joins is welcome. */
	ck_assert_int_eq(add_text(&s, 2 * i - 1, "x"), STREAM_OK);
	ck_assert_int_eq(add_text(&s, 3, "x"), STREAM_OK);
	ck_assert_uint_eq(s.n_pieces, LIMIT_STREAM_PIECES - 1);
	ck_assert_int_eq(add_text(&s, 0, "xxxxxxxxx"), STREAM_OK);
	ck_assert_uint_eq(stream_in_order(&s), 9);
	stream_done(&s);
}
END_TEST

/* Many random segments of one text, in any order and overlap. */
START_TEST(random_segments_give_the_text)
{
	uint32_t state = 1;
	static uint8_t text[4096];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned round = 0; round < 200; round++) {
		uint32_t base = 0xfffff000u + round * 17;
		struct stream s = {0};

		stream_start(&s, base);
		while (stream_in_order(&s) < sizeof(text)) {
			uint32_t from, len;

			state = state * 1664525 + 1013904223;
			from = state >> 8 & 4095;
			state = state * 1664525 + 1013904223;
			len = 1 + (state >> 8) % 600;
			if (len > sizeof(text) - from)
				len = (uint32_t)sizeof(text) - from;
			ck_assert_int_le(
				stream_add(&s, base + from,
					   reader_of(&text[from], len)),
				STREAM_REPEAT);
		}
		ck_assert_mem_eq(stream_unread(&s).p, text, sizeof(text));
		stream_done(&s);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, any_order_gives_the_same_bytes);
	tcase_add_test(tc, overlaps_are_compared);
	tcase_add_test(tc, bytes_are_compared_until_forgotten);
	tcase_add_test(tc, a_stream_starts_where_it_is_told_or_first_seen);
	tcase_add_test(tc, bytes_have_a_ceiling);
	tcase_add_test(tc, pieces_have_a_ceiling);
	tcase_add_test(tc, random_segments_give_the_text);
}

int main(void)
{
	return run_suite("stream", add);
}
