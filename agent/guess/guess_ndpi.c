/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libndpi is shown one packet, made of the flow's ends and its client's first
 * bytes, and must tell by these: what it would guess by ports or addresses
 * alone is not asked for.
 */
#include "agent/guess/guess.h"

#include "agent/limits.h"

#include <ndpi_api.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#define IPV4_LEN       20
#define IPV6_LEN       40
#define TCP_LEN        20
#define UDP_LEN        8
#define HEADS          (IPV6_LEN + TCP_LEN)
#define GUESS_NAME_MAX 64

struct image {
	uint8_t bytes[HEADS + LIMIT_GUESS_BYTES];
	size_t n;
};

/* One for each thread, for as long as it runs. */
static struct ndpi_detection_module_struct *module(void)
{
	static _Thread_local struct ndpi_detection_module_struct *one;
	static _Thread_local bool tried;
	/* Beginnings must not run side by side. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	NDPI_PROTOCOL_BITMASK all;

	if (one || tried)
		return one;
	tried = true;
	(void)pthread_mutex_lock(&lock);
	one = ndpi_init_detection_module(ndpi_no_prefs);
	if (one) {
		NDPI_BITMASK_SET_ALL(all);
		ndpi_set_protocol_detection_bitmask2(one, &all);
		ndpi_finalize_initialization(one);
	}
	(void)pthread_mutex_unlock(&lock);
	return one;
}

static void put_u16(struct image *m, size_t at, size_t v)
{
	m->bytes[at] = (uint8_t)(v >> 8);
	m->bytes[at + 1] = (uint8_t)v;
}

static void put_ip(struct image *m, const struct facts *f, size_t inside)
{
	size_t len = ipaddr_len(f->src.family);
	size_t at = f->src.family == IP_V4 ? 12 : 8;

	memset(m->bytes, 0, HEADS);
	m->n = at + 2 * len;
	if (f->src.family == IP_V4) {
		m->bytes[0] = 0x45;
		put_u16(m, 2, IPV4_LEN + inside);
		m->bytes[8] = 64;
		m->bytes[9] = f->l4;
	} else {
		m->bytes[0] = 0x60;
		put_u16(m, 4, inside);
		m->bytes[6] = f->l4;
		m->bytes[7] = 64;
	}
	memcpy(m->bytes + at, f->src.bytes, len);
	memcpy(m->bytes + at + len, f->dst.bytes, len);
}

static void put_packet(struct image *m, const struct facts *f,
		       struct reader client)
{
	size_t head = f->l4 == IPPROTO_TCP ? TCP_LEN : UDP_LEN;
	size_t n = client.left < LIMIT_GUESS_BYTES ? client.left
						   : LIMIT_GUESS_BYTES;

	put_ip(m, f, head + n);
	put_u16(m, m->n, f->sport);
	put_u16(m, m->n + 2, f->dport);
	if (f->l4 == IPPROTO_TCP) {
		m->bytes[m->n + 7] = 1;
		m->bytes[m->n + 11] = 1;
		m->bytes[m->n + 12] = TCP_LEN / 4 << 4;
		m->bytes[m->n + 13] = 0x18; /* PSH, ACK */
	} else {
		put_u16(m, m->n + 4, head + n);
	}
	m->n += head;
	memcpy(m->bytes + m->n, reader_take(&client, n), n);
	m->n += n;
}

bool guess_is_there(void)
{
	return module() != NULL;
}

void guess_unknown(struct facts *facts, struct reader client)
{
	struct ndpi_detection_module_struct *m = module();
	struct ndpi_flow_struct *flow;
	struct image image;
	ndpi_protocol found;
	char name[GUESS_NAME_MAX] = "";
	uint8_t by_port = 0;

	if (!m || client.left == 0 ||
	    (facts->l4 != IPPROTO_TCP && facts->l4 != IPPROTO_UDP))
		return;
	flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
	if (!flow)
		return;
	memset(flow, 0, SIZEOF_FLOW_STRUCT);
	put_packet(&image, facts, client);
	found = ndpi_detection_process_packet(m, flow, image.bytes,
					      (unsigned short)image.n,
					      (uint64_t)facts->time * 1000);
	if (!ndpi_is_protocol_detected(m, found))
		found = ndpi_detection_giveup(m, flow, 0, &by_port);
	if (ndpi_is_protocol_detected(m, found) && !by_port)
		facts_add(facts, FIELD_NDPI_PROTO, 0,
			  str_of(ndpi_protocol2name(m, found, name,
						    sizeof(name))));
	ndpi_flow_free(flow);
}
