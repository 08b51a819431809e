/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is refused where the kernel is asked about tables, ours and
 * others': what could not be asked is not taken for an answer. */
#include "tests/unit/refusal.h"

#include "agent/kernel/nftapply.h"
#include "agent/kernel/nftforeign.h"
#include "agent/kernel/nlsock.h"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- a kernel ---------------------------------------------------------------
 */

struct dump_bytes {
	char bytes[2048];
	size_t len;
};

/* What it says of chains and rules. */
static struct dump_bytes chains, rules;

/* Its ends of the two sockets that are opened, in their order. */
static int kernel_ends[2];
static unsigned n_ends;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
int __wrap_nlsock_open(void);
int __wrap_nlsock_open(void)
{
	int pair[2];

	FW_ASSERT(n_ends < 2);
	FW_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	kernel_ends[n_ends++] = pair[0];
	return pair[1];
}

enum fw_err __wrap_nlsock_dump(const struct nlmsghdr *nlh, nlsock_take take,
			       void *data);
enum fw_err __wrap_nlsock_dump(const struct nlmsghdr *nlh, nlsock_take take,
			       void *data)
{
	bool of_chains = (nlh->nlmsg_type & 0xff) == NFT_MSG_GETCHAIN;
	const struct dump_bytes *d = of_chains ? &chains : &rules;

	return mnl_cb_run(d->bytes, d->len, nlh->nlmsg_seq, 0, take, data) < 0
		       ? FW_ERR_AGAIN
		       : FW_OK;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void close_kernel(void)
{
	while (n_ends)
		(void)close(kernel_ends[--n_ends]);
}

static void add_done(struct dump_bytes *d)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->bytes + d->len);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = 1;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = 0;
	d->len += nlh->nlmsg_len;
}

static struct nlmsghdr *begin_message(struct dump_bytes *d, uint16_t type)
{
	return nftnl_nlmsg_build_hdr(d->bytes + d->len, type, NFPROTO_INET,
				     NLM_F_MULTI, 1);
}

/* A table of somebody else, whose one chain jumps to another, which drops. */
static struct dump_bytes foreign_chain(void)
{
	struct dump_bytes d = {.len = 0};
	struct nlmsghdr *nlh = begin_message(&d, NFT_MSG_NEWCHAIN);
	struct nftnl_chain *c = nftnl_chain_alloc();

	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, "theirs");
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, "base");
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, NF_INET_FORWARD);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_nlmsg_build_payload(nlh, c);
	nftnl_chain_free(c);
	d.len += nlh->nlmsg_len;
	add_done(&d);
	return d;
}

static void add_rule(struct dump_bytes *d, const char *chain, uint32_t verdict,
		     const char *to)
{
	struct nlmsghdr *nlh = begin_message(d, NFT_MSG_NEWRULE);
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nftnl_expr *e = nftnl_expr_alloc("immediate");

	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, "theirs");
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
	if (to)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, to);
	nftnl_rule_add_expr(r, e);
	nftnl_rule_nlmsg_build_payload(nlh, r);
	nftnl_rule_free(r);
	d->len += nlh->nlmsg_len;
}

static struct dump_bytes foreign_rules(void)
{
	struct dump_bytes d = {.len = 0};

	add_rule(&d, "base", (uint32_t)NFT_JUMP, "other");
	add_rule(&d, "other", NF_DROP, NULL);
	add_done(&d);
	return d;
}

static enum fw_err try_foreign(const void *arg)
{
	struct nft_foreigners found;

	(void)arg;
	nft_foreign("fwagent", &found);
	FW_ASSERT(found.incomplete ||
		  (found.n == 1 && found.items[0].does == FOREIGN_DROPS_REST));
	return found.incomplete ? FW_ERR_NOMEM : FW_OK;
}

START_TEST(what_others_do_is_known_or_said_to_be_unknown)
{
	ck_assert_int_eq(try_foreign(NULL), FW_OK);
	refuse_everywhere(try_foreign, NULL, "others' tables");
}
END_TEST

/* A kernel that takes everything. */
static enum fw_err with_nft(enum fw_err (*ask)(const struct nft *n))
{
	struct nft nft;
	enum fw_err err;

	err = nft_open(&nft);
	if (!err)
		err = ask(&nft);
	nft_close(&nft);
	close_kernel();
	return err;
}

static enum fw_err probe_queue(const struct nft *n)
{
	enum queue_target target = QUEUE_XT;
	enum fw_err err = nft_probe_queue(n, &target);

	FW_ASSERT(err || target == QUEUE_NATIVE);
	return err;
}

static enum fw_err probe_owner(const struct nft *n)
{
	uint32_t flags;
	enum fw_err err = nft_probe_owner(n, &flags);

	FW_ASSERT((err == FW_OK) == (flags != 0));
	return err;
}

static enum fw_err remove_table(const struct nft *n)
{
	return nft_table_remove(n, "fwagent");
}

static enum fw_err claim_table(const struct nft *n)
{
	return nft_table_claim(n, "fwagent", 2);
}

static enum fw_err ask_present(const struct nft *n)
{
	struct dump_bytes d = {.len = 0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d.bytes);
	bool there = false;
	enum fw_err err;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = 1;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct nlmsgerr));
	FW_ASSERT(send(kernel_ends[0], nlh, nlh->nlmsg_len, 0) > 0);
	err = nft_table_present(n, "fwagent", &there);
	FW_ASSERT(there == !err);
	return err;
}

static const struct {
	const char *name;
	enum fw_err (*ask)(const struct nft *n);
} asked[] = {
	{"probe of the queue", probe_queue},
	{"probe of the owner", probe_owner},
	{"removal", remove_table},
	{"claim", claim_table},
	{"presence", ask_present},
};

static enum fw_err try_table(const void *arg)
{
	return with_nft(asked[*(const size_t *)arg].ask);
}

START_TEST(a_table_not_asked_for_is_told)
{
	const size_t i = (size_t)_i;

	ck_assert_int_eq(try_table(&i), FW_OK);
	refuse_everywhere(try_table, &i, asked[i].name);
}
END_TEST

static enum fw_err quiet(const struct nft *n)
{
	struct nft_change change = {0};
	struct dump_bytes theirs = chains;
	uint64_t sum;

	((struct nlmsghdr *)theirs.bytes)->nlmsg_pid = n->port + 1;

	FW_ASSERT(send(kernel_ends[1], theirs.bytes, theirs.len, 0) > 0);
	nft_watch(n, "theirs", &change);
	FW_ASSERT(change.touched);
	for (int i = 0; i < 4; i++)
		FW_ASSERT(send(kernel_ends[0], rules.bytes, rules.len, 0) > 0);
	FW_ASSERT(nft_fingerprint(n, "theirs", &sum) == FW_OK && sum);
	return FW_OK;
}

static enum fw_err try_quiet(const void *arg)
{
	(void)arg;
	return with_nft(quiet);
}

/* What must go on when there is no memory left asks for none. */
START_TEST(watching_takes_no_memory)
{
	ck_assert_int_eq(try_refused(try_quiet, NULL, 1, true), FW_OK);
	ck_assert_uint_eq(refusal.asked, 0);
}
END_TEST

static void setup(void)
{
	chains = foreign_chain();
	rules = foreign_rules();
}

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, what_others_do_is_known_or_said_to_be_unknown);
	tcase_add_loop_test(tc, a_table_not_asked_for_is_told, 0,
			    (int)(sizeof(asked) / sizeof(*asked)));
	tcase_add_test(tc, watching_takes_no_memory);
}

int main(void)
{
	return run_suite("alloc_nft", add);
}
