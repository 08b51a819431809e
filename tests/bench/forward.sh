#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a packet costs as the policy grows: forwarded packets a second through
# rulesets of 10, 1000 and 10000 rules, of one flow that is decided and of flows
# that are all new; medians of interleaved rounds.  The packets match the last
# rule.  Root; in network namespaces of its own.
# usage: forward.sh BUILD_FOLDER [ROUNDS]
set -u

cd "$(dirname "$0")/../.." || exit 2
B=$(realpath -m "${1:?usage: forward.sh BUILD_FOLDER [ROUNDS]}")
rounds=${2:-5}
tag=fw$$
work=$(mktemp -d) || exit 2
loader=

cleanup() {
	[ -z "$loader" ] || kill "$loader" 2>/dev/null
	for n in client gateway server; do
		ip netns del "$tag-$n" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
if [ "$(id -u)" -ne 0 ]; then
	echo "forward: needs root"
	exit 0
fi

for n in client gateway server; do
	ip netns add "$tag-$n" || exit 1
	ip -n "$tag-$n" link set lo up
done
ip link add c0 netns "$tag-client" type veth peer name lan0 netns "$tag-gateway"
ip link add s0 netns "$tag-server" type veth peer name wan0 netns "$tag-gateway"
ip -n "$tag-client" addr add 10.0.0.2/24 dev c0
ip -n "$tag-gateway" addr add 10.0.0.1/24 dev lan0
ip -n "$tag-gateway" addr add 198.51.100.1/24 dev wan0
ip -n "$tag-server" addr add 198.51.100.2/24 dev s0
for link in client:c0 gateway:lan0 gateway:wan0 server:s0; do
	ip -n "$tag-${link%:*}" link set "${link#*:}" up
done
ip -n "$tag-client" route add default via 10.0.0.1
ip netns exec "$tag-gateway" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
	net.ipv4.conf.lan0.rp_filter=0
# What nobody waits for is dropped at the server without an answer.
ip netns exec "$tag-server" nft 'add table inet t; add chain inet t c { type filter hook prerouting priority -300; }; add rule inet t c udp dport 5001 counter drop'

# policy RULES [optimize]
policy() {
	cat <<-END
		version = 1;
		gateway: { optimize = ${2:-true}; };
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
		log: { allow = "none"; deny = "none"; };
		hygiene: { documentation = false; };
		zones: { lan: { interfaces = ["lan0"]; networks = ["10.0.0.0/8"]; };
		         wan: { interfaces = ["wan0"]; external = true; }; };
		egress: (
	END
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) {
		a = int(i / 250) % 250; b = i % 250
		if (i % 4 == 0)
			what = sprintf("from = \"10.1.%d.%d\"; to = \"203.0.%d.%d\"; service = \"tcp/443\"", a, b, a, b)
		else if (i % 4 == 1)
			what = sprintf("from = \"10.2.%d.%d/32\"; to = \"203.1.%d.0/24\"; service = [\"tcp/8000-8100\", \"udp/53\"]", a, b, a)
		else if (i % 4 == 2)
			what = sprintf("to = \"203.2.%d.%d\"; service = \"tcp/80\"", a, b)
		else
			what = sprintf("from = \"10.3.%d.%d\"; to = [\"203.3.%d.%d\", \"203.4.%d.0/24\"]", a, b, a, b, a)
		printf "{ name = \"rule %d\"; %s; action = \"allow\"; },\n", i, what } }'
	echo '{ name = "last"; to = "198.51.100.2"; service = "udp/5001"; action = "allow"; } );'
}

# blast COUNT FLOWS
blast() {
	ip netns exec "$tag-client" "$B/tests/bench/blast" 10.0.0.2 198.51.100.2 5001 "$1" "$2"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

cases="${CASES:-10 1000 10000 10000-as-written}"
for c in $cases; do
	case $c in
	*-as-written) policy "${c%%-*}" false ;;
	*) policy "$c" ;;
	esac >"$work/$c.conf"
	: >"$work/$c.known"
	: >"$work/$c.new"
done
for _ in $(seq "$rounds"); do
	for c in $cases; do
		ip netns exec "$tag-gateway" nft flush ruleset
		ip netns exec "$tag-gateway" "$B/tests/bench/load" "$work/$c.conf" >/dev/null || exit 1
		ip netns exec "$tag-gateway" conntrack -F >/dev/null 2>&1
		# the kernel still takes apart what was there before
		sleep 2
		blast 20000 1 >/dev/null
		blast 200000 1 >>"$work/$c.known"
		# one after the other takes long: a few are enough
		case $c in
		*-as-written) blast 1000 1000 ;;
		*) blast 30000 30000 ;;
		esac >>"$work/$c.new"
		ip netns exec "$tag-gateway" conntrack -F >/dev/null 2>&1
	done
done
arrived=$(ip netns exec "$tag-server" nft -j list chain inet t c | grep -o '"packets": *[0-9]*' | grep -o '[0-9]*')
first_known=$(median <"$work/10.known")
first_new=$(median <"$work/10.new")
for c in $cases; do
	known=$(median <"$work/$c.known")
	new=$(median <"$work/$c.new")
	awk -v c="$c" -v k="$known" -v n="$new" -v fk="$first_known" -v fn="$first_new" 'BEGIN {
		printf "%-18s rules: decided flow %7d packets/s  x %.3f   new flows %7d packets/s  x %.3f\n",
			c, k, k / fk, n, n / fn }'
done
echo "arrived at the server: $arrived of $(((250000 * 3 + 221000) * rounds)) (all cases)"
