/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is refused where a test wants it.  The linker puts functions of
 * refusal.c in the place of those that give memory, see WRAPPED in the
 * Makefile; the JSON library gets its own by refusal_of_json().
 */
#pragma once

#include "tests/unit/support.h"

#include "policy/base/err.h"

/* The n-th request is refused, and with `lasting` all that come after it. */
struct refusal {
	bool armed, lasting, refused;
	size_t at, asked;
};

extern struct refusal refusal;

/* What is done while memory is refused; what must hold in it is asked by
 * FW_ASSERT, for Check wants memory too. */
typedef enum fw_err trial(const void *arg);

/* Its result; at 0 nothing is refused and requests are only counted. */
enum fw_err try_refused(trial *t, const void *arg, size_t at, bool lasting);

/* Wherever requests are refused nothing but FW_ERR_NOMEM may come out. */
void refuse_everywhere(trial *t, const void *arg, const char *name);
