/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/refusal.h"

#include "policy/base/arena.h"

#include <errno.h>
#include <idn2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct refusal refusal;

static bool refuses(void)
{
	bool now;

	if (!refusal.armed)
		return false;
	refusal.asked++;
	now = refusal.asked == refusal.at ||
	      (refusal.lasting && refusal.asked > refusal.at);
	refusal.refused |= now;
	return now;
}

static void *refuse(void)
{
	errno = ENOMEM;
	return NULL;
}

/* WRAP(type, name, (parameters), (arguments), what a refusal returns) */
#define WRAP(type, name, params, args, none) \
	type __real_##name params;           \
	type __wrap_##name params;           \
	type __wrap_##name params            \
	{                                    \
		if (refuses())               \
			return none;         \
		return __real_##name args;   \
	}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
WRAP(void *, malloc, (size_t n), (n), refuse())
WRAP(void *, calloc, (size_t n, size_t size), (n, size), refuse())
WRAP(void *, realloc, (void *p, size_t n), (p, n), refuse())
WRAP(void *, mmap,
     (void *at, size_t n, int prot, int flags, int fd, off_t offset),
     (at, n, prot, flags, fd, offset), (refuse(), MAP_FAILED))

/* Most requests are met from a block that is there: they are refused as if each
 * had asked for one of its own. */
static void *refuse_arena(struct arena *a)
{
	arena_fail(a);
	return NULL;
}

WRAP(void *, arena_alloc, (struct arena * a, size_t n), (a, n), refuse_arena(a))
WRAP(void *, arena_calloc, (struct arena * a, size_t n, size_t size),
     (a, n, size), refuse_arena(a))
WRAP(struct str, arena_str, (struct arena * a, struct str s), (a, s),
     (refuse_arena(a), (struct str){0}))

const char *__wrap_arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *__wrap_arena_printf(struct arena *a, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	if (refuses())
		return refuse_arena(a);
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	FW_ASSERT(n < (int)sizeof(text));
	return __real_arena_str(a, str_mem(text, (size_t)n)).p;
}

/* Libraries that ask by themselves. */
WRAP(void *, nfct_new, (void), (), refuse())
WRAP(int, idn2_lookup_u8, (const uint8_t *src, uint8_t **name, int flags),
     (src, name, flags), IDN2_MALLOC)
WRAP(void *, nftnl_table_alloc, (void), (), refuse())
WRAP(void *, nftnl_chain_alloc, (void), (), refuse())
WRAP(void *, nftnl_rule_alloc, (void), (), refuse())
WRAP(void *, nftnl_set_alloc, (void), (), refuse())
WRAP(void *, nftnl_expr_alloc, (const char *name), (name), refuse())
WRAP(void *, nftnl_udata_buf_alloc, (uint32_t n), (n), refuse())
WRAP(int, nftnl_table_set_str, (void *o, uint16_t attr, const char *s),
     (o, attr, s), -1)
WRAP(int, nftnl_chain_set_str, (void *o, uint16_t attr, const char *s),
     (o, attr, s), -1)
WRAP(int, nftnl_rule_set_str, (void *o, uint16_t attr, const char *s),
     (o, attr, s), -1)
WRAP(int, nftnl_set_set_str, (void *o, uint16_t attr, const char *s),
     (o, attr, s), -1)
WRAP(int, nftnl_expr_set_str, (void *o, uint16_t attr, const char *s),
     (o, attr, s), -1)
WRAP(int, nftnl_rule_set_data,
     (void *o, uint16_t attr, const void *p, uint32_t n), (o, attr, p, n), -1)
WRAP(int, nftnl_set_set_data,
     (void *o, uint16_t attr, const void *p, uint32_t n), (o, attr, p, n), -1)
/* NOLINTEND(bugprone-reserved-identifier) */

/* --- trials -----------------------------------------------------------------
 */

enum fw_err try_refused(trial *t, const void *arg, size_t at, bool lasting)
{
	enum fw_err err;

	refusal = (struct refusal){.armed = true, .lasting = lasting, .at = at};
	err = t(arg);
	refusal.armed = false;
	return err;
}

static void refuse_at(trial *t, const void *arg, const char *name, size_t at,
		      bool lasting)
{
	enum fw_err err = try_refused(t, arg, at, lasting);

	ck_assert_msg(err == FW_ERR_NOMEM && refusal.refused,
		      "%s: request %zu%s refused: \"%s\"", name, at,
		      lasting ? " and all others" : "",
		      err ? fw_err_text(err) : "all is well");
}

/* After many of the requests all that follow are refused too. */
#define LASTING_STEP 7

void refuse_everywhere(trial *t, const void *arg, const char *name)
{
	size_t requests;

	(void)try_refused(t, arg, 0, false);
	requests = refusal.asked;
	ck_assert_uint_gt(requests, 0);
	for (size_t at = 1; at <= requests; at++)
		refuse_at(t, arg, name, at, false);
	for (size_t at = 1; at <= requests; at += LASTING_STEP)
		refuse_at(t, arg, name, at, true);
}
