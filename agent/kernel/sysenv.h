/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a compile is told of this gateway (policy/env.h), from the system: the
 * time, the offset of local time, numbers of users and cgroups.  What was
 * looked up is kept, so that another process, which may open no files, compiles
 * the same.
 */
#pragma once

#include "policy/base/err.h"
#include "policy/base/strbuf.h"
#include "policy/env.h"

/* Names that are kept; beyond: not found. */
#define SYSENV_NAMES    256
#define SYSENV_NAME_MAX 256

struct sysenv_name {
	bool cgroup;
	char name[SYSENV_NAME_MAX];
	uint64_t number;
	unsigned level;
};

struct sysenv {
	struct policy_env env; /* hand out its address; it points back here */
	struct sysenv_name names[SYSENV_NAMES];
	unsigned n_names;
	bool closed; /* only what is kept is known */
};

/* The system's, now, for this generation of the policy. */
void sysenv_init(struct sysenv *s, unsigned generation);

/* Seconds that local time is ahead of UTC, now. */
int32_t sysenv_utc_offset(int64_t now);

/* Has a name that was looked up another number by now?  A cgroup gets one with
 * every start of its service. */
bool sysenv_is_stale(const struct sysenv *s);

/* All that is kept, for sysenv_unpack() in another process of the same
 * program. */
void sysenv_pack(const struct sysenv *s, struct strbuf *out);
FW_MUST_CHECK enum fw_err sysenv_unpack(struct sysenv *s, struct str bytes);
