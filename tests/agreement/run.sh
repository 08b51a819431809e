#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's ruleset against the evaluation: agree.c in namespaces of its own.
#
# usage: run.sh BUILD_FOLDER [POLICIES PACKETS [SEED]]
set -u

case ${1:-} in
-h | --help)
	echo "usage: run.sh BUILD_FOLDER [POLICIES PACKETS [SEED]]"
	exit 0
	;;
esac
cd "$(dirname "$0")/../.." || exit 2
agree=$(realpath -m "${1:?usage: run.sh BUILD_FOLDER [POLICIES PACKETS [SEED]]}")/tests/agreement/agree
here=fw$$-agree
peers=fw$$-peers
log=$(mktemp) || exit 2
interfaces="lan0 lan1 srv0 srv1 wan0 wan1 far0 far1 stray0"

cleanup() {
	ip netns del "$here" 2>/dev/null
	ip netns del "$peers" 2>/dev/null
	rm -f "$log"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_here() {
	ip netns exec "$here" "$@"
}

if [ "$(id -u)" -ne 0 ] || ! ip netns add "$here" 2>/dev/null; then
	echo "SKIP agreement: network namespaces need root"
	exit 77
fi
ip netns add "$peers"
for i in $interfaces; do
	ip link add "$i" netns "$here" type veth peer name "$i" netns "$peers"
	# No neighbour has to be found before a packet leaves, and none solicits:
	# a kernel that is told of both at once is up before it is told of none.
	ip -n "$here" link set "$i" arp off addrgenmode none
	ip -n "$here" link set "$i" up
	ip -n "$peers" link set "$i" arp off addrgenmode none address 02:00:00:00:00:01
	ip -n "$peers" link set "$i" up
done
ip -n "$here" link set lo up
in_here sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
	net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
	net.ipv4.conf.all.send_redirects=0
in_here sysctl -qw net.netfilter.nf_conntrack_checksum=0 2>/dev/null
for i in $interfaces; do
	in_here sysctl -qw "net.ipv4.conf.$i.rp_filter=0" "net.ipv4.conf.$i.send_redirects=0"
done
in_here nft -f - <<-END
	table inet watch {
		chain come {
			type filter hook prerouting priority -350;
			iifname { ${interfaces// /, } } meta nftrace set 1
		}
		chain leave {
			type filter hook output priority -350;
			meta skuid 0 meta nftrace set 1
		}
	}
END
if in_here timeout 1200 "$agree" "$peers" "${2:-40}" "${3:-50}" ${4:+"$4"} >"$log" 2>&1; then
	tail -n 1 "$log"
	echo "ok kernel-agrees"
else
	cat "$log"
	echo "not ok kernel-agrees: the kernel and the evaluation differ"
	exit 1
fi
