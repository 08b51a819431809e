/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/limits.h"
#include "agent/store/durable.h"
#include "agent/store/store.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/fwstore.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	durable_remove_folder(fd, "generations");
	(void)close(fd);
	durable_remove_folder(AT_FDCWD, dir);
}

static struct store opened(void)
{
	struct store s;

	ck_assert_int_eq(store_open(dir, &s), FW_OK);
	return s;
}

static unsigned added(struct store *s, const char *text,
		      const struct policy_files *files)
{
	struct generation g = {.time = 1700000000,
			       .rules = 3,
			       .state = GENERATION_PENDING,
			       .digest = "0123456789abcdef",
			       .author = "root",
			       .told = "sudo anna",
			       .comment = "why \"not\""};

	ck_assert_int_eq(store_add(s, &g, str_of(text), files), FW_OK);
	return g.number;
}

START_TEST(what_was_added_is_read_back)
{
	const struct policy_file files[] = {
		{.name = "lists/a.txt", .bytes = str_of("192.0.2.1\n")},
		{.name = "/b", .bytes = str_of("")}};
	const struct policy_files bundle = {.items = files, .n = 2};
	struct store s = opened();
	unsigned n = added(&s, "version = 1;", &bundle);
	struct policy_files got;
	struct generation g;
	struct str text;

	ck_assert_uint_eq(n, 1);
	store_close(&s);
	s = opened();
	ck_assert_int_eq(store_get(&s, n, &g), FW_OK);
	ck_assert_str_eq(g.comment, "why \"not\"");
	ck_assert_str_eq(g.told, "sudo anna");
	ck_assert_int_eq(g.state, GENERATION_PENDING);
	ck_assert_int_eq(store_load(&s, n, &text, &got), FW_OK);
	ck_assert_str_eq(text.p, "version = 1;");
	ck_assert_uint_eq(got.n, 2);
	ck_assert_str_eq(got.items[0].name, "lists/a.txt");
	ck_assert(str_is(got.items[0].bytes, "192.0.2.1\n"));
	ck_assert_str_eq(got.items[1].name, "/b");
	str_free(text);
	store_files_free(&got);
	ck_assert_int_eq(store_get(&s, 2, &g), FW_ERR_NOENT);
	store_close(&s);
}
END_TEST

START_TEST(the_same_file_is_stored_once)
{
	const struct policy_file file = {.name = "x", .bytes = str_of("same")};
	const struct policy_files bundle = {.items = &file, .n = 1};
	struct store s = opened();
	struct stat st;

	ck_assert_int_eq(
		store_point(&s, STORE_CURRENT, added(&s, "1", &bundle)), FW_OK);
	(void)added(&s, "2", &bundle);
	ck_assert_int_eq(fstatat(s.generations, "000002/files/0000", &st, 0),
			 0);
	ck_assert_uint_eq(st.st_nlink, 2);
	store_close(&s);
}
END_TEST

START_TEST(pointers_and_pending_come_and_go)
{
	struct store s = opened();
	struct pending p = {.generation = 2,
			    .previous = 1,
			    .seconds = 120,
			    .deadline_ns = 1ULL << 60,
			    .boot_id = "boot",
			    .deadline = 1700000120},
		       got;

	ck_assert_uint_eq(store_pointer(&s, STORE_CURRENT), 0);
	(void)added(&s, "a", NULL);
	(void)added(&s, "b", NULL);
	ck_assert_int_eq(store_point(&s, STORE_CURRENT, 2), FW_OK);
	ck_assert_int_eq(store_point(&s, STORE_CONFIRMED, 1), FW_OK);
	ck_assert_int_eq(store_pending(&s, &got), FW_ERR_NOENT);
	ck_assert_int_eq(store_pending_set(&s, &p), FW_OK);
	ck_assert_int_eq(store_pending(&s, &got), FW_OK);
	ck_assert_uint_eq(got.previous, 1);
	ck_assert_uint_eq(got.deadline_ns, 1ULL << 60);
	ck_assert_str_eq(got.boot_id, "boot");
	ck_assert_uint_eq(store_pointer(&s, STORE_CURRENT), 2);
	ck_assert_uint_eq(store_pointer(&s, STORE_CONFIRMED), 1);
	ck_assert_int_eq(store_pending_clear(&s), FW_OK);
	ck_assert_int_eq(store_pending_clear(&s), FW_OK);
	ck_assert_int_eq(store_pending(&s, &got), FW_ERR_NOENT);
	ck_assert_int_eq(store_point(&s, STORE_CURRENT, 0), FW_OK);
	ck_assert_uint_eq(store_pointer(&s, STORE_CURRENT), 0);
	store_close(&s);
}
END_TEST

START_TEST(the_oldest_are_forgotten_but_not_the_confirmed)
{
	struct store s = opened();
	unsigned all[LIMIT_GENERATIONS * 2];
	size_t n;

	for (unsigned i = 0; i < LIMIT_GENERATIONS + 10; i++) {
		(void)added(&s, "x", NULL);
		if (i == 2)
			ck_assert_int_eq(store_point(&s, STORE_CONFIRMED, 3),
					 FW_OK);
	}
	n = store_list(&s, all, sizeof(all) / sizeof(*all));
	ck_assert_uint_eq(n, LIMIT_GENERATIONS + 1);
	ck_assert_uint_eq(all[0], LIMIT_GENERATIONS + 10);
	ck_assert_uint_eq(all[n - 1], 3);
	store_close(&s);
}
END_TEST

START_TEST(the_one_policy_of_older_versions_is_taken_over)
{
	struct policy_files files;
	struct str text;
	struct store s;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(durable_write(fd, "current.conf", str_of("old")),
			 FW_OK);
	s = opened();
	ck_assert_uint_eq(store_pointer(&s, STORE_CURRENT), 1);
	ck_assert_uint_eq(store_pointer(&s, STORE_CONFIRMED), 1);
	ck_assert_int_eq(store_load(&s, 1, &text, &files), FW_OK);
	ck_assert_str_eq(text.p, "old");
	ck_assert_int_ne(faccessat(fd, "current.conf", F_OK, 0), 0);
	str_free(text);
	store_close(&s);
	(void)close(fd);
}
END_TEST

/* --- a crash at every system call ------------------------------------------
 */

/* What an apply and its confirmation do to the store. */
static void apply_and_confirm(void)
{
	const struct policy_file file = {.name = "x", .bytes = str_of("same")};
	const struct policy_files bundle = {.items = &file, .n = 1};
	struct generation g = {.state = GENERATION_PENDING, .digest = "new"};
	struct pending p = {.previous = 1, .seconds = 1};
	struct store s;
	bool done;

	if (store_open(dir, &s) != FW_OK)
		_exit(1);
	done = store_add(&s, &g, str_of("new"), &bundle) == FW_OK;
	p.generation = g.number;
	done = done && store_pending_set(&s, &p) == FW_OK &&
	       store_point(&s, STORE_CURRENT, g.number) == FW_OK &&
	       store_point(&s, STORE_CONFIRMED, g.number) == FW_OK &&
	       store_set_state(&s, g.number, GENERATION_CONFIRMED) == FW_OK &&
	       store_pending_clear(&s) == FW_OK;
	_exit(done ? 0 : 1);
}

/* A child that is killed at its n-th stop; true when it ended before. */
static bool ended_before(unsigned stops)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		apply_and_confirm();
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	for (unsigned i = 0; i < stops && WIFSTOPPED(status); i++) {
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	if (WIFEXITED(status)) {
		ck_assert_int_eq(WEXITSTATUS(status), 0);
		return true;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return false;
}

/* One of the two texts, with all that belongs to it. */
static void expect_whole(const struct store *s, unsigned n)
{
	const char *wanted = n == 1 ? "old" : "new";
	struct policy_files files;
	struct generation g;
	struct str text;

	ck_assert(n && !store_get(s, n, &g));
	ck_assert(!store_load(s, n, &text, &files));
	ck_assert(!strcmp(text.p, wanted) && !strcmp(g.digest, wanted));
	ck_assert_uint_eq(files.n, n == 1 ? 0 : 1);
	str_free(text);
	store_files_free(&files);
}

/* Whatever is pointed at is whole. */
static void expect_readable(void)
{
	struct store s = opened();
	struct generation g;
	struct pending p;

	expect_whole(&s, store_pointer(&s, STORE_CURRENT));
	expect_whole(&s, store_pointer(&s, STORE_CONFIRMED));
	if (store_pending(&s, &p) == FW_OK) {
		ck_assert_uint_eq(p.previous, 1);
		ck_assert_int_eq(store_get(&s, p.generation, &g), FW_OK);
	}
	store_close(&s);
}

START_TEST(a_crash_at_any_call_leaves_a_readable_store)
{
	bool ended = false;

	for (unsigned stops = 1; !ended && stops < 4000; stops++) {
		struct generation g = {.digest = "old"};
		struct store s = opened();

		ck_assert_int_eq(store_add(&s, &g, str_of("old"), NULL), FW_OK);
		ck_assert_int_eq(store_point(&s, STORE_CURRENT, 1), FW_OK);
		ck_assert_int_eq(store_point(&s, STORE_CONFIRMED, 1), FW_OK);
		store_close(&s);
		ended = ended_before(stops);
		expect_readable();
		teardown();
		setup();
	}
	ck_assert(ended);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_was_added_is_read_back);
	tcase_add_test(tc, the_same_file_is_stored_once);
	tcase_add_test(tc, pointers_and_pending_come_and_go);
	tcase_add_test(tc, the_oldest_are_forgotten_but_not_the_confirmed);
	tcase_add_test(tc, the_one_policy_of_older_versions_is_taken_over);
	tcase_add_test(tc, a_crash_at_any_call_leaves_a_readable_store);
}

int main(void)
{
	return run_suite("store", add);
}
