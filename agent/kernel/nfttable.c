/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of the kernel about a table, and done to it as a whole. */
#include "agent/kernel/nftapply.h"

#include "agent/kernel/nlsock.h"
#include "policy/base/hash.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#define ANSWER_TIMEOUT_MS 5000
#define ANSWER_ROOM       4096
#define BATCH_ROOM        1024
#define DUMP_ROOM         65536

/* Since Linux 5.12 and 6.9; the headers of this system may be older. */
#define TABLE_OWNER   0x2
#define TABLE_PERSIST 0x4

#define PROBE_TABLE "fwagent_probe"

/* --- the queue --------------------------------------------------------------
 */

static enum fw_err probe_one(const struct nft *n, enum queue_target target,
			     int *out_errnum)
{
	struct arena arena;
	struct nl_batch batch;
	struct nft_errors errors;
	enum fw_err err;

	arena_init(&arena, 0, 0);
	err = backend_nl_probe(target, &arena, &batch);
	if (!err) {
		err = nft_send(n, &batch, &errors);
		*out_errnum = errors.n ? errors.items[0].errnum : 0;
		nl_batch_done(&batch);
	}
	arena_done(&arena);
	return err;
}

enum fw_err nft_probe_queue(const struct nft *n, enum queue_target *out_target)
{
	static const enum queue_target targets[] = {QUEUE_NATIVE, QUEUE_XT};
	int errnum = 0;

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		enum fw_err err = probe_one(n, targets[i], &errnum);

		if (!err) {
			*out_target = targets[i];
			return FW_OK;
		}
		if (err == FW_ERR_PERM || err == FW_ERR_NOMEM)
			return err;
		/* A batch for a subsystem that is not there. */
		if (errnum == 0 || errnum == EOPNOTSUPP)
			return FW_ERR_NOENT;
	}
	return FW_ERR_UNSUPPORTED;
}

/* --- batches about the table ------------------------------------------------
 */

struct small_batch {
	char bytes[BATCH_ROOM];
	struct nl_batch batch;
	uint32_t seq;
};

static void small_begin(struct small_batch *b)
{
	memset(b, 0, sizeof(*b));
	b->batch.bytes = b->bytes;
	b->batch.len = nftnl_batch_begin(b->bytes, 0)->nlmsg_len;
}

static void small_table(struct small_batch *b, uint16_t type, uint16_t flags,
			const char *table, uint32_t table_flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(
		b->bytes + b->batch.len, type, NFPROTO_INET, flags, ++b->seq);

	if (!t || nftnl_table_set_str(t, NFTNL_TABLE_NAME, table) < 0)
		b->batch.failed = true;
	if (t && table_flags)
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, table_flags);
	if (!t)
		return;
	nftnl_table_nlmsg_build_payload(nlh, t);
	nftnl_table_free(t);
	b->batch.len += nlh->nlmsg_len;
}

static enum fw_err small_send(const struct nft *n, struct small_batch *b,
			      bool commit)
{
	struct nft_errors errors;

	if (b->batch.failed)
		return FW_ERR_NOMEM;
	if (commit)
		b->batch.len +=
			nftnl_batch_end(b->bytes + b->batch.len, ++b->seq)
				->nlmsg_len;
	return nft_send(n, &b->batch, &errors);
}

/* Checked by the kernel and thrown away, without its end message. */
enum fw_err nft_probe_owner(const struct nft *n, uint32_t *out_flags)
{
	const uint32_t flags = TABLE_OWNER | TABLE_PERSIST;
	struct small_batch b;

	*out_flags = 0;

	small_begin(&b);
	small_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, PROBE_TABLE, flags);
	if (b.batch.failed)
		return FW_ERR_NOMEM;
	if (small_send(n, &b, false) == FW_OK)
		*out_flags = flags;
	return FW_OK;
}

enum fw_err nft_table_remove(const struct nft *n, const char *table)
{
	struct small_batch b;

	small_begin(&b);
	/* Adding it first makes the removal sure to find one. */
	small_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, table, 0);
	small_table(&b, NFT_MSG_DELTABLE, 0, table, 0);
	return small_send(n, &b, true);
}

enum fw_err nft_table_claim(const struct nft *n, const char *table,
			    uint32_t flags)
{
	struct small_batch b;

	small_begin(&b);
	small_table(&b, NFT_MSG_NEWTABLE, 0, table, flags);
	return small_send(n, &b, true);
}

/* --- questions --------------------------------------------------------------
 */

enum fw_err nft_table_present(const struct nft *n, const char *table,
			      bool *out_there)
{
	_Alignas(struct nlmsghdr) char buf[512] = {0};
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh;
	int errnum = ENOMEM;

	if (!t)
		return FW_ERR_NOMEM;
	if (nftnl_table_set_str(t, NFTNL_TABLE_NAME, table) == 0) {
		nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETTABLE, NFPROTO_INET,
					    0, 1);
		nftnl_table_nlmsg_build_payload(nlh, t);
		errnum = nlsock_request(n->fd, nlh, ANSWER_TIMEOUT_MS);
	}
	nftnl_table_free(t);
	if (errnum && errnum != ENOENT)
		return fw_err_of_errno(errnum);
	*out_there = errnum == 0;
	return FW_OK;
}

static const struct nlattr *attr_find(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static int take_genid(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *id = attr_find(nlh, NFTA_GEN_ID);

	if ((nlh->nlmsg_type & 0xff) == NFT_MSG_NEWGEN && id)
		*(uint32_t *)data = ntohl(mnl_attr_get_u32(id));
	return MNL_CB_OK;
}

enum fw_err nft_genid(const struct nft *n, uint32_t *out_genid)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_ROOM] = {0};
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETGEN,
						     NFPROTO_UNSPEC, 0, 1);
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	ssize_t got;

	*out_genid = 0;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if (send(n->fd, nlh, nlh->nlmsg_len, 0) < 0)
		return fw_err_of_errno(errno);
	if (poll(&p, 1, ANSWER_TIMEOUT_MS) != 1)
		return FW_ERR_TIMEOUT;
	got = recv(n->fd, buf, sizeof(buf), 0);
	if (got < 0)
		return fw_err_of_errno(errno);
	(void)mnl_cb_run(buf, (size_t)got, 0, 0, take_genid, out_genid);
	return *out_genid ? FW_OK : FW_ERR_IO;
}

/* --- what is there ----------------------------------------------------------
 */

struct fingerprint {
	const char *table;
	uint64_t sum;
};

/* What stands second and third: of a chain handle and name, of a rule its chain
 * and handle, of others name and kind. */
static int take_object(const struct nlmsghdr *nlh, void *data)
{
	static const uint16_t attrs[] = {NFTA_CHAIN_HANDLE, NFTA_CHAIN_NAME};
	struct fingerprint *f = data;
	const struct nlattr *table = attr_find(nlh, NFTA_CHAIN_TABLE);
	uint64_t hash = nlh->nlmsg_type;

	if (!table || strcmp(mnl_attr_get_str(table), f->table) != 0)
		return MNL_CB_OK;
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++) {
		const struct nlattr *a = attr_find(nlh, attrs[i]);

		if (a)
			hash = hash * 1099511628211ULL ^
			       hash_text(mnl_attr_get_payload(a),
					 mnl_attr_get_payload_len(a));
	}
	/* In whatever order they come. */
	f->sum += hash;
	return MNL_CB_OK;
}

static enum fw_err dump(const struct nft *n, uint16_t type,
			struct fingerprint *f)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[DUMP_ROOM];
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, type, NFPROTO_INET, NLM_F_DUMP, 1);
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	int more = 1;

	nlh->nlmsg_flags |= NLM_F_REQUEST;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, f->table);
	if (send(n->fd, nlh, nlh->nlmsg_len, 0) < 0)
		return fw_err_of_errno(errno);
	while (more > 0) {
		ssize_t got = poll(&p, 1, ANSWER_TIMEOUT_MS) == 1
				      ? recv(n->fd, buf, sizeof(buf), 0)
				      : -1;

		more = got < 0 ? -1
			       : mnl_cb_run(buf, (size_t)got, 1, 0, take_object,
					    f);
	}
	return more < 0 ? FW_ERR_AGAIN : FW_OK;
}

enum fw_err nft_fingerprint(const struct nft *n, const char *table,
			    uint64_t *out)
{
	static const uint16_t kinds[] = {NFT_MSG_GETCHAIN, NFT_MSG_GETRULE,
					 NFT_MSG_GETSET, NFT_MSG_GETOBJ};
	struct fingerprint f = {.table = table};
	enum fw_err err = FW_OK;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !err; i++)
		err = dump(n, kinds[i], &f);
	*out = f.sum;
	return err;
}
