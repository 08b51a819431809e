/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/agreement/send.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PACKET_ROOM 256

struct sender {
	int packet, raw4, raw6, here, peers;
	struct mnl_socket *route, *conntrack;
	uint16_t port; /* the next source port or id */
	uint32_t seq;
};

/* --- set-up ----------------------------------------------------------------
 */

static struct mnl_socket *netlink(int bus)
{
	struct mnl_socket *nl = mnl_socket_open(bus);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		(void)mnl_socket_close(nl);
		nl = NULL;
	}
	return nl;
}

struct sender *sender_open(const char *peers)
{
	struct sender *s = calloc(1, sizeof(*s));
	char path[128];
	int on = 1;

	if (!s)
		return NULL;
	(void)snprintf(path, sizeof(path), "/run/netns/%s", peers);
	s->here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	s->peers = open(path, O_RDONLY | O_CLOEXEC);
	s->raw4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	s->raw6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	s->route = netlink(NETLINK_ROUTE);
	s->conntrack = netlink(NETLINK_NETFILTER);
	s->packet = -1;
	if (s->peers >= 0 && setns(s->peers, CLONE_NEWNET) == 0) {
		s->packet = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		(void)!setns(s->here, CLONE_NEWNET);
	}
	if (s->packet < 0 || s->raw4 < 0 || s->raw6 < 0 || !s->route ||
	    !s->conntrack ||
	    setsockopt(s->raw6, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on))) {
		sender_close(s);
		return NULL;
	}
	return s;
}

void sender_close(struct sender *s)
{
	if (!s)
		return;
	(void)close(s->packet);
	(void)close(s->raw4);
	(void)close(s->raw6);
	(void)close(s->here);
	(void)close(s->peers);
	if (s->route)
		(void)mnl_socket_close(s->route);
	if (s->conntrack)
		(void)mnl_socket_close(s->conntrack);
	free(s);
}

/* Send and wait for the acknowledgement; what it says is not asked. */
static int request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	char buf[4096];

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	(void)mnl_socket_recvfrom(nl, buf, sizeof(buf));
	return ((struct nlmsgerr *)mnl_nlmsg_get_payload((void *)buf))->error;
}

void sender_forget_connections(struct sender *s)
{
	char buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	(void)request(s->conntrack, nlh);
}

/* --- routes -----------------------------------------------------------------
 */

static int route(struct sender *s, const struct packet_case *p, bool add)
{
	char buf[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	bool v6 = p->facts.dst.family == IP_V6, local = p->hook == RS_INPUT;
	struct rtmsg *rt;

	nlh->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	nlh->nlmsg_flags = add ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	rt = mnl_nlmsg_put_extra_header(nlh, sizeof(*rt));
	rt->rtm_family = v6 ? AF_INET6 : AF_INET;
	rt->rtm_dst_len = v6 ? 128 : 32;
	rt->rtm_table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
	rt->rtm_type = local ? RTN_LOCAL : RTN_UNICAST;
	rt->rtm_scope = local ? RT_SCOPE_HOST : RT_SCOPE_LINK;
	rt->rtm_protocol = RTPROT_STATIC;
	mnl_attr_put(nlh, RTA_DST, v6 ? 16 : 4, p->facts.dst.bytes);
	mnl_attr_put_u32(nlh, RTA_OIF, if_nametoindex(local ? "lo" : p->oif));
	return request(s->route, nlh);
}

/* --- bytes -------------------------------------------------------------------
 */

/* RFC 1071; *sum is carried on. */
static void add_sum(uint32_t *sum, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint16_t checksum(const struct facts *f, const void *bytes, size_t n)
{
	size_t len = ipaddr_len(f->src.family);
	uint32_t sum = 0;

	if (f->l4 != IPPROTO_ICMP) {
		add_sum(&sum, f->src.bytes, len);
		add_sum(&sum, f->dst.bytes, len);
		sum += f->l4 + (uint32_t)n;
	}
	add_sum(&sum, bytes, n);
	return fold(sum);
}

static size_t put_tcp(struct sender *s, const struct facts *f, uint8_t *at)
{
	struct tcphdr h = {.source = htons(s->port),
			   .dest = htons(f->dport),
			   .seq = htonl(s->seq++),
			   .doff = 5,
			   .syn = 1,
			   .window = htons(8192)};

	h.check = checksum(f, &h, sizeof(h));
	memcpy(at, &h, sizeof(h));
	return sizeof(h);
}

/* It begins like a hello: of other datagrams the kernel is sure. */
static size_t put_udp(struct sender *s, const struct facts *f, uint8_t *at)
{
	struct {
		struct udphdr head;
		uint8_t hello[8]; /* of QUIC, version 1 */
	} h = {.head = {.source = htons(s->port),
			.dest = htons(f->dport),
			.len = htons(sizeof(h))},
	       .hello = {0xc0, 0, 0, 0, 1}};

	h.head.check = checksum(f, &h, sizeof(h));
	memcpy(at, &h, sizeof(h));
	return sizeof(h);
}

static size_t put_icmp(struct sender *s, const struct facts *f, uint8_t *at)
{
	uint8_t h[8] = {(uint8_t)f->dport, 0, 0, 0, (uint8_t)(s->port >> 8),
			(uint8_t)s->port};
	uint16_t check = checksum(f, h, sizeof(h));

	memcpy(h + 2, &check, sizeof(check));
	memcpy(at, h, sizeof(h));
	return sizeof(h);
}

/* Ports, a tag, no checksum, and an INIT chunk (RFC 9260, 3.3.2). */
static size_t put_sctp(struct sender *s, const struct facts *f, uint8_t *at)
{
	static const uint8_t init[20] = {1,    0, 0, 20, 1, 2,  3, 4, 0, 1,
					 0x80, 0, 0, 10, 0, 10, 0, 0, 0, 1};
	uint16_t ports[2] = {htons(s->port), htons(f->dport)};

	memset(at, 0, 12);
	memcpy(at, ports, sizeof(ports));
	memcpy(at + 12, init, sizeof(init));
	return 12 + sizeof(init);
}

static size_t put_payload(struct sender *s, const struct facts *f, uint8_t *at)
{
	switch (f->l4) {
	case IPPROTO_TCP:
		return put_tcp(s, f, at);
	case IPPROTO_UDP:
		return put_udp(s, f, at);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return put_icmp(s, f, at);
	case IPPROTO_SCTP:
		return put_sctp(s, f, at);
	default:
		memset(at, 0, 8);
		return 8;
	}
}

static size_t put_ipv4(struct sender *s, const struct facts *f, uint8_t *at)
{
	size_t n = sizeof(struct iphdr) +
		   put_payload(s, f, at + sizeof(struct iphdr));
	struct iphdr h;
	uint32_t sum = 0;

	memset(&h, 0, sizeof(h));
	h.version = 4;
	h.ihl = sizeof(h) / 4;
	h.ttl = 64;
	h.protocol = f->l4;
	h.tot_len = htons((uint16_t)n);
	memcpy(&h.saddr, f->src.bytes, 4);
	memcpy(&h.daddr, f->dst.bytes, 4);
	add_sum(&sum, &h, sizeof(h));
	h.check = fold(sum);
	memcpy(at, &h, sizeof(h));
	return n;
}

static size_t put_ipv6(struct sender *s, const struct facts *f, uint8_t *at)
{
	struct ip6_hdr h = {.ip6_nxt = f->l4, .ip6_hlim = 64};
	size_t n = put_payload(s, f, at + sizeof(h));

	h.ip6_flow = htonl(6U << 28);
	h.ip6_plen = htons((uint16_t)n);
	memcpy(&h.ip6_src, f->src.bytes, 16);
	memcpy(&h.ip6_dst, f->dst.bytes, 16);
	memcpy(at, &h, sizeof(h));
	return sizeof(h) + n;
}

static size_t put_packet(struct sender *s, const struct facts *f, uint8_t *at)
{
	return f->src.family == IP_V6 ? put_ipv6(s, f, at) : put_ipv4(s, f, at);
}

/* --- on its way
 * --------------------------------------------------------------- */

/* Index and address of an interface, asked in the other namespace or here. */
static struct ifreq ask(int fd, const char *name, unsigned long what)
{
	struct ifreq r = {0};

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, what, &r), 0);
	return r;
}

static void come_in(struct sender *s, const struct packet_case *p,
		    const uint8_t *bytes, size_t n)
{
	struct ifreq at_peer = ask(s->packet, p->iif, SIOCGIFINDEX);
	struct ifreq here = ask(s->raw4, p->iif, SIOCGIFHWADDR);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(p->facts.src.family == IP_V6 ? ETH_P_IPV6
								   : ETH_P_IP),
		.sll_ifindex = at_peer.ifr_ifindex,
		.sll_halen = ETH_ALEN,
	};

	memcpy(to.sll_addr, here.ifr_hwaddr.sa_data, ETH_ALEN);
	(void)!sendto(s->packet, bytes, n, 0, (void *)&to, sizeof(to));
}

static void go_out(struct sender *s, const struct facts *f,
		   const uint8_t *bytes, size_t n)
{
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	struct sockaddr_in to4 = {.sin_family = AF_INET};

	memcpy(&to6.sin6_addr, f->dst.bytes, 16);
	memcpy(&to4.sin_addr, f->dst.bytes, 4);
	if (f->dst.family == IP_V6)
		(void)!sendto(s->raw6, bytes, n, 0, (void *)&to6, sizeof(to6));
	else
		(void)!sendto(s->raw4, bytes, n, 0, (void *)&to4, sizeof(to4));
}

void sender_send(struct sender *s, const struct packet_case *p,
		 const struct packet_case *led)
{
	uint8_t bytes[PACKET_ROOM];
	size_t n = put_packet(s, &p->facts, bytes);

	/* Those without a port or id look like what went before. */
	if (p->facts.l4 != IPPROTO_TCP && p->facts.l4 != IPPROTO_UDP)
		sender_forget_connections(s);
	if (++s->port == 0)
		sender_forget_connections(s);
	ck_assert_int_eq(route(s, p, true), 0);
	if (led)
		ck_assert_int_eq(route(s, led, true), 0);
	if (p->iif)
		come_in(s, p, bytes, n);
	else
		go_out(s, &p->facts, bytes, n);
	if (led)
		(void)route(s, led, false);
	(void)route(s, p, false);
}

bool sender_can(const struct facts *f)
{
	/* The kernel takes these for martians before any hook sees them. */
	return (f->src.family != IP_V4 ||
		(f->src.bytes[0] != 127 && f->dst.bytes[0] != 127)) &&
	       ipaddr_cmp(&f->src, &f->dst) != 0;
}
