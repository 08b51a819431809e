/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/conntrack.h"

#include "agent/kernel/nlsock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024)
#define MESSAGES_ROOM  65536
#define UPDATE_ROOM    512
/* Updates sent with one call. */
#define UPDATES_ROOM (32 * 1024)

static struct nlmsghdr *header(void *buf, uint16_t type, uint16_t flags,
			       uint8_t family, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

/* --- one connection --------------------------------------------------------
 */

static struct ipaddr address(const struct nf_conntrack *ct,
			     enum nf_conntrack_attr v4,
			     enum nf_conntrack_attr v6)
{
	if (nfct_get_attr_u8(ct, ATTR_L3PROTO) == AF_INET6)
		return ipaddr_v6(nfct_get_attr(ct, v6));
	return ipaddr_v4(nfct_get_attr(ct, v4));
}

static bool has_addresses(const struct nf_conntrack *ct)
{
	bool v6 = nfct_get_attr_u8(ct, ATTR_L3PROTO) == AF_INET6;

	return nfct_attr_is_set(ct, v6 ? ATTR_ORIG_IPV6_SRC
				       : ATTR_ORIG_IPV4_SRC) > 0 &&
	       nfct_attr_is_set(ct, v6 ? ATTR_ORIG_IPV6_DST
				       : ATTR_ORIG_IPV4_DST) > 0 &&
	       nfct_attr_is_set(ct, v6 ? ATTR_REPL_IPV6_SRC
				       : ATTR_REPL_IPV4_SRC) > 0;
}

static bool is_icmp(uint8_t l4)
{
	return l4 == IPPROTO_ICMP || l4 == IPPROTO_ICMPV6;
}

static bool flow_of(const struct nf_conntrack *ct, struct conntrack_flow *out)
{
	struct conntrack_tuple *t = &out->tuple;

	if (!has_addresses(ct))
		return false;
	*out = (struct conntrack_flow){0};
	t->l4 = nfct_get_attr_u8(ct, ATTR_L4PROTO);
	t->src = address(ct, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
	t->dst = address(ct, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
	if (nfct_attr_is_set(ct, ATTR_ZONE) > 0)
		t->zone = nfct_get_attr_u16(ct, ATTR_ZONE);
	out->client = t->src;
	out->server = address(ct, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC);
	out->mark = nfct_get_attr_u32(ct, ATTR_MARK);
	if (is_icmp(t->l4)) {
		t->icmp_type = nfct_get_attr_u8(ct, ATTR_ICMP_TYPE);
		t->icmp_code = nfct_get_attr_u8(ct, ATTR_ICMP_CODE);
		t->icmp_id = nfct_get_attr_u16(ct, ATTR_ICMP_ID);
		out->sport = ntohs(t->icmp_id);
		out->dport = t->icmp_type;
	} else if (nfct_attr_is_set(ct, ATTR_ORIG_PORT_SRC) > 0) {
		t->sport = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_SRC));
		t->dport = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST));
		out->sport = t->sport;
		out->dport = ntohs(nfct_get_attr_u16(ct, ATTR_REPL_PORT_SRC));
	}
	return true;
}

/* --- dump -------------------------------------------------------------------
 */

struct dump {
	uint32_t mark, mask;
	conntrack_fn *fn;
	void *ctx;
	bool failed; /* some could not be looked at: no memory */
};

static int take_message(const struct nlmsghdr *nlh, void *data)
{
	struct dump *d = data;
	struct nf_conntrack *ct = nfct_new();
	struct conntrack_flow flow;

	if (!ct) {
		d->failed = true;
		return MNL_CB_OK;
	}
	/* Kernels without the filter send all of them. */
	if (nfct_nlmsg_parse(nlh, ct) == 0 && flow_of(ct, &flow) &&
	    (flow.mark & d->mask) == d->mark)
		d->fn(d->ctx, &flow);
	nfct_destroy(ct);
	return MNL_CB_OK;
}

enum fw_err conntrack_dump(uint32_t mark, uint32_t mask, conntrack_fn *fn,
			   void *ctx)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[MESSAGES_ROOM];
	struct dump dump = {.mark = mark, .mask = mask, .fn = fn, .ctx = ctx};
	struct nlmsghdr *nlh =
		header(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC, 1);
	int fd = nlsock_open(), more = 1;

	if (fd < 0)
		return fw_err_of_errno(errno);
	nlsock_receive_buffer(fd, RECEIVE_BUFFER);
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(mark));
	mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(mask));
	if (send(fd, nlh, nlh->nlmsg_len, 0) < 0)
		more = -1;
	while (more > 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		more = n < 0 ? -1
			     : mnl_cb_run(buf, (size_t)n, 1, 0, take_message,
					  &dump);
	}
	if (more < 0) {
		int saved = errno;

		(void)close(fd);
		return fw_err_of_errno(saved);
	}
	(void)close(fd);
	return dump.failed ? FW_ERR_NOMEM : FW_OK;
}

/* --- changes ----------------------------------------------------------------
 */

static void set_address(struct nf_conntrack *ct, const struct ipaddr *a,
			enum nf_conntrack_attr v4, enum nf_conntrack_attr v6)
{
	nfct_set_attr(ct, a->family == IP_V4 ? v4 : v6, a->bytes);
}

static void set_tuple(struct nf_conntrack *ct, const struct conntrack_tuple *t)
{
	nfct_set_attr_u8(ct, ATTR_L3PROTO,
			 t->src.family == IP_V4 ? AF_INET : AF_INET6);
	set_address(ct, &t->src, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
	set_address(ct, &t->dst, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, t->l4);
	if (t->zone)
		nfct_set_attr_u16(ct, ATTR_ZONE, t->zone);
	if (is_icmp(t->l4)) {
		nfct_set_attr_u8(ct, ATTR_ICMP_TYPE, t->icmp_type);
		nfct_set_attr_u8(ct, ATTR_ICMP_CODE, t->icmp_code);
		nfct_set_attr_u16(ct, ATTR_ICMP_ID, t->icmp_id);
	} else {
		nfct_set_attr_u16(ct, ATTR_ORIG_PORT_SRC, htons(t->sport));
		nfct_set_attr_u16(ct, ATTR_ORIG_PORT_DST, htons(t->dport));
	}
}

/* What is to become of each. */
struct change {
	uint16_t type; /* IPCTNL_MSG_CT_NEW: the mark within mask; or _DELETE */
	uint32_t mark, mask;
};

/* One message at `buf`; its length, 0 without memory. */
static size_t put_change(void *buf, const struct conntrack_tuple *t,
			 const struct change *change, uint32_t seq)
{
	struct nf_conntrack *ct = nfct_new();
	struct nlmsghdr *nlh =
		header(buf, change->type, 0,
		       t->src.family == IP_V4 ? AF_INET : AF_INET6, seq);
	int built = -1;

	if (ct) {
		set_tuple(ct, t);
		if (change->mask)
			nfct_set_attr_u32(ct, ATTR_MARK, change->mark);
		built = nfct_nlmsg_build(nlh, ct);
		nfct_destroy(ct);
	}
	if (built < 0)
		return 0;
	if (change->mask)
		mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(change->mask));
	return nlh->nlmsg_len;
}

/* Everything was carried out when send() returned.  ENOENT: it has ended. */
static int drain_errors(int fd)
{
	static _Thread_local _Alignas(struct nlmsghdr) char buf[MESSAGES_ROOM];
	int worst = 0;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		int left = (int)n, error;
		const struct nlmsghdr *at = (const struct nlmsghdr *)buf;
		uint32_t seq;

		if (n <= 0)
			return worst;
		for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
			if (nlsock_error(at, &error, &seq) && error &&
			    error != ENOENT)
				worst = error;
	}
}

static enum fw_err change_all(const struct conntrack_tuple *tuples, size_t n,
			      const struct change *change)
{
	static _Thread_local _Alignas(
		struct nlmsghdr) char buf[UPDATES_ROOM + UPDATE_ROOM];
	int fd = n ? nlsock_open() : -1;
	int worst = 0;
	size_t len = 0;

	if (n && fd < 0)
		return fw_err_of_errno(errno);
	for (size_t i = 0; i < n; i++) {
		size_t put = put_change(buf + len, &tuples[i], change,
					(uint32_t)i + 1);

		if (!put)
			worst = ENOMEM;
		len += put;
		if (len < UPDATES_ROOM && i + 1 < n)
			continue;
		if (len && send(fd, buf, len, 0) < 0)
			worst = errno;
		else if (len)
			worst = drain_errors(fd) ?: worst;
		len = 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return worst ? fw_err_of_errno(worst) : FW_OK;
}

enum fw_err conntrack_mark(const struct conntrack_tuple *tuples, size_t n,
			   uint32_t mark, uint32_t mask)
{
	const struct change change = {
		.type = IPCTNL_MSG_CT_NEW, .mark = mark, .mask = mask};

	return change_all(tuples, n, &change);
}

enum fw_err conntrack_forget(const struct conntrack_tuple *tuples, size_t n)
{
	const struct change change = {.type = IPCTNL_MSG_CT_DELETE};

	return change_all(tuples, n, &change);
}
