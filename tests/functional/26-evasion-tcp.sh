#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Segments and packets that no kernel sends, or that only a bad network brings:
# the page that is not allowed is never served, whatever stands before, over or
# behind the request for it; and what a network could have made of the allowed
# request is.  Both families, against nginx.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up

# The client's kernel must not answer for what is sent by hand; and the wire
# behind the gateway is long: what has few hops left dies there.
rules() {
	client nft -f - <<-END
		table inet raw {
			chain in {
				type filter hook input priority 0
				tcp dport 20000-29999 drop
			}
		}
	END
	outside nft -f - <<-END
		table inet long {
			chain in {
				type filter hook prerouting priority -450
				ip ttl < 10 drop
				ip6 hoplimit < 10 meta l4proto tcp drop
			}
		}
	END
}

by_hand() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/tricks_tcp.py" "$1" "$2" "$3" 80 "$4"
}

to_v4() {
	by_hand "$1" "$2" "$WEB4" "$CLIENT4"
}

to_v6() {
	by_hand "$1" "$2" "$WEB6" "$CLIENT6"
}

# What is `real` comes in life, and the allowed request of that shape is served.
TCP='
real plain
real pieces
real back-to-front
real shuffled
real all-twice
real larger-the-second-time
real from-the-middle-again
real with-the-handshake
real syn-twice
real late-copy-of-the-syn
real end-with-it
real bits-of-congestion
real option-nobody-knows
real time-stamps
real no-window
real byte-to-keep-alive-first
real byte-to-keep-alive
real late
real broken-copy-first
real copy-that-dies-first
odd decoy-dies
odd decoy-is-broken
odd decoy-acknowledges-too-much
odd decoy-acknowledges-old
odd decoy-without-ack
odd decoy-without-flags
odd decoy-syn
odd decoy-reset
odd decoy-has-md5
odd decoy-has-ao
odd decoy-is-stamped-old
odd decoy-of-a-syn
odd decoy-of-a-fast-open
odd said-with-a-syn
odd said-without-a-handshake
odd said-without-ack
odd said-beyond-the-window
odd said-before-the-window
odd false-reset
odd reset-that-dies
odd false-end
odd end-that-dies
odd urgent-byte
odd two-versions-first-other
odd two-versions-last-other
odd three-versions
odd said-again-otherwise
real ports-again-after-the-end
real ports-again-after-a-reset
real all-again-after-a-reset
odd ports-again-without-an-end
real fragments
real fragments-back-to-front
real fragments-twice
real one-fragment
odd fragments-differ-first
odd fragments-differ-last
odd fragment-that-dies'
ONLY_V4='
real small-fragments
odd loose-source-route
odd strict-source-route
odd record-route
odd router-alert'
ONLY_V6='
odd small-fragments
odd hop-by-hop
odd destination-options
odd many-destination-options
odd routing-0
odd routing-2
odd routing-4
real atomic-fragment'

all_tricks() {
	tricks_run to_v4 "${TCP#?}$ONLY_V4" 40
	tricks_run to_v6 "${TCP#?}$ONLY_V6" 40
}

if ! start_web || ! rules; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
all_tricks
agent_or_fail
lab_policy '{ name = "by name"; from = "lan"; app = "http"; host = "www.example.org"; action = "allow"; },
	{ name = "unknown"; from = "lan"; app = "unknown"; action = "allow"; }' >"$LAB/tcp.conf"
check apply "the policy was not applied" agent_apply "$LAB/tcp.conf"
PHASE=judged
all_tricks
check no-engine-died "it was started again" is "$(fwctl status --json | jq .engine.restarts)" 0
finish
