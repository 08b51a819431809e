#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A set of 100,000 addresses is exchanged again and again under load: no packet
# of a flow that both policies allow is lost.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
command -v iperf3 >/dev/null || skip_all 77-swap "no iperf3"
lab_up
mkdir -p "$LAB/policy"

# list FIRST: 100,000 addresses, another set for each FIRST
list() {
	awk -v first="$1" 'BEGIN { for (i = 0; i < 100000; i++) {
		a = first * 4000000 + i * 37
		printf "45.%d.%d.%d\n", int(a / 65536) % 256, int(a / 256) % 256, a % 256 } }' >"$LAB/policy/list"
}
cat >"$LAB/policy/policy.conf" <<END
version = 1;
zones: {
  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
  wan: { interfaces = ["wan0"]; external = true; };
};
application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
addresses: { many = "@file:list"; };
egress: (
  { name = "many"; to = "@many"; action = "reject"; },
  { name = "load"; from = "lan"; to = "192.0.2.0/24"; service = ["tcp/5201", "udp/5201"]; action = "allow"; }
);
END

list 0
agent_or_fail
check apply "the policy was not applied" fwctl apply "$LAB/policy/policy.conf"
# What the busy receiver itself cannot take in time is not what is asked: the
# packets are counted where they arrive.
outside nft -f - <<END
table inet arrivals {
	chain c { type filter hook prerouting priority -300; udp dport 5201 counter; }
}
END
outside iperf3 -s -1 -B "$WEB4" >"$LAB/log/iperf-server" 2>&1 &
sleep 1
client iperf3 -c "$WEB4" -u -b 16M -l 200 -t 12 -J >"$LAB/load.json" 2>&1 &
load=$!
sleep 2
swaps=0
for i in 1 2 3 4 5; do
	list "$i"
	fwctl apply "$LAB/policy/policy.conf" >/dev/null 2>&1 && swaps=$((swaps + 1))
	sleep 0.5
done
wait "$load"
check all-swaps "only $swaps of 5 sets came into force" test "$swaps" -eq 5
# the first address of the fifth list: 5 * 4,000,000 behind 45.0.0.0
check the-last-is-in-force "it is not in the set" \
	gateway sh -c 'nft list ruleset | grep -q "45\.49\.45\.0[ ,]"'
sent=$(jq '.end.sum.packets' "$LAB/load.json")
arrived=$(outside nft -j list chain inet arrivals c | jq '[.. | .counter? // empty | .packets] | add')
echo "packets: $sent sent while 5 sets of 100,000 were exchanged, $arrived arrived"
check load-ran "the load has sent but ${sent:-nothing}" test "${sent:-0}" -gt 50000
# (and one with which the receiver is told to begin)
check none-lost "$((sent - arrived)) packets were lost" test "${arrived:-0}" -ge "${sent:-1}"
finish
