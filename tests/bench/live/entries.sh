# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # from live.sh
# For live.sh: a new connection through 10 names and addresses, and through a
# million of each.

FLOWS=3000

for n in 10 1000000; do
	awk -v n=$n 'BEGIN { for (i = 1; i < n; i++) printf "%sn%d.example.net\n", i % 2 ? "*." : "", i
		print "www.example.org" }' >"$LAB/names-$n"
	awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) { a = 16777216 * 20 + i * 37
		printf "%d.%d.%d.%d\n", int(a / 16777216), int(a / 65536) % 256, int(a / 256) % 256, a % 256 } }' \
		>"$LAB/addresses-$n"
	bench_policy 1 "hosts: { names = \"@file:names-$n\"; };
		addresses: { many = \"@file:addresses-$n\"; };" |
		sed 's/egress: (/&\n  { name = "many"; to = "@many"; action = "deny"; },/' >"$LAB/entries-$n.conf"
done
for _ in $(seq 3); do
	for n in 10 1000000; do
		setup ours "$LAB/entries-$n.conf"
		before=$(cpu_ns)
		dial first tls $FLOWS 32
		note "entries-$n.cpu" $((($(cpu_ns) - before) / FLOWS))
		note "entries-$n.rate" "$RATE"
	done
done
setup_end
few=$(median ours.entries-10.cpu) many=$(median ours.entries-1000000.cpu)
line "CPU a connection, a million entries" "$many" ns "$few" "ten" "$(ratio "$many" "$few")" "<=" 1.2
few=$(median ours.entries-10.rate) many=$(median ours.entries-1000000.rate)
line "connections, a million entries" "$many" /s "$few" "ten" "$(ratio "$many" "$few")" ">=" 0.8
