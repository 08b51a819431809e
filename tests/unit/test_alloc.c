/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is refused at every point of a compile, of both back ends and of
 * a difference: FW_ERR_NOMEM comes out, and nothing else happens; what was made
 * until then is freed.
 */
#include "tests/unit/refusal.h"

#include "policy/backend.h"
#include "policy/base/strbuf.h"
#include "policy/diff.h"
#include "policy/diff_text.h"
#include "policy/policy.h"

#include <stdio.h>

/* --- what is tried -------------------------------------------------------- */

static bool find_user(void *ctx, const char *name, uint32_t *out_uid)
{
	(void)ctx;
	(void)name;
	*out_uid = 1000;
	return true;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *out_id,
			unsigned *out_level)
{
	(void)ctx;
	*out_id = 100;
	*out_level = strchr(path, '/') ? 2 : 1;
	return true;
}

static const struct policy_env env = {.now = 1782900000,
				      .utc_offset = 7200,
				      .user = find_user,
				      .cgroup = find_cgroup};

static enum fw_err compile(const char *path, struct policy **out)
{
	char directory[128];
	struct policy_input in = {.path = path, .env = &env, .map_from = 1};

	/* "joined.conf" and the files in "joined.d", where that is. */
	(void)snprintf(directory, sizeof(directory), "%.*s.d",
		       (int)strlen(path) - 5, path);
	in.directory = directory;
	return policy_compile(&in, out);
}

/* --- the compile ---------------------------------------------------------- */

static const char *const policies[] = {
	"tests/golden/every-key.conf",
	"tests/golden/model-addresses.conf",
	"tests/golden/model-apps.conf",
	"tests/golden/model-files.conf",
	"tests/golden/model-geo.conf",
	"tests/golden/model-guards.conf",
	"tests/golden/model-hygiene.conf",
	"tests/golden/model-limits.conf",
	"tests/golden/model-mac.conf",
	"tests/golden/model-management.conf",
	"tests/golden/model-maps.conf",
	"tests/golden/model-nat.conf",
	"tests/golden/model-observe-rule.conf",
	"tests/golden/model-owner.conf",
	"tests/golden/model-time.conf",
};

/* What is wrong with these is not said by halves. */
static const char *const wrong[] = {
	"tests/golden/files-wrong.conf",   "tests/golden/findings.conf",
	"tests/golden/joined-wrong.conf",  "tests/golden/limit-wrong.conf",
	"tests/golden/nat-wrong.conf",     "tests/golden/time-wrong.conf",
	"tests/golden/undefined.conf",     "tests/golden/unreachable.conf",
	"tests/golden/include-wrong.conf", "tests/golden/zones-overlap.conf",
};

#define COUNT_INT(array) (int)(sizeof(array) / sizeof(*(array)))

static enum fw_err try_compile(const void *arg)
{
	struct policy *p;
	enum fw_err err = compile(arg, &p);

	policy_free(p);
	return err;
}

START_TEST(compile_says_so)
{
	ck_assert_int_eq(try_compile(policies[_i]), FW_OK);
	refuse_everywhere(try_compile, policies[_i], policies[_i]);
}
END_TEST

START_TEST(wrong_policy_says_so)
{
	ck_assert_int_eq(try_compile(wrong[_i]), FW_ERR_POLICY);
	refuse_everywhere(try_compile, wrong[_i], wrong[_i]);
}
END_TEST

/* --- what it becomes ------------------------------------------------------ */

/* A policy, and what was in force before it. */
struct pair {
	struct policy *before, *after;
};

static struct pair pair_of(const char *before, const char *after)
{
	struct pair pair;

	ck_assert_int_eq(compile(before, &pair.before), FW_OK);
	ck_assert_int_eq(compile(after, &pair.after), FW_OK);
	return pair;
}

static void pair_free(struct pair *pair)
{
	policy_free(pair->before);
	policy_free(pair->after);
}

static enum fw_err try_batch(const struct ruleset *loaded,
			     const struct ruleset *wanted,
			     enum queue_target queue)
{
	struct nl_batch b;
	struct arena arena;
	enum fw_err err;

	arena_init(&arena, 0, 0);
	err = backend_nl(loaded, wanted, queue, 1, &arena, &b);
	if (!err)
		nl_batch_done(&b);
	arena_done(&arena);
	return err;
}

static enum fw_err try_new_table(const void *arg)
{
	const struct pair *pair = arg;

	return try_batch(NULL, &pair->after->ruleset, QUEUE_NATIVE);
}

static enum fw_err try_change(const void *arg)
{
	const struct pair *pair = arg;

	return try_batch(&pair->before->ruleset, &pair->after->ruleset,
			 QUEUE_XT);
}

static enum fw_err try_text(const void *arg)
{
	const struct pair *pair = arg;
	struct strbuf out;
	bool failed;

	strbuf_init(&out, 0);
	ir_print(&pair->after->ir, &out);
	ast_print(&pair->after->ast, &out);
	backend_text(&pair->after->ruleset, &out);
	failed = out.failed;
	strbuf_done(&out);
	return failed ? FW_ERR_NOMEM : FW_OK;
}

static enum fw_err try_difference(const void *arg)
{
	const struct pair *pair = arg;
	const struct strbuf *a = &pair->before->canonical;
	const struct strbuf *b = &pair->after->canonical;
	struct flow_diff flows = {0};
	struct text_diff text = {0};
	struct arena arena;

	arena_init(&arena, 0, 0);
	diff_flows(&pair->before->ir, &pair->after->ir, &arena, &flows);
	diff_text(str_mem(a->p, a->len), str_mem(b->p, b->len), &arena, &text);
	arena_done(&arena);
	return flows.failed || text.failed ? FW_ERR_NOMEM : FW_OK;
}

START_TEST(back_ends_say_so)
{
	struct pair pair =
		pair_of("tests/golden/model-addresses.conf", policies[_i]);

	refuse_everywhere(try_new_table, &pair, policies[_i]);
	refuse_everywhere(try_change, &pair, policies[_i]);
	pair_free(&pair);
}
END_TEST

START_TEST(text_says_so)
{
	struct pair pair = pair_of(policies[_i], policies[_i]);

	/* Only its growth asks for memory. */
	ck_assert_int_eq(try_refused(try_text, &pair, 0, false), FW_OK);
	for (size_t n = refusal.asked; n > 0; n--)
		ck_assert_int_eq(try_refused(try_text, &pair, n, false),
				 FW_ERR_NOMEM);
	pair_free(&pair);
}
END_TEST

static const char *const pairs[][2] = {
	{"tests/golden/model-apps.conf", "tests/golden/model-addresses.conf"},
	{"tests/golden/model-guards.conf", "tests/golden/model-limits.conf"},
};

START_TEST(difference_says_so)
{
	struct pair pair = pair_of(pairs[_i][0], pairs[_i][1]);

	refuse_everywhere(try_difference, &pair, pairs[_i][0]);
	pair_free(&pair);
}
END_TEST

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, compile_says_so, 0, COUNT_INT(policies));
	tcase_add_loop_test(tc, wrong_policy_says_so, 0, COUNT_INT(wrong));
	tcase_add_loop_test(tc, back_ends_say_so, 0, COUNT_INT(policies));
	tcase_add_loop_test(tc, text_says_so, 0, COUNT_INT(policies));
	tcase_add_loop_test(tc, difference_says_so, 0, COUNT_INT(pairs));
}

int main(void)
{
	return run_suite("alloc", add);
}
