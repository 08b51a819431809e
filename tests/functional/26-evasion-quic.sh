#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Initial packets of QUIC cut, turned, doubled and hidden among others: a name
# that is not allowed never gets an answer; the allowed one does, where a client
# or a network could have made it so.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
/usr/bin/python3 -c 'import cryptography' 2>/dev/null || skip_all quic "no python3-cryptography"
command -v gtlsserver >/dev/null || skip_all quic "no gtlsserver"
lab_up
start_web || exit 2

to_server() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/tricks_quic.py" "$1" "$2" "$WEB4" 443
}

# See tricks_run.  In the odd ones a server may serve either name, or none.
TRICKS='
real plain
real pieces
odd pieces-of-one
real pieces-turned
real pings-between
real two-packets
odd two-packets-turned
odd two-packets-apart
odd two-in-one-datagram
odd packets-of-many
real overlap
odd overlap-other-first
odd overlap-other-last
odd overlap-other-in-one
real sent-twice
odd junk-behind
odd junk-packet-before
odd handshake-packet-before
odd early-data-before
odd early-data-datagram-first
real short-header-first
odd greased-version-first
real unknown-version-first
odd negotiation-first
real long-id
odd without-fixed-bit
odd a-token
odd spoiled-other-first
real other-first
odd other-between
odd same-id-as-other
odd short-datagram
'

start_server quic "$NS_OUTSIDE" "udp/443@$WEB4" \
	gtlsserver -q -d "$LAB/web/www.example.org" "$WEB4" 443 \
	"$LAB/tls/www.example.org.key" "$LAB/tls/www.example.org.pem" || exit 2
tricks_run to_server "$TRICKS"
agent_or_fail
# What hides a hello must not make the flow an unknown one.
lab_policy '{ name = "by name"; from = "lan"; app = "quic"; host = ["www.example.org", "packages.example.org"]; action = "allow"; },
	{ name = "unknown"; from = "lan"; app = "unknown"; action = "allow"; }' >"$LAB/quic.conf"
check apply "the policy was not applied" agent_apply "$LAB/quic.conf"
PHASE=judged
tricks_run to_server "$TRICKS"
finish
