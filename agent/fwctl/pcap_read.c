/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/pcap_read.h"

#include "agent/fwctl/pcap_link.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pcap_read {
	pcap_t *pcap;
	int link;
	uint64_t number, skipped;
	char error[PCAP_READ_ERROR_MAX];
};

enum fw_err pcap_read_open(const char *path, char *error,
			   struct pcap_read **out_pcap)
{
	struct pcap_read *r = calloc(1, sizeof(*r));
	char why[PCAP_ERRBUF_SIZE] = "";
	const char *name;

	if (!r) {
		(void)snprintf(error, PCAP_READ_ERROR_MAX, "%s",
			       fw_err_text(FW_ERR_NOMEM));
		return FW_ERR_NOMEM;
	}
	r->pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!r->pcap) {
		(void)snprintf(error, PCAP_READ_ERROR_MAX, "%s", why);
		pcap_read_close(r);
		return FW_ERR_IO;
	}
	r->link = pcap_datalink(r->pcap);
	if (!pcap_link_is_known(r->link)) {
		name = pcap_datalink_val_to_name(r->link);
		(void)snprintf(error, PCAP_READ_ERROR_MAX,
			       "link type %s (%d) is not supported",
			       name ? name : "unknown", r->link);
		pcap_read_close(r);
		return FW_ERR_UNSUPPORTED;
	}
	*out_pcap = r;
	return FW_OK;
}

/* libpcap's words for a file that ends inside of a packet. */
static enum fw_err read_failed(struct pcap_read *r)
{
	const char *why = pcap_geterr(r->pcap);

	if (strstr(why, "truncated"))
		(void)snprintf(r->error, sizeof(r->error),
			       "the capture is cut at packet %" PRIu64,
			       r->number + 1);
	else
		(void)snprintf(r->error, sizeof(r->error),
			       "packet %" PRIu64 ": %s", r->number + 1, why);
	return FW_ERR_INVAL;
}

enum fw_err pcap_read_next(struct pcap_read *r, struct pcap_packet *out_packet)
{
	for (;;) {
		struct pcap_pkthdr *h = NULL;
		const u_char *bytes = NULL;
		struct reader frame;
		int rc = pcap_next_ex(r->pcap, &h, &bytes);

		if (rc == PCAP_ERROR_BREAK)
			return FW_ERR_NOENT;
		if (rc != 1)
			return read_failed(r);
		r->number++;
		frame = reader_of(bytes, h->caplen);
		if (!pcap_link_strip(r->link, &frame) || frame.left == 0) {
			r->skipped++;
			continue;
		}
		*out_packet = (struct pcap_packet){
			/* tv_usec holds nanoseconds: asked for above */
			.ns = (uint64_t)h->ts.tv_sec * 1000000000u +
			      (uint64_t)h->ts.tv_usec,
			.number = r->number,
			.ip = frame,
			.cut = h->caplen < h->len,
		};
		return FW_OK;
	}
}

const char *pcap_read_error(const struct pcap_read *r)
{
	return r->error;
}

uint64_t pcap_read_skipped(const struct pcap_read *r)
{
	return r->skipped;
}

void pcap_read_close(struct pcap_read *r)
{
	if (!r)
		return;
	if (r->pcap)
		pcap_close(r->pcap);
	free(r);
}
