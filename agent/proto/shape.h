/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes by bytes that stand where they must. */
#pragma once

#include "agent/proto/proto.h"

/* `hex` has two digits a byte, ".." for any.  NO at the first that differs,
 * MORE while there are too few. */
enum probe_result shape_fits(const struct reader *r, const char *hex);

/* The best of several; the last is NULL. */
enum probe_result shape_fits_one(const struct reader *r,
				 const char *const shapes[]);

/* YES, MORE while there are less than n bytes, or NO. */
static inline enum probe_result shape_when(const struct reader *r, size_t n,
					   bool yes)
{
	if (r->left < n)
		return PROBE_MORE;
	return yes ? PROBE_YES : PROBE_NO;
}

/* A feed that has nothing to tell but the name. */
enum proto_result shape_named(void *state, enum dir dir, struct reader *in,
			      struct facts *facts);

/* A module of that kind: proto_NAME with NAME_probe. */
#define SHAPE(name_, app_)                   \
	const struct proto proto_##name_ = { \
		.name = #name_,              \
		.app = app_,                 \
		.state_size = 1,             \
		.ceiling = LIMIT_SHAPE,      \
		.probe = name_##_probe,      \
		.feed = shape_named,         \
	}

static inline uint16_t reader_le16(struct reader *r)
{
	uint16_t lo = reader_u8(r);

	return (uint16_t)(lo | reader_u8(r) << 8);
}

static inline uint32_t reader_le32(struct reader *r)
{
	uint32_t lo = reader_le16(r);

	return lo | (uint32_t)reader_le16(r) << 16;
}
