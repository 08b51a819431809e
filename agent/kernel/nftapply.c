/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nftapply.h"

#include "agent/kernel/nlsock.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER    (4 * 1024 * 1024)
#define ANSWERS_ROOM      65536
#define ANSWER_TIMEOUT_MS 5000

static void note_error(struct nft_errors *errors, uint32_t seq, int errnum)
{
	if (errors->n == NFT_ERRORS_MAX) {
		errors->more++;
		return;
	}
	errors->items[errors->n++] =
		(struct nft_error){.seq = seq, .errnum = errnum};
}

/* Everything has been processed when sendto() returns: what there is to read
 * is there by now. */
static void drain(int fd, struct nft_errors *errors)
{
	static _Thread_local char buf[ANSWERS_ROOM];
	int errnum;
	uint32_t seq;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		int left = (int)n;
		const struct nlmsghdr *at = (const struct nlmsghdr *)buf;

		if (n < 0 && errno == ENOBUFS) {
			errors->more++;
			continue;
		}
		if (n <= 0)
			return;
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			if (nlsock_error(at, &errnum, &seq) && errnum)
				note_error(errors, seq, errnum);
	}
}

enum fw_err nft_send(const struct nl_batch *batch, struct nft_errors *errors)
{
	int fd = nlsock_open();
	int room = (int)batch->len + 4096;
	enum fw_err err = FW_OK;
	int saved;

	*errors = (struct nft_errors){0};
	if (fd < 0)
		return fw_err_of_errno(errno);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room,
				 sizeof(room));
	nlsock_receive_buffer(fd, RECEIVE_BUFFER);
	if (send(fd, batch->bytes, batch->len, 0) < 0)
		err = fw_err_of_errno(errno);
	saved = errno;
	if (!err) {
		drain(fd, errors);
		if (errors->n || errors->more)
			err = fw_err_of_errno(
				errors->n ? errors->items[0].errnum : ENOBUFS);
	}
	(void)close(fd);
	errno = saved;
	return err;
}

const char *nft_error_text(int errnum)
{
	switch (errnum) {
	case EPERM:
		return "not permitted: it takes CAP_NET_ADMIN, or the table "
		       "belongs to another program";
	case ENOENT:
		return "something it names is not there, or the kernel lacks "
		       "the expression";
	case EEXIST:
		return "overlaps with what is there";
	case EOPNOTSUPP:
		return "the kernel does not support it";
	case EINVAL:
		return "the kernel takes it for invalid";
	case EMLINK:
		return "the chains jump in a circle";
	case ENFILE:
		return "the set is full";
	case EMSGSIZE:
		return "the batch is larger than the socket's buffer may be";
	case ERESTART:
		return "somebody else changed the ruleset meanwhile";
	case ENOMEM:
		return "the kernel is out of memory";
	default:
		return strerror(errnum);
	}
}

static enum fw_err probe_one(enum queue_target target, int *out_errnum)
{
	struct arena arena;
	struct nl_batch batch;
	struct nft_errors errors;
	enum fw_err err;

	arena_init(&arena, 0, 0);
	err = backend_nl_probe(target, &arena, &batch);
	if (!err) {
		err = nft_send(&batch, &errors);
		*out_errnum = errors.n ? errors.items[0].errnum : 0;
		nl_batch_done(&batch);
	}
	arena_done(&arena);
	return err;
}

enum fw_err nft_probe_queue(enum queue_target *out_target)
{
	static const enum queue_target targets[] = {QUEUE_NATIVE, QUEUE_XT};
	int errnum = 0;

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		enum fw_err err = probe_one(targets[i], &errnum);

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

enum fw_err nft_table_present(const char *table, bool *out_there)
{
	char buf[512];
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh;
	int fd = nlsock_open();
	int errnum = ENOMEM;

	if (t && fd >= 0) {
		nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETTABLE, NFPROTO_INET,
					    0, 1);
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
		nftnl_table_nlmsg_build_payload(nlh, t);
		errnum = nlsock_request(fd, nlh, ANSWER_TIMEOUT_MS);
	}
	nftnl_table_free(t);
	if (fd >= 0)
		(void)close(fd);
	if (errnum && errnum != ENOENT)
		return fw_err_of_errno(errnum);
	*out_there = errnum == 0;
	return FW_OK;
}

/* One message about the table itself; the number of bytes. */
static size_t put_table_message(char *buf, uint16_t type, uint16_t flags,
				uint32_t seq, const struct nftnl_table *t)
{
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, type, NFPROTO_INET, flags, seq);

	nftnl_table_nlmsg_build_payload(nlh, t);
	return nlh->nlmsg_len;
}

enum fw_err nft_table_remove(const char *table)
{
	char buf[1024] = {0};
	struct nl_batch batch = {.bytes = buf};
	struct nftnl_table *t = nftnl_table_alloc();
	struct nft_errors errors;

	if (!t)
		return FW_ERR_NOMEM;
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
	batch.len = nftnl_batch_begin(buf, 0)->nlmsg_len;
	/* Adding it first makes the removal sure to find one. */
	batch.len += put_table_message(buf + batch.len, NFT_MSG_NEWTABLE,
				       NLM_F_CREATE, 1, t);
	batch.len +=
		put_table_message(buf + batch.len, NFT_MSG_DELTABLE, 0, 2, t);
	batch.len += nftnl_batch_end(buf + batch.len, 3)->nlmsg_len;
	nftnl_table_free(t);
	return nft_send(&batch, &errors);
}
