/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a mark says, within the policy's mask of the connection mark (kept with
 * the flow) and of the packet mark (gone with the packet).  The low three bits
 * of the mask hold the state; the rest is for the policy's generation.
 */
#pragma once

#include <stdint.h>

/* X(ID, value, "name in the frame") */
#define MARK_STATES(X)                                                     \
	X(NEW, 0, "new")         /* nothing was decided yet */             \
	X(PENDING, 1, "pending") /* the engine looks at it */              \
	X(ALLOWED, 2, "allowed")                                           \
	X(DENIED, 3, "denied")     /* refused, with an answer */           \
	X(DROPPED, 4, "dropped")   /* refused, silently */                 \
	X(PASSED, 5, "passed")     /* this packet only */                  \
	X(WATCHED, 6, "watched")   /* what its client says is judged on */ \
	X(LISTENED, 7, "listened") /* UDP: allowed, but for a hello */

enum mark_state {
#define X(id, value, name) MARK_##id = (value),
	MARK_STATES(X)
#undef X
};

#define MARK_STATE_BITS      3
#define MARK_GENERATION_BITS 5
#define MARK_GENERATIONS     31 /* 1 to 31; 0: of none */

/* The mark's value for a state within `mask`. */
static inline uint32_t mark_value(uint32_t mask, enum mark_state state)
{
	return (uint32_t)state << __builtin_ctz(mask | 1U << 31);
}

/* The bits of `mask` that hold the state. */
static inline uint32_t mark_bits(uint32_t mask)
{
	return mark_value(mask, (enum mark_state)((1 << MARK_STATE_BITS) - 1));
}

/* The value for a state that was decided under this generation of the policy.
 */
static inline uint32_t mark_value_of(uint32_t mask, enum mark_state state,
				     unsigned generation)
{
	return mark_value(mask, state) |
	       (uint32_t)generation << MARK_STATE_BITS
				    << __builtin_ctz(mask | 1U << 31);
}

/* The bits of `mask` that hold state and generation. */
static inline uint32_t mark_bits_of_both(uint32_t mask)
{
	return mark_value_of(mask,
			     (enum mark_state)((1 << MARK_STATE_BITS) - 1),
			     (1 << MARK_GENERATION_BITS) - 1);
}

/* A packet that the kernel queues has no generation: there stands the number
 * of its socket's cgroup instead (0: of none that the policy names). */
static inline uint32_t mark_number(uint32_t mask, unsigned number)
{
	return mark_value_of(mask, (enum mark_state)0, number);
}

static inline unsigned mark_number_of(uint32_t mask, uint32_t mark)
{
	uint32_t most = (1U << MARK_GENERATION_BITS) - 1;

	return (mark & mark_number(mask, most)) >>
	       __builtin_ctz(mask | 1U << 31) >> MARK_STATE_BITS;
}

/* What `mark` says within `mask`. */
static inline enum mark_state mark_state_of(uint32_t mask, uint32_t mark)
{
	return (enum mark_state)((mark & mark_bits(mask)) >>
				 __builtin_ctz(mask | 1U << 31));
}

/* `mark` with state and generation replaced; bits outside of them stay. */
static inline uint32_t mark_with(uint32_t mask, uint32_t mark,
				 enum mark_state state, unsigned generation)
{
	return (mark & ~mark_bits_of_both(mask)) |
	       mark_value_of(mask, state, generation);
}
