#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The engine alone over the captures of a corpus, from memory, on one core; and
# nDPI over the same packets in the same run, where its library is
# (libndpi-dev).  Times are of the process itself, the least of ROUNDS.
#
# usage: engine.sh BUILD_FOLDER [ROUNDS]
#   FWAGENT_CORPUS  the corpus (a folder with pcap/), beside the checkout
#   COUNT=1         instructions instead, by callgrind (minutes)
set -u

cd "$(dirname "$0")/../.." || exit 2
B=${1:?usage: engine.sh BUILD_FOLDER [ROUNDS]}/tests/bench/engine
rounds=${2:-5}
corpus=${FWAGENT_CORPUS:-../shared/corpus}
policy=tests/bench/engine/all.conf
if [ ! -d "$corpus/pcap" ]; then
	echo "SKIP engine: no corpus at $corpus (set FWAGENT_CORPUS)"
	exit 0
fi

row() {
	printf '%-58s %8s %s\n' "$1" "$2" "$3"
}

# instructions WHAT FUNCTION: all that is done in it, in one round.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--collect-atstart=no --toggle-collect="$2" \
		"$B/engine" $policy 1 "$1" "$corpus"/pcap/* 2>&1 |
		sed -n 's/.*Collected : //p'
}

# with_names N: the same, where a rule has that many names.
with_names() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "%sn%d.example.org\n", i % 2 ? "*." : "", i }' >"$work/names.txt"
	sed 's|host = \["\*.example.org", .*\];|host = "@names";|
		s|^segment: |hosts: { names = "@file:names.txt"; };\n&|' \
		$policy >"$work/names.conf"
	"$B/engine" "$work/names.conf" "$rounds" hellos "$corpus"/pcap/* |
		sed -n 's/^hello_ns_flow //p'
}

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
declare -A v
while read -r name value; do
	v[$name]=$value
done < <("$B/engine" $policy "$rounds" all "$corpus"/pcap/*
	[ -x "$B/ndpi" ] && "$B/ndpi" "$rounds" "$corpus"/pcap/*)
if [ -z "${v[packets]:-}" ]; then
	echo "engine: nothing was measured"
	exit 1
fi
echo "${v[packets]} packets of ${v[flows]} flows, ${v[hellos]} of them TLS from its SYN on"
row "a packet, as on a gateway" "${v[live_ns_packet]}" ns
row "a packet, read on behind the decision (replay)" "${v[read_on_ns_packet]}" ns
row "the same, with a line of JSON for each flow and verdict" "${v[lines_ns_packet]}" ns
row "a flow of TLS, from SYN to decision" "${v[hello_ns_flow]}" ns
for n in 10 1000000; do
	row "  with $n names in a rule" "$(with_names $n)" ns
done
if [ -n "${v[ndpi_ns_packet]:-}" ]; then
	row "a packet, by nDPI (flows looked up for it)" "${v[ndpi_ns_packet]}" ns
	awk -v a="${v[live_ns_packet]}" -v b="${v[ndpi_ns_packet]}" \
		'BEGIN { printf "%-58s %8.2f x\n", "  ours on a gateway, against it", a / b }'
else
	echo "nDPI: not here (apt-get install libndpi-dev)"
fi
row "memory of a flow that has sent its SYN" "${v[syn_bytes_flow]}" bytes
row "memory of a flow that has begun its hello" "${v[begun_bytes_flow]}" bytes
row "a byte of a quarter of a hello, a segment each" "${v[drip_ns_quarter]}" ns
row "a byte of ${v[drip_bytes]} bytes of it, a segment each" "${v[drip_ns_whole]}" ns
if [ -n "${COUNT:-}" ]; then
	row "instructions a packet, as on a gateway" \
		$(($(instructions live all_once) / v[packets])) ""
	row "instructions a flow of TLS" \
		$(($(instructions hellos hellos_all) / v[hellos] / 5)) ""
fi
