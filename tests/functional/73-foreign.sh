#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What others do to the ruleset: with a table of our own they cannot; with
# --shared-table it is restored within a second.  Foreign tables that accept or
# drop stand beside ours and open nothing.  A new daemon takes the table over as
# it is.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
start_echo >/dev/null 2>&1 || { not_ok servers "no server"; finish; }

cat >"$LAB/policy.conf" <<-'END'
	version = 1;
	gateway: { name = "foreign"; };
	zones: {
	  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
	  wan: { interfaces = ["wan0"]; external = true; };
	};
	addresses: { echo = ["198.51.100.7", "2001:db8:1::7"]; };
	egress: ( { name = "echo"; from = "lan"; to = "@echo"; service = "tcp/9000"; action = "allow"; } );
	application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
END

stands() {
	echoes "$ECHO4" 9000 && silent "$ECHO4" 40001
}

nft_in() {
	gateway nft "$@" 2>"$LAB/log/nft"
}

# listing [-a]: what the table holds, with -a the numbers of its rules as well
listing() {
	gateway nft "$@" list table inet fwagent 2>/dev/null | # the owner is told as a comment or flag
		sed 's/packets [0-9]* bytes [0-9]*//; s/ # progname.*//; /^\tflags/d; /^ *$/d' | sort | md5sum
}

is_as_before() {
	[ "$(listing)" = "$whole" ]
}

# counted: packets of all named counters
counted() {
	gateway nft -j list counters table inet fwagent 2>/dev/null |
		jq '[.nftables[].counter?.packets // 0] | add'
}

has_counted() {
	[ "$(counted)" -ge "$1" ]
}

healed() {
	fwctl status --json | jq .table.healed
}

handle_of() {
	gateway nft -a list chain inet fwagent "$1" | sed -n 's/.* # handle \([0-9]*\)$/\1/p' | sed -n "$2p"
}

# --- a table of our own ---------------------------------------------------------

agent_or_fail
check apply "refused" fwctl apply "$LAB/policy.conf"
check stands "not as the policy says" stands
owned=$(fwctl status --json | jq -r .table.owner)
echo "  owner: $owned"
if [ "$owned" = true ]; then
	whole=$(listing)
	check owned-flush "$(cat "$LAB/log/nft")" nft_in flush ruleset
	check owned-flush-leaves-it "changed" is_as_before
	nft_in delete table inet fwagent
	check owned-cannot-be-deleted "deleted" is_as_before
	check owned-elements-too "added" test "$(nft_in add rule inet fwagent c_forward accept; echo $?)" -ne 0
	check owned-stands "not as the policy says" stands
	agent_stop
	check owned-stays-without-daemon "gone" is_as_before
	check owned-stands-without-daemon "not as the policy says" stands
	agent_or_fail
	check owned-again "not owned" test "$(nft_in delete table inet fwagent; echo $?)" -ne 0
else
	skip owned "this kernel has no tables with an owner that persist (Linux 6.9)"
fi
agent_stop
nft_in delete table inet fwagent
rm -rf "$LAB/agent"

# --- a shared table -----------------------------------------------------------------

AGENT_OPTIONS=(--shared-table)
agent_or_fail
check shared-apply "refused" fwctl apply "$LAB/policy.conf"
whole=$(listing)

# spoil NAME NFT-WORDS...: it is as before within a second
spoil() {
	local name=$1 begin n

	shift
	n=$(healed)
	sleep 1.1 # healing is limited to one a second
	begin=${EPOCHREALTIME/./}
	if ! nft_in "$@"; then
		not_ok "spoil-$name" "nft refuses it: $(cat "$LAB/log/nft")"
		return
	fi
	check "heal-$name" "not as it was" wait_for 1 is_as_before
	echo "  $name: as before $(((${EPOCHREALTIME/./} - begin) / 1000)) ms after nft began"
	check "heal-$name-counted" "status" test "$(healed)" -gt "$n"
}
stands
sleep 6 # the daemon looks at its counters every five seconds
before=$(counted)
spoil flush flush ruleset
echo "  counters: $before packets, then $(counted)"
check heal-goes-on-counting "$before packets, then $(counted)" test "$(counted)" -ge "$before" -a "$before" -gt 0
check heal-names-the-culprit "$(tail -n 1 "$LAB/log/fwagentd")" \
	grep -q 'nft (pid [0-9]*) changed the table' "$LAB/log/fwagentd"
spoil delete delete table inet fwagent
spoil rule delete rule inet fwagent c_backstop handle "$(handle_of c_backstop 2)"
spoil added-rule insert rule inet fwagent c_forward accept
set=$(gateway nft list sets table inet fwagent | awk '$1 == "set" { print $2; exit }')
spoil element delete element inet fwagent "$set" "{ $(gateway nft list set inet fwagent "$set" |
	sed -n 's/.*elements = { \([^ ,]*\).*/\1/p') }"
spoil chain 'delete rule inet fwagent c_forward_backstop handle '"$(handle_of c_forward_backstop 2)"
check shared-stands "not as the policy says" stands

# flushed again before it may be restored again
flushed_is_told() {
	nft_in flush ruleset
	fwctl status | grep -q "^WARNING  the kernel does not have the policy's table"
}
check heal-pending-is-told "status" wait_for 10 flushed_is_told
check heal-after-that "not as it was" wait_for 3 is_as_before

# two that fight: one restoration a second, no more
before=$(healed)
end=$((SECONDS + 4))
while [ $SECONDS -lt $end ]; do
	nft_in flush ruleset
	sleep 0.05
done
check heal-is-limited "$(($(healed) - before)) in 4 s" test $(($(healed) - before)) -le 6
check heal-after-a-fight "not as it was" wait_for 3 is_as_before

# too many events to read
seq 1 30000 | awk 'BEGIN { print "table inet noise { set s { type ipv4_addr; elements = {" }
	{ printf "10.%d.%d.%d,\n", $1 / 65536, $1 / 256 % 256, $1 % 256 } END { print "10.9.9.9 } } }" }' >"$LAB/noise"
n=$(healed)
gateway nft -f "$LAB/noise" 2>"$LAB/log/nft"
gateway nft -f "$LAB/noise" 2>"$LAB/log/nft"
sleep 0.5
check noise-changes-nothing "healed" is "$(healed)" "$n"
nft_in delete table inet noise

# --- a transaction of others in between --------------------------------------------

(for _ in $(seq 60); do
	gateway nft add table ip "other_$RANDOM" 2>/dev/null
done) &
noise=$!
failed=0
for _ in $(seq 10); do
	fwctl apply "$LAB/policy.conf" >/dev/null 2>&1 || failed=$((failed + 1))
done
wait "$noise"
check overtaken-is-tried-again "$failed of 10 applies failed" is "$failed" 0

# --- foreign tables -------------------------------------------------------------------

foreign() {
	local name=$1

	nft_in -f - || not_ok "foreign-$name" "nft refuses it: $(cat "$LAB/log/nft")"
	check "foreign-$name-opens-nothing" "a refused port passes" silent "$ECHO4" 40001
}
foreign docker-like <<-'END'
	table ip filter {
		chain DOCKER-USER { counter accept
		}
		chain FORWARD { type filter hook forward priority filter; policy accept; jump DOCKER-USER
		}
	}
	table ip nat {
		chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
			ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
		}
	}
END
check foreign-docker-like-stands "the allowed flow fails" echoes "$ECHO4" 9000
foreign libvirt-like <<-'END'
	table ip libvirt_network {
		chain forward { type filter hook forward priority filter; policy accept; accept
		}
	}
	table inet late {
		chain forward { type filter hook forward priority 100; policy accept; accept
		}
	}
END
check foreign-libvirt-like-stands "the allowed flow fails" echoes "$ECHO4" 9000
foreign firewalld-like <<-'END'
	table inet firewalld {
		chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
			ct state { established, related } accept
			meta l4proto tcp accept
		}
	}
END
check foreign-firewalld-like-stands "the allowed flow fails" echoes "$ECHO4" 9000
check foreign-accept-is-no-warning "warned" test -z "$(fwctl status | grep -i '^warning.*libvirt')"
nft_in 'add table inet dropper; add chain inet dropper forward { type filter hook forward priority 200; policy drop; }'
check foreign-drop-drops "it does not" silent "$ECHO4" 9000
check foreign-drop-is-told "$(fwctl status)" grep -q "inet dropper" <(fwctl status)
nft_in delete table inet dropper

# told PATTERN: what fwctl apply and fwctl status say of others
listed() {
	fwctl apply "$LAB/policy.conf" 2>&1 | grep "^warning: table" >"$LAB/applied"
	fwctl status | grep "^WARNING\|^note" >"$LAB/status"
	cat "$LAB/applied" "$LAB/status" >"$LAB/said"
}
listed
check foreign-accept-is-silent "$(cat "$LAB/said")" test ! -s "$LAB/said"
nft_in -f - <<-'END'
	table inet rejecting {
		chain forward { type filter hook forward priority 15; policy accept;
			ct state established accept
			counter jump rest
		}
		chain rest { counter log prefix "x" reject with icmpx admin-prohibited; }
	}
	table ip6 some {
		chain forward { type filter hook forward priority -5; policy accept; tcp dport 9000-9001 goto bad; accept; drop; }
		chain bad { ip6 saddr fd00:99::1 drop; }
	}
	table ip ended {
		chain input { type filter hook input priority 0; policy accept; accept; drop; }
	}
END
listed
words="whatever the policy allows"
check foreign-reject-at-apply "$(cat "$LAB/applied")" is "$(cat "$LAB/applied")" \
	"warning: table inet rejecting, chain forward (forward, priority 15), drops what it does not accept, $words"
check foreign-reject-in-status "$(cat "$LAB/status")" grep -q "^WARNING  table inet rejecting, chain forward .*not accept" "$LAB/status"
check foreign-some-in-status "$(cat "$LAB/status")" grep -q "^note     table ip6 some, chain forward .*drops some packets" "$LAB/status"
check foreign-ended-is-silent "$(cat "$LAB/said")" test -z "$(grep ended "$LAB/said")"
for table in "inet rejecting" "ip6 some" "ip ended"; do
	nft_in "delete table $table"
done
if nft_in 'add table inet fast; add flowtable inet fast f { hook ingress priority 0; devices = { lan0 }; };
	add chain inet fast c { type filter hook forward priority 0; }; add rule inet fast c ct state established flow add @f'; then
	listed
	check foreign-offload-is-told "$(cat "$LAB/said")" grep -q "inet fast, chain c .*they pass by the policy" "$LAB/applied"
else
	skip foreign-offload "this kernel has no flowtables"
fi
nft_in delete table inet fast
{
	echo "table ip huge { chain input { type filter hook input priority 0; policy accept;"
	seq 11000 | sed 's/.*/ip saddr 10.99.0.1 tcp dport & accept/'
	echo "drop; }; }"
} >"$LAB/huge"
nft_in -f "$LAB/huge" || not_ok foreign-huge "$(cat "$LAB/log/nft")"
check foreign-huge-is-bounded "$(fwctl status)" grep -q "^note     other tables hold more" <(fwctl status)
nft_in delete table ip huge

# --- a new daemon takes it over -------------------------------------------------------

check takeover-apply "refused" fwctl apply "$LAB/policy.conf"
before=$(listing -a)
client ping -i 0.02 -c 150 -W 1 10.10.0.1 >/dev/null 2>&1 &
client perl "$LAB_ROOT/tests/functional/transfer.pl" talk 20 raw 9000 "$ECHO4" - "$LAB/stop" >"$LAB/talk" 2>&1 &
wait_for 10 test -e "$LAB/stop.ready"
kill -KILL "$AGENT_PID"
wait "$AGENT_PID" 2>/dev/null
agent_or_fail
check takeover-sends-nothing "the ruleset was sent again" is "$(listing -a)" "$before"
counted=$(counted)
check takeover-says-so "log" grep -q "nothing is sent" "$LAB/log/fwagentd"
agent_stop
cp "$FWAGENTD" "$LAB/fwagentd-new"
echo >>"$LAB/fwagentd-new"
FWAGENTD=$LAB/fwagentd-new agent_start || not_ok upgrade "the new program does not come up"
check upgrade-replaces "the ruleset was not sent again" test "$(listing -a)" != "$before"
check upgrade-goes-on-counting "$counted packets, then $(counted)" has_counted "$counted"
check upgrade-stands "not as the policy says" stands
: >"$LAB/stop"
wait_for 15 test -s "$LAB/talk"
check takeover-loses-nothing "$(cat "$LAB/talk")" grep -q "^20 whole, 0 broken" "$LAB/talk"
echo "  $(cat "$LAB/talk")"
finish
