/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: requests, answers, and the files that go with them. */
#include "agent/control/client.h"
#include "agent/control/server.h"
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 5000

/* Says what it got: "apply a=3:abc b=0:". */
static json_t *tell(void *ctx, const json_t *request,
		    const struct policy_files *files,
		    const struct server_peer *peer)
{
	char text[512];
	size_t n = 0;

	(void)ctx;
	(void)peer;
	n += (size_t)snprintf(
		text, sizeof(text), "%s",
		json_string_value(json_object_get(request, "request")));
	for (size_t i = 0; i < files->n && n < sizeof(text); i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, " %s=%zu:%.3s",
			files->items[i].name, files->items[i].bytes.len,
			files->items[i].bytes.len ? files->items[i].bytes.p
						  : "");
	return json_pack("{s:s}", "got", text);
}

static char path[64];
static struct server *server;

static void setup(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/fw-control-%d", (int)getpid());
	ck_assert_int_eq(server_new(path, tell, NULL, &server), FW_OK);
}

static void teardown(void)
{
	server_free(server);
}

struct asking {
	const struct policy_files *files;
	json_t *answer;
	enum fw_err err;
	bool done;
};

static void *ask(void *arg)
{
	struct asking *a = arg;
	json_t *request = json_pack("{s:s}", "request", "apply");

	a->err = client_ask(path, request, a->files, &a->answer, WAIT_MS);
	json_decref(request);
	__atomic_store_n(&a->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void serve_once(void)
{
	struct pollfd fds[SERVER_CLIENTS + 1];
	int list[SERVER_CLIENTS + 1];
	unsigned n = server_fds(server, list);

	for (unsigned i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = list[i], .events = POLLIN};
	(void)poll(fds, n, 10);
	server_serve(server, 1);
}

/* What the server says to a request with these files. */
static struct asking exchange(const struct policy_files *files)
{
	struct asking a = {.files = files};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, ask, &a), 0);
	for (int i = 0; i < 2000 && !__atomic_load_n(&a.done, __ATOMIC_SEQ_CST);
	     i++)
		serve_once();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	return a;
}

static void expect_got(const struct policy_files *files, const char *text)
{
	struct asking a = exchange(files);

	ck_assert_int_eq(a.err, FW_OK);
	ck_assert_str_eq(json_string_value(json_object_get(a.answer, "got")),
			 text);
	json_decref(a.answer);
}

START_TEST(without_files)
{
	expect_got(NULL, "apply");
}
END_TEST

START_TEST(files_arrive_as_they_were)
{
	const struct policy_file items[] = {
		{.name = "lists/a", .bytes = {"one\ntwo\n", 8}},
		{.name = "/b", .bytes = {NULL, 0}},
		{.name = "c", .bytes = {"\0\xff\n", 3}},
	};
	const struct policy_files files = {items, 3};

	expect_got(&files, "apply lists/a=8:one /b=0: c=3:");
}
END_TEST

START_TEST(a_large_file)
{
	const size_t n = 20UL * 1024 * 1024;
	char *bytes = malloc(n);
	const struct policy_file item = {.name = "big", .bytes = {bytes, n}};
	const struct policy_files files = {&item, 1};

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', n);
	expect_got(&files, "apply big=20971520:xxx");
	free(bytes);
}
END_TEST

START_TEST(too_much_is_not_sent)
{
	/* Never read: the sum of the lengths is refused before. */
	const struct policy_file items[] = {
		{.name = "a", .bytes = {"", BUNDLE_BYTES_MAX}},
		{.name = "b", .bytes = {"", 1}},
	};
	const struct policy_files files = {items, 2};
	struct asking a = exchange(&files);

	ck_assert_int_eq(a.err, FW_ERR_LIMIT);
}
END_TEST

/* Raw bytes to the server; the answer's text, or "" when it hung up. */
static void raw(const char *object, uint32_t announced, const char *bytes,
		char *out, size_t room)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	uint32_t n = (uint32_t)strlen(object);
	const uint8_t header[MESSAGE_HEADER] = {
		(uint8_t)(n >> 24),         (uint8_t)(n >> 16),
		(uint8_t)(n >> 8),          (uint8_t)n,
		(uint8_t)(announced >> 24), (uint8_t)(announced >> 16),
		(uint8_t)(announced >> 8),  (uint8_t)announced};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ssize_t got;

	memcpy(at.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(write(fd, header, sizeof(header)), sizeof(header));
	ck_assert_int_eq(write(fd, object, n), n);
	ck_assert_int_eq(write(fd, bytes, strlen(bytes)),
			 (ssize_t)strlen(bytes));
	for (int i = 0; i < 3; i++)
		serve_once();
	got = recv(fd, out, room - 1, MSG_DONTWAIT);
	out[got > 0 ? got : 0] = '\0';
	if (got > MESSAGE_HEADER)
		memmove(out, out + MESSAGE_HEADER,
			(size_t)got - MESSAGE_HEADER + 1);
	(void)close(fd);
}

START_TEST(files_must_be_as_the_object_says)
{
	static const struct {
		const char *object, *bytes;
	} wrong[] = {
		{"{\"files\":[{\"name\":\"a\",\"len\":2}]}", "xxx"},
		{"{\"files\":[{\"name\":\"a\",\"len\":4}]}", "xxx"},
		{"{\"files\":[{\"name\":\"a\",\"len\":-1}]}", "xxx"},
		{"{\"files\":[{\"name\":\"\",\"len\":3}]}", "xxx"},
		{"{\"files\":[{\"len\":3}]}", "xxx"},
		{"{\"files\":[3]}", "xxx"},
		{"{\"files\":\"a\"}", ""},
		{"{}", "xxx"},
		{"{\"files\":[{\"name\":\"a\",\"len\":1},"
		 "{\"name\":\"a\",\"len\":2}]}",
		 "xxx"},
	};
	char out[512];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		raw(wrong[i].object, (uint32_t)strlen(wrong[i].bytes),
		    wrong[i].bytes, out, sizeof(out));
		ck_assert_msg(strstr(out, "the files are not as"), "%zu: %s", i,
			      out);
	}
	raw("{\"request\":\"apply\",\"files\":[{\"name\":\"a\",\"len\":3}]}", 3,
	    "xyz", out, sizeof(out));
	ck_assert_msg(strstr(out, "apply a=3:xyz"), "%s", out);
}
END_TEST

START_TEST(a_header_out_of_range_ends_it)
{
	char out[512];

	raw("{}", (uint32_t)BUNDLE_BYTES_MAX + 1, "", out, sizeof(out));
	ck_assert_str_eq(out, "");
	raw("", 0, "", out, sizeof(out));
	ck_assert_str_eq(out, "");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, without_files);
	tcase_add_test(tc, files_arrive_as_they_were);
	tcase_add_test(tc, a_large_file);
	tcase_add_test(tc, too_much_is_not_sent);
	tcase_add_test(tc, files_must_be_as_the_object_says);
	tcase_add_test(tc, a_header_out_of_range_ends_it);
}

int main(void)
{
	return run_suite("control", add);
}
