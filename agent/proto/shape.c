/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/shape.h"

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

enum probe_result shape_fits(const struct reader *r, const char *hex)
{
	for (size_t i = 0; hex[2 * i]; i++) {
		const char *byte = &hex[2 * i];

		if (i == r->left)
			return PROBE_MORE;
		if (byte[0] != '.' &&
		    reader_peek(r, i) != (digit(byte[0]) << 4 | digit(byte[1])))
			return PROBE_NO;
	}
	return PROBE_YES;
}

enum probe_result shape_fits_one(const struct reader *r,
				 const char *const shapes[])
{
	enum probe_result best = PROBE_NO;

	for (size_t i = 0; shapes[i] && best != PROBE_YES; i++) {
		enum probe_result fits = shape_fits(r, shapes[i]);

		if (fits > best)
			best = fits;
	}
	return best;
}

enum proto_result shape_named(void *state, enum dir dir, struct reader *in,
			      struct facts *facts)
{
	(void)state;
	(void)dir;
	reader_skip(in, in->left);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}
