/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packet inside of a packet: IP in IP, GRE (RFC 2784, 2637, ERSPAN), and
 * over UDP VXLAN (RFC 7348), GENEVE (RFC 8926), GTP-U (3GPP TS 29.281), Teredo
 * (RFC 4380), AYIYA, GRE (RFC 8086), MPLS (RFC 7510).
 *
 * No port says what is inside: what is taken off must fit to the last byte, and
 * behind it must stand an IP packet of just that length.
 */
#pragma once

#include "policy/base/reader.h"

/* `ip` is a whole IP packet.  True: it is now the one inside.  False: there is
 * none, and it is as it was. */
bool tunnel_open(struct reader *ip);
