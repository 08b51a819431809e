#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One client floods: with SYNs, also from ten thousand addresses that are not
# its own, with hellos that never end, with questions.  Another one is served
# meanwhile, and refused what it may not, and all is well afterwards.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
NS_FLOOD=$LAB_TAG-flood
LAB_SPACES+=("$NS_FLOOD")
lab_up
FLOOD4=10.11.0.5
FLOOD6=fd00:11::5
link "$NS_FLOOD" lan1 10.11.0.1/16 fd00:11::1/64 -- "$FLOOD4/16" "$FLOOD6/64" ||
	skip_all floods "no second client"
ip -n "$NS_FLOOD" route add default via 10.11.0.1
ip -n "$NS_FLOOD" -6 route add default via fd00:11::1
basic_servers

COUNT=15
PATIENCE=$((12 * LAB_SLOW))
MEMORY_KB=131072
port=20000
flooder=
declare -A before

policy() { # MODE
	cat <<-END
		version = 1;
		gateway: { name = "floods"; fail = "$1"; };
		zones: {
		  lan: { interfaces = ["lan0", "lan1"];
		         networks = ["10.10.0.0/15", "fd00:10::/64", "fd00:11::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { resolvers = ["$RESOLVER4", "$RESOLVER6"]; };
		segment: ( { name = "dns"; from = "lan"; to = "@resolvers"; service = "dns"; action = "allow"; } );
		egress: ( { name = "web"; from = "lan"; service = ["http", "https"]; app = ["http", "tls"];
		            host = "www.example.org"; action = "allow"; } );
		application: { binding = "log"; };
	END
}

status() { # JQ-EXPRESSION
	fwctl status --json 2>/dev/null | jq -r "$1"
}

flood() { # ARGUMENT...: in the background, by the client that floods
	ns_exec "$NS_FLOOD" timeout 60 python3 "$LAB_ROOT/tests/functional/floods.py" "$@" \
		>"$LAB/log/flood" 2>&1 </dev/null &
	flooder=$!
}

# wave NAME SECONDS PORT: COUNT requests of the other client at once; how many are
# answered
wave() {
	client perl "$LAB_ROOT/tests/functional/failures.pl" many "$WEB4" "$1" "$COUNT" "$3" "$2"
}

# by_v6 NAME: three of them over IPv6
by_v6() {
	local n=0

	for _ in 1 2 3; do
		web -6 --resolve "$1:80:$WEB6" "http://$1/" 2>/dev/null | grep -q hello && n=$((n + 1))
	done
	echo "$n"
}

served() {
	port=$((port + 100))
	[ "$(wave www.example.org "$PATIENCE" "$port")" = "$COUNT" ] && [ "$(by_v6 www.example.org)" = 3 ]
}

memory_kb() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(status .engine.pid)/status"
}

since() { # JQ-EXPRESSION, once noted in `before`
	echo $(($(status "$1 // 0") - ${before[$1]}))
}

note() {
	before=(['.reasons["client.limit"]']=$(status '.reasons["client.limit"] // 0')
		[.counters.vouched]=$(status .counters.vouched)
		[.engine.restarts]=$(status .engine.restarts))
}

# under NAME KIND ARGUMENT...: the other client, while that flood lasts
under() {
	local name=$mode-$1 seen from

	shift
	note
	capture_start "$name" "$NS_OUTSIDE" "tcp"
	flood "$@"
	sleep 1
	port=$((port + 100))
	seen=$(wave www.example.org "$PATIENCE" "$port")
	check "$name-others-are-served" "$seen of $COUNT" is "$seen" "$COUNT"
	seen=$(by_v6 www.example.org)
	check "$name-others-are-served-over-v6" "$seen of 3" is "$seen" 3
	port=$((port + 100))
	seen=$(wave evil.example.com 2 "$port")
	check "$name-others-are-refused" "$seen of $COUNT are answered" is "$seen" 0
	kb=$(memory_kb)
	check "$name-memory-has-a-bound" "$kb KiB" test "${kb:-$MEMORY_KB}" -lt "$MEMORY_KB"
	top=$(fwctl status | sed -n 's/^top *//p')
	wait "$flooder"
	echo "  $name: $(tail -n 1 "$LAB/log/flood") sent, $kb KiB, client.limit $(since '.reasons["client.limit"]')"
	capture_stop "$name"
	seen=$(payload "$name" "dst port 80 and src portrange $port-$((port + COUNT - 1)) or dst port 443")
	check "$name-nothing-leaks" "packets, bytes: $seen" is "$seen" "0 0"
	check "$name-engine-is-the-same" "another one" is "$(since .engine.restarts)" 0
}

# What is held is counted against its client; what its client has sent again by
# then, on a slow machine all of it, is acknowledged and not held.
ceilings_or_vouched() {
	[ $(($(since '.reasons["client.limit"]') + $(since .counters.vouched))) -gt 1024 ]
}

is_told() {
	told '.fw.reason == "client.limit" and (.src_ip == "'"$1"'")'
}

hellos() { # FAMILY OWN-ADDRESS SERVER
	under "half-hellos-$1" hellos "$3" 443 1500 200 5
	check "$mode-half-hellos-$1-are-counted" "none" ceilings_or_vouched
	check "$mode-half-hellos-$1-are-seen-in-status" "$top" grep -qF "$2: " <<<"$top"
	[ "$(since '.reasons["client.limit"]')" -eq 0 ] ||
		check "$mode-half-hellos-$1-are-told" "no event" wait_for 15 is_told "$2"
	under "first-bytes-$1" hellos "$3" 443 1500 1 5
	check "$mode-first-bytes-$1-are-counted" "none" ceilings_or_vouched
}

run_mode() {
	mode=$1
	rm -rf "$LAB/agent"
	policy "$mode" >"$LAB/$mode.conf"
	agent_start || { not_ok "$mode-start" "fwagentd does not come up"; return; }
	check "$mode-apply" "@$LAB/log/seen" seen agent_apply "$LAB/$mode.conf"
	hellos v4 "$FLOOD4" "$WEB4"
	hellos v6 "$FLOOD6" "$WEB6"
	under syns-v4 syns "$FLOOD4" "$WEB4" 443 25000 1
	under syns-v6 syns "$FLOOD6" "$WEB6" 443 25000 1
	under spoofed-v4 syns 10.11.1.0 "$WEB4" 443 30000 10000
	under spoofed-v6 syns fd00:11::1:0 "$WEB6" 443 30000 10000
	under questions-v4 questions "$RESOLVER4" 20000
	under questions-v6 questions "$RESOLVER6" 20000
	check "$mode-all-is-well-again" "not served" wait_for 10 served
	agent_stop
	gateway nft delete table inet fwagent 2>/dev/null
}

run_mode closed
run_mode open
finish
