/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link layers of captures: what stands before the IP header. */
#pragma once

#include "policy/base/reader.h"

/* Is this link type (DLT_*) known here? */
bool pcap_link_is_known(int type);

/* Leave `frame` at its IP header; false when it holds no IP packet. */
bool pcap_link_strip(int type, struct reader *frame);
