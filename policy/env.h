/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a compile must be told of the gateway it is for, since it looks at
 * nothing but its files: the time, and names that the system has numbers for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct policy_env {
	unsigned generation; /* of the policy, in the marks: 1 to 31; 0: none */
	int64_t now;         /* seconds since the epoch; 0: not known */
	int32_t utc_offset;  /* seconds that local time is ahead of UTC, now */
	/* The kernel's own notion of local time, which its day and hour follow:
	 * gettimeofday()'s tz_minuteswest. */
	int32_t tz_minuteswest;

	/* False where there is no such user or cgroup ("system.slice/x"); NULL:
	 * none is known.  The level of a cgroup: directories below the root. */
	bool (*user)(void *ctx, const char *name, uint32_t *out_uid);
	bool (*cgroup)(void *ctx, const char *path, uint64_t *out_id,
		       unsigned *out_level);
	void *ctx;
};
