/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel tells of changes, and when it tells who made them. */
#include "agent/kernel/nftapply.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OURS   7
#define THEIRS 4711

/* The kernel's end, and ours. */
static int ends[2];
static struct nft nft;

static void setup(void)
{
	ck_assert(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	nft = (struct nft){.fd = -1, .port = OURS, .events = ends[1]};
}

static void teardown(void)
{
	ck_assert(!close(ends[0]) && !close(ends[1]));
}

static void tell(uint16_t type, uint32_t port, const char *table)
{
	char buf[512] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *head;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nlh->nlmsg_pid = port;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->nfgen_family = NFPROTO_INET;
	if (table) {
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	} else {
		mnl_attr_put_u32(nlh, NFTA_GEN_ID, htonl(3));
		mnl_attr_put_u32(nlh, NFTA_GEN_PROC_PID, htonl(THEIRS));
		mnl_attr_put_strz(nlh, NFTA_GEN_PROC_NAME, "nft");
	}
	ck_assert_int_eq(send(ends[0], buf, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

static struct nft_change watched(void)
{
	struct nft_change change = {0};

	nft_watch(&nft, "fwagent", &change);
	return change;
}

START_TEST(names_who_changed_the_table)
{
	struct nft_change change;

	tell(NFT_MSG_DELTABLE, THEIRS, "fwagent");
	tell(NFT_MSG_NEWGEN, THEIRS, NULL);
	change = watched();
	ck_assert(change.touched && !change.lost);
	ck_assert_int_eq(change.pid, THEIRS);
	ck_assert_str_eq(change.program, "nft");
}
END_TEST

START_TEST(waits_for_who_it_was)
{
	struct nft_change change;
	pid_t kernel;
	int status;

	tell(NFT_MSG_DELTABLE, THEIRS, "fwagent");
	kernel = fork();
	if (!kernel) {
		(void)usleep(5000);
		tell(NFT_MSG_NEWGEN, THEIRS, NULL);
		_exit(0);
	}
	change = watched();
	ck_assert(waitpid(kernel, &status, 0) == kernel && !status);
	ck_assert(change.touched);
	ck_assert_int_eq(change.pid, THEIRS);
}
END_TEST

START_TEST(does_not_wait_forever)
{
	struct nft_change change;

	tell(NFT_MSG_DELTABLE, THEIRS, "fwagent");
	change = watched();
	ck_assert(change.touched && !change.pid);
}
END_TEST

START_TEST(minds_its_own_business)
{
	struct nft_change change;

	tell(NFT_MSG_NEWRULE, OURS, "fwagent");
	tell(NFT_MSG_NEWGEN, OURS, NULL);
	tell(NFT_MSG_NEWRULE, THEIRS, "docker");
	tell(NFT_MSG_NEWGEN, THEIRS, NULL);
	change = watched();
	ck_assert(!change.touched && !change.pid);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names_who_changed_the_table);
	tcase_add_test(tc, waits_for_who_it_was);
	tcase_add_test(tc, does_not_wait_forever);
	tcase_add_test(tc, minds_its_own_business);
}

int main(void)
{
	return run_suite("watch", add);
}
