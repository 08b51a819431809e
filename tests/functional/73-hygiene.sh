#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the gateway does beside all rules: each switch on, where it refuses or
# passes what no rule speaks of, and off, where the rules alone do.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
if ! start_echo || ! start_inside; then
	not_ok servers "a server of the lab does not come up"
	finish
fi

# Addresses that nobody outside should have; the gateway could answer them.
for a in 10.99.0.5 198.18.0.5 203.0.113.5; do
	ip -n "$NS_OUTSIDE" address add "$a/32" dev eth0
	ip -n "$NS_GATEWAY" route add "$a/32" dev wan0
done
for a in fd99::5 100::5; do
	ip -n "$NS_OUTSIDE" address add "$a/128" dev eth0 nodad
	ip -n "$NS_GATEWAY" -6 route add "$a/128" dev wan0
done

policy() { # HYGIENE
	cat <<-END
		version = 1;
		gateway: { name = "hygiene"; mode = "${MODE:-enforce}"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		hygiene: { $1 };
		ingress: (
		  { name = "in"; to = "servers"; service = "tcp/9000"; action = "allow"; },
		  { name = "us"; to = "self"; service = "tcp/7"; action = "allow"; }
		);
		segment: ( ${SEGMENT:-} { name = "us too"; from = "lan"; to = "self"; service = ["tcp/7", "ping"]; action = "allow"; } );
		egress: ( { name = "out"; from = ["lan", "self"]; to = ["$ECHO4", "$ECHO6"]; service = ["tcp/9000", "udp/9005", "ping"]; action = "allow"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
	END
}

apply() { # NAME HYGIENE
	policy "$2" >"$LAB/$1.conf"
	check "apply-$1" "the policy was not applied" agent_apply "$LAB/$1.conf"
}

counted() { # COUNTER
	gateway nft list counter inet fwagent "$1" 2>/dev/null | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# from NAME allowed|refused SOURCE: outside, to the server inside.
from() {
	local to=10.20.0.80 wait=1

	case $3 in *:*) to=fd00:20::80 ;; esac
	# What is refused takes as long as it is waited for.
	[ "$2" = refused ] || wait=8
	"$2" "$1" hi say outside hi -s "$3" -w "$wait" "$to" 9000
}

PHASE=judged
agent_or_fail
apply usual ""
from plain allowed "$ECHO4"
from plain-6 allowed "$ECHO6"
from documentation-is-let-in allowed 203.0.113.5
from private refused 10.99.0.5
from private-6 refused fd99::5
from bogon refused 198.18.0.5
from bogon-6 refused 100::5
check private-counts "n_h_private has not counted" test "$(counted n_h_private)" -gt 1
check bogons-count "n_h_bogons has not counted" test "$(counted n_h_bogons)" -gt 1
check bogon-is-in-the-log "no event tells of it" \
	grep -q '"reason":"zone.bogon"' <(last_event '.fw.reason == "zone.bogon"')
allowed neighbours-are-found "1 received" client ping -c 1 -W 3 fd00:10::1

# An error of a flow that is allowed: nobody listens on this port.
unreachable() {
	# ncat says so once it sends again
	{ echo hi; sleep 0.5; echo hi; sleep 0.5; } |
		client timeout 6 ncat -n -u -w 2 "$1" 9005 2>&1
}
allowed icmp-error "refused" unreachable "$ECHO4"
allowed icmp-error-6 "refused" unreachable "$ECHO6"

# A reset that belongs to nothing.
outside perl "$LAB_ROOT/tests/functional/raw.pl" 192.0.2.80 5000 10.20.0.80 9000 \
	'R@0=' wait=0.2 >/dev/null 2>&1
check invalid-counts "n_h_invalid has not counted" wait_for 3 test "$(counted n_h_invalid)" -gt 0

apply private 'private = false; bogons = false; documentation = true;'
from private-is-let-in allowed 10.99.0.5
from private-is-let-in-6 allowed fd99::5
from bogon-is-let-in allowed 198.18.0.5
from documentation refused 203.0.113.5

apply flood 'syn-rate = "5/second burst 5";'
# shellcheck disable=SC2016 # perl's variables
connect_often() { # NAMESPACE-FUNCTION ADDRESS: 40 flows at once
	"$1" perl -MIO::Socket::INET -e '
		IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 7, Blocking => 0) for 1 .. 40' "$2"
}
before=$(counted n_us)
connect_often outside 192.0.2.1
check syn-flood-is-cut "n_h_syn-flood has not counted" test "$(counted n_h_syn-flood)" -gt 20
check syn-rate-is-let-in "nothing came through" test "$(counted n_us)" -gt "$before"
flood=$(counted n_h_syn-flood)
connect_often client 10.10.0.1
check inside-is-not-limited "flows from inside were counted" is "$(counted n_h_syn-flood)" "$flood"
apply no-flood 'syn-flood = false;'
before=$(counted n_us)
connect_often outside 192.0.2.1
check no-limit "some were held back" test "$(counted n_us)" -ge $((before + 40))

apply no-errors 'icmp-errors = false;'
refused no-icmp-error "refused" unreachable "$ECHO4"
refused no-icmp-error-6 "refused" unreachable "$ECHO6"
forget_neighbours() {
	ip -n "$NS_GATEWAY" -6 neigh flush all
	ip -n "$NS_CLIENT" -6 neigh flush all
}
apply no-neighbours 'neighbours = false;'
forget_neighbours
refused no-neighbours "1 received" client ping -c 1 -W 1 fd00:10::1
apply usual-again ""
allowed neighbours-again "1 received" client ping -c 1 -W 3 fd00:10::1

# With a rule of their own they need no switch.
DISCOVERY='{ name = "discovery"; from = ["lan", "self"]; to = ["lan", "self"]; service = "icmpv6/135-136"; action = "allow"; },'
SEGMENT=$DISCOVERY apply neighbours-by-rule 'neighbours = false; invalid = false;'
forget_neighbours
allowed neighbours-by-rule "1 received" client ping -c 1 -W 3 fd00:10::1

# Who only observes drops nothing, neither what is on nor for what is off.
gateway nft -f - <<-'END'
	table inet lab_seen {
		counter resets { }
		chain c {
			type filter hook postrouting priority 500;
			ip saddr 192.0.2.80 tcp sport 5001 tcp flags rst counter name resets
		}
	}
END
resets() {
	gateway nft list counter inet lab_seen resets | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
more_resets_than() {
	test "$(resets)" -gt "$1"
}
ALL_OFF='neighbours = false; icmp-errors = false; invalid = false; spoofed = false; bogons = false; private = false; syn-flood = false;'
for hygiene in on off; do
	MODE=observe apply "observe-$hygiene" "$([ $hygiene = on ] || echo "$ALL_OFF")"
	forget_neighbours
	allowed "observed-neighbours-$hygiene" "1 received" client ping -c 1 -W 3 fd00:10::1
	allowed "observed-icmp-error-$hygiene" "refused" unreachable "$ECHO4"
	allowed "observed-icmp-error-6-$hygiene" "refused" unreachable "$ECHO6"
	from "observed-private-$hygiene" allowed 10.99.0.5
	from "observed-bogon-$hygiene" allowed 198.18.0.5
	before=$(resets)
	outside perl "$LAB_ROOT/tests/functional/raw.pl" 192.0.2.80 5001 10.20.0.80 9000 \
		'R@0=' wait=0.2 >/dev/null 2>&1
	check "observed-invalid-$hygiene" "dropped" wait_for 3 more_resets_than "$before"
done
gateway nft delete table inet lab_seen
apply usual-once-more ""

# A flow that is known is known by its addresses alone, which anybody can write:
# those of another zone are dropped all the same, either way.
known() { # FAMILY CLIENT SERVER
	local spoof=$LAB_ROOT/tests/functional/spoof.pl

	capture_start "out$1" "$NS_OUTSIDE" udp port 9005
	capture_start "in$1" "$NS_CLIENT" udp port 9005
	client perl "$spoof" "$2" 4444 "$3" 9005 true-question
	outside perl "$spoof" "$3" 9005 "$2" 4444 true-answer
	server_ns perl "$spoof" "$2" 4444 "$3" 9005 false-question
	server_ns perl "$spoof" "$3" 9005 "$2" 4444 false-answer
	capture_stop "out$1"
	capture_stop "in$1"
	cat "$LAB/out$1.pcap" "$LAB/in$1.pcap" | grep -a -o '\(true\|false\)-\(question\|answer\)' | sort -u | xargs
}
check known-flow-is-not-joined "" is "$(known 4 "$CLIENT4" "$ECHO4")" "true-answer true-question"
check known-flow-is-not-joined-6 "" is "$(known 6 "$CLIENT6" "$ECHO6")" "true-answer true-question"
apply spoofed 'spoofed = false;'
check known-flow-is-joined "" is "$(known 4 "$CLIENT4" "$ECHO4")" \
	"false-answer false-question true-answer true-question"
apply usual-at-last ""

# What a helper expects is judged: data of FTP needs a rule.
cat >"$LAB/ftp.nft" <<'END'
table inet lab_ftp {
	ct helper ftp {
		type "ftp" protocol tcp
	}
	chain c {
		type filter hook prerouting priority 0;
		tcp dport 9000 ct helper set "ftp"
	}
}
END
if ! gateway nft -f "$LAB/ftp.nft" 2>/dev/null; then
	skip helpers "this kernel has no conntrack helper for FTP"
	finish
fi
start_server data "$NS_OUTSIDE" tcp/9009 \
	perl "$LAB_ROOT/tests/functional/echo.pl" tcp 9009 "$ECHO4" "$ECHO6"
# The echo says what a server would: "227", here come data.
# shellcheck disable=SC2016 # perl's variables
ftp() {
	client perl -MIO::Socket::INET -e '
		my $c = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 9000) or exit 1;
		(my $a = $ARGV[0]) =~ tr/./,/;
		for my $line ("220 ready", "227 Entering Passive Mode ($a,35,49)") {
			print $c "$line\r\n";
			my $back = <$c>;
		}
		sleep 1;
		my $d = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 9009, Timeout => 2) or exit 1;
		print $d "data\n";
		print scalar <$d>' "$ECHO4"
}
refused helper-is-not-trusted data ftp
apply helpers 'helpers = true;'
allowed helper-is-trusted data ftp
finish
