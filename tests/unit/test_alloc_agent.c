/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is refused to the agent: what it was about to do is done whole or
 * not at all, who asked is told so, and what was made until then is freed.
 */
#include "tests/unit/refusal.h"

#include "agent/control/client.h"
#include "agent/control/message.h"
#include "agent/control/server.h"
#include "agent/json.h"
#include "agent/kernel/conntrack.h"
#include "agent/store/durable.h"
#include "agent/store/store.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 2000

/* At each request of the trial: it did all, or says that it could not, and
 * `look` finds what it should. */
static void refuse_each(trial *t, const void *arg,
			void (*look)(const void *arg, enum fw_err err))
{
	size_t requests;

	ck_assert_int_eq(try_refused(t, arg, 0, false), FW_OK);
	look(arg, FW_OK);
	requests = refusal.asked;
	ck_assert_uint_gt(requests, 0);
	for (size_t at = 1; at <= requests; at++) {
		enum fw_err err = try_refused(t, arg, at, false);

		ck_assert_msg(err == FW_OK || err == FW_ERR_NOMEM,
			      "request %zu refused: \"%s\"", at,
			      fw_err_text(err));
		look(arg, err);
	}
}

/* --- connections ---------------------------------------------------------- */

/* The kernel's end of the socket that is opened next. */
static int kernel_end = -1, our_end = -1;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
int __wrap_nlsock_open(void);
int __wrap_nlsock_open(void)
{
	return our_end;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void open_kernel(void)
{
	int pair[2];

	FW_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	kernel_end = pair[0];
	our_end = pair[1];
}

static const struct conntrack_tuple tuple = {
	.src = {.bytes = {10, 0, 0, 1}, .family = IP_V4},
	.dst = {.bytes = {192, 0, 2, 1}, .family = IP_V4},
	.sport = 50000,
	.dport = 443,
	.l4 = IPPROTO_TCP};

struct dump_bytes {
	char bytes[2048];
	size_t len;
};

static void add_message(struct dump_bytes *d, uint16_t type,
			struct nf_conntrack *ct)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->bytes + d->len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = 1;
	if (ct) {
		struct nfgenmsg *nfg =
			mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

		nfg->nfgen_family = AF_INET;
		ck_assert_int_ge(nfct_nlmsg_build(nlh, ct), 0);
	} else {
		*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = 0;
	}
	d->len += nlh->nlmsg_len;
}

/* What a kernel with two connections answers. */
static struct dump_bytes two_connections(void)
{
	struct dump_bytes d = {.len = 0};
	struct nf_conntrack *ct = nfct_new();

	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
	nfct_set_attr(ct, ATTR_ORIG_IPV4_SRC, tuple.src.bytes);
	nfct_set_attr(ct, ATTR_ORIG_IPV4_DST, tuple.dst.bytes);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, IPPROTO_TCP);
	nfct_set_attr_u16(ct, ATTR_ORIG_PORT_SRC, htons(50000));
	nfct_set_attr_u16(ct, ATTR_ORIG_PORT_DST, htons(443));
	nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
	nfct_set_attr_u32(ct, ATTR_MARK, 5);
	for (int i = 0; i < 2; i++)
		add_message(&d, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
			    ct);
	add_message(&d, NLMSG_DONE, NULL);
	nfct_destroy(ct);
	return d;
}

static void count_flow(void *ctx, const struct conntrack_flow *flow)
{
	FW_ASSERT(flow->dport == 443);
	++*(unsigned *)ctx;
}

static enum fw_err try_dump(const void *arg)
{
	const struct dump_bytes *d = arg;
	unsigned seen = 0;
	enum fw_err err;

	open_kernel();
	FW_ASSERT(send(kernel_end, d->bytes, d->len, 0) == (ssize_t)d->len);
	err = conntrack_dump(5, 0xff, count_flow, &seen);
	FW_ASSERT(seen == (err ? 1 : 2));
	(void)close(kernel_end);
	return err;
}

START_TEST(connections_not_looked_at_are_told)
{
	const struct dump_bytes d = two_connections();

	for (size_t at = 1; at <= 2; at++)
		ck_assert_int_eq(try_refused(try_dump, &d, at, false),
				 FW_ERR_NOMEM);
	ck_assert_int_eq(try_refused(try_dump, &d, 0, false), FW_OK);
	ck_assert_uint_eq(refusal.asked, 2);
}
END_TEST

static enum fw_err try_mark(const void *arg)
{
	const struct conntrack_tuple both[] = {tuple, tuple};
	enum fw_err err;

	(void)arg;
	open_kernel();
	err = conntrack_mark(both, 2, 5, 0xff);
	(void)close(kernel_end);
	return err;
}

START_TEST(connections_not_marked_are_told)
{
	refuse_everywhere(try_mark, NULL, "marks");
}
END_TEST

/* --- what is stored ------------------------------------------------------- */

static char dir[64];
static struct store store;

static const struct policy_file list[] = {
	{.name = "lists/a.txt", .bytes = {"192.0.2.1\n", 10}},
	{.name = "b", .bytes = {"example.org\n", 12}}};
static const struct policy_files bundle = {.items = list, .n = 2};

static enum fw_err add_generation(struct generation *g)
{
	*g = (struct generation){.state = GENERATION_PENDING, .digest = "d"};
	return store_add(&store, g, str_of("version = 1;"), &bundle);
}

static void setup_store(void)
{
	struct generation g;

	(void)snprintf(dir, sizeof(dir), "/tmp/fwalloc.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(store_open(dir, &store), FW_OK);
	ck_assert_int_eq(add_generation(&g), FW_OK);
	ck_assert_int_eq(store_point(&store, STORE_CURRENT, 1), FW_OK);
}

static void teardown_store(void)
{
	store_close(&store);
	durable_remove_folder(AT_FDCWD, dir);
}

static void expect_whole(unsigned number)
{
	struct policy_files files;
	struct str text;

	ck_assert_int_eq(store_load(&store, number, &text, &files), FW_OK);
	ck_assert(str_is(text, "version = 1;"));
	ck_assert_uint_eq(files.n, 2);
	ck_assert_str_eq(files.items[1].name, "b");
	ck_assert(str_eq(files.items[1].bytes, list[1].bytes));
	str_free(text);
	store_files_free(&files);
}

static enum fw_err try_add(const void *arg)
{
	struct generation g;

	(void)arg;
	return add_generation(&g);
}

/* Another generation than the first is there if and only if it was added. */
static void look_at_added(const void *arg, enum fw_err err)
{
	unsigned all[8];
	size_t n = store_list(&store, all, 8);

	(void)arg;
	ck_assert_uint_eq(n, err ? 1 : 2);
	expect_whole(all[0]);
	expect_whole(1);
	if (!err)
		store_forget(&store, all[0]);
}

START_TEST(a_generation_is_stored_whole_or_not_at_all)
{
	refuse_each(try_add, NULL, look_at_added);
}
END_TEST

static enum fw_err try_load(const void *arg)
{
	struct policy_files files;
	struct str text;
	enum fw_err err = store_load(&store, 1, &text, &files);

	(void)arg;
	FW_ASSERT(files.n == (err ? 0 : 2));
	str_free(text);
	store_files_free(&files);
	return err;
}

START_TEST(a_generation_is_read_whole_or_not_at_all)
{
	refuse_everywhere(try_load, NULL, "generation");
}
END_TEST

static enum fw_err try_state(const void *arg)
{
	(void)arg;
	return store_set_state(&store, 1, GENERATION_CONFIRMED);
}

static void look_at_state(const void *arg, enum fw_err err)
{
	struct generation g;

	(void)arg;
	ck_assert_int_eq(store_get(&store, 1, &g), FW_OK);
	ck_assert_int_eq(g.state,
			 err ? GENERATION_PENDING : GENERATION_CONFIRMED);
	ck_assert_str_eq(g.digest, "d");
	expect_whole(1);
	ck_assert_int_eq(store_set_state(&store, 1, GENERATION_PENDING), FW_OK);
}

START_TEST(what_became_of_it_is_written_without_loss)
{
	refuse_each(try_state, NULL, look_at_state);
}
END_TEST

static enum fw_err try_pending(const void *arg)
{
	const struct pending p = {.generation = 1, .boot_id = "b"};

	(void)arg;
	return store_pending_set(&store, &p);
}

static void look_at_pending(const void *arg, enum fw_err err)
{
	struct pending p;

	(void)arg;
	ck_assert_int_eq(store_pending(&store, &p), err ? FW_ERR_NOENT : FW_OK);
	ck_assert_int_eq(store_pending_clear(&store), FW_OK);
}

START_TEST(what_is_pending_is_written_or_not)
{
	refuse_each(try_pending, NULL, look_at_pending);
}
END_TEST

static enum fw_err try_what_is_pending(const void *arg)
{
	struct pending p;

	(void)arg;
	return store_pending(&store, &p);
}

START_TEST(what_is_pending_is_never_taken_for_nothing)
{
	ck_assert_int_eq(try_pending(NULL), FW_OK);
	refuse_everywhere(try_what_is_pending, NULL, "what is pending");
}
END_TEST

static enum fw_err try_record(const void *arg)
{
	json_t *record;
	enum fw_err err = store_record(&store, arg, &record);

	FW_ASSERT((err == FW_OK) == (record != NULL));
	json_decref(record);
	return err;
}

START_TEST(a_record_is_never_taken_for_none)
{
	json_t *none;

	ck_assert_int_eq(store_record(&store, "panic.json", &none), FW_OK);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(store_record_set(&store, "panic.json",
					  json_pack("{s:b}", "on", 1)),
			 FW_OK);
	refuse_everywhere(try_record, "panic.json", "record");
}
END_TEST

/* --- what is said over the control socket ----------------------------------
 */

static const char written[] = "{\"a\":[1,2.5,true,null,\"\xc3\xa9\"],"
			      "\"b\":{\"a long word to grow by\":\"another\"}}";

static char *again;

static enum fw_err try_read_and_write(const void *arg)
{
	json_t *o;
	enum fw_err err = json_read(str_of(arg), &o);

	again = NULL;
	if (err)
		return err;
	again = json_write(o, JSON_COMPACT);
	json_decref(o);
	return again ? FW_OK : FW_ERR_NOMEM;
}

static void look_at_written(const void *arg, enum fw_err err)
{
	if (!err)
		ck_assert_str_eq(again, arg);
	free(again);
}

START_TEST(json_without_memory_is_neither_bad_nor_cut)
{
	refuse_each(try_read_and_write, written, look_at_written);
	ck_assert_int_eq(try_read_and_write("{\"a\": }"), FW_ERR_INVAL);
	ck_assert_int_eq(try_read_and_write(""), FW_ERR_INVAL);
}
END_TEST

static char path[64];
static struct server *server;

static json_t *tell(void *ctx, const json_t *request,
		    const struct policy_files *files,
		    const struct server_peer *peer)
{
	(void)ctx;
	(void)request;
	(void)peer;
	return json_pack("{s:i}", "files", (int)files->n);
}

static void setup_server(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/fw-alloc-%d", (int)getpid());
	ck_assert_int_eq(server_new(path, tell, NULL, &server), FW_OK);
}

static void teardown_server(void)
{
	server_free(server);
}

static int connected(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, path, strlen(path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static enum fw_err try_serve(const void *arg)
{
	(void)arg;
	server_serve(server, 1);
	return FW_OK;
}

/* One request with two files, while the n-th request for memory of the server
 * is refused: its answer, owned. */
static json_t *answer_at(size_t n)
{
	json_t *request = json_pack("{s:s}", "request", "apply"), *answer;
	int fd = connected();

	ck_assert_int_eq(message_send(fd, request, &bundle, WAIT_MS), FW_OK);
	json_decref(request);
	ck_assert_int_eq(try_refused(try_serve, NULL, n, false), FW_OK);
	ck_assert_int_eq(message_receive(fd, &answer, WAIT_MS), FW_OK);
	(void)close(fd);
	return answer;
}

static bool says_files(const json_t *answer)
{
	return json_integer_value(json_object_get(answer, "files")) == 2;
}

static bool says_no_memory(const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	return error && !strcmp(error, "out of memory") &&
	       json_integer_value(json_object_get(answer, "exit")) == 1;
}

START_TEST(every_request_has_an_answer)
{
	json_t *answer = answer_at(0);
	size_t requests = refusal.asked;

	ck_assert(says_files(answer));
	json_decref(answer);
	for (size_t n = 1; n <= requests; n++) {
		answer = answer_at(n);
		ck_assert_msg(says_files(answer) || says_no_memory(answer),
			      "request %zu refused", n);
		json_decref(answer);
	}
}
END_TEST

/* Both ends of a message, in one process. */
static enum fw_err try_message(const void *arg)
{
	json_t *request = json_pack("{s:s}", "request", "status");
	json_t *got = NULL;
	int pair[2];
	enum fw_err err;

	(void)arg;
	FW_ASSERT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	err = request ? message_send(pair[0], request, NULL, WAIT_MS)
		      : FW_ERR_NOMEM;
	if (!err)
		err = message_receive(pair[1], &got, WAIT_MS);
	FW_ASSERT(err || json_equal(got, request));
	json_decref(got);
	json_decref(request);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return err;
}

static void look_at_nothing(const void *arg, enum fw_err err)
{
	(void)arg;
	(void)err;
}

START_TEST(a_message_is_whole_or_says_so)
{
	refuse_each(try_message, NULL, look_at_nothing);
}
END_TEST

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, connections_not_looked_at_are_told);
	tcase_add_test(tc, connections_not_marked_are_told);
	tcase_add_test(tc, json_without_memory_is_neither_bad_nor_cut);
	tcase_add_test(tc, a_message_is_whole_or_says_so);
}

static void add_stored(TCase *tc)
{
	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup_store, teardown_store);
	tcase_add_test(tc, a_generation_is_stored_whole_or_not_at_all);
	tcase_add_test(tc, a_generation_is_read_whole_or_not_at_all);
	tcase_add_test(tc, what_became_of_it_is_written_without_loss);
	tcase_add_test(tc, what_is_pending_is_written_or_not);
	tcase_add_test(tc, what_is_pending_is_never_taken_for_nothing);
	tcase_add_test(tc, a_record_is_never_taken_for_none);
}

static void add_served(TCase *tc)
{
	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup_server, teardown_server);
	tcase_add_test(tc, every_request_has_an_answer);
}

int main(void)
{
	/* From the first text on the library asks where it can be refused. */
	if (try_read_and_write(written))
		return 1;
	free(again);
	return run_suite("alloc_agent", add) |
	       run_suite("alloc_store", add_stored) |
	       run_suite("alloc_server", add_served);
}
