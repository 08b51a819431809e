#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How the cost of a compile grows with addresses and with rules, each row against
# the one before.  Ratios of one run; about 10 is
# linear.  usage: compile.sh BUILD_FOLDER
set -u

cd "$(dirname "$0")/../.." || exit 2
fwctl=${1:?usage: compile.sh BUILD_FOLDER}/fwctl
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# policy ADDRESSES RULES
policy() {
	awk -v addresses="$1" -v rules="$2" 'BEGIN {
		print "version = 1;"
		print "zones: { lan: { interfaces = [\"lan0\"]; networks = [\"10.10.0.0/16\"]; };"
		print "         wan: { interfaces = [\"wan0\"]; external = true; }; };"
		print "addresses: { many = ["
		for (i = 0; i < addresses; i++)
			printf "%s\"%d.%d.%d.%d\"", i ? ",\n" : "", 20 + i % 80,
				int(i / 80) % 256, int(i / 20480) % 256, 1 + i % 200
		print "]; };\negress: ("
		for (i = 0; i < rules; i++)
			printf "{ name = \"r%d\"; to = \"%s\"; service = \"tcp/%d\"; action = \"allow\"; }%s\n",
				i, i ? "wan" : "@many", 1000 + i, i < rules - 1 ? "," : ""
		print ");"
	}'
}

# seconds POLICY: the least of five
seconds() {
	for _ in 1 2 3 4 5; do
		TIMEFORMAT=%U
		{ time "$fwctl" compile "$1" >/dev/null 2>&1; } 2>&1
	done | sort -n | head -n 1
}

row() {
	printf '%-24s %8s s' "$1" "$2"
	[ -z "$3" ] || printf '  x %s' "$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.1f", (b > 0) ? a / b : 0 }')"
	echo
}

last=
for n in 2000 20000 200000; do
	policy $n 1 >"$work/p.conf"
	now=$(seconds "$work/p.conf")
	row "$n addresses" "$now" "$last"
	last=$now
done
last=
for n in 40 400 4000; do
	policy 10 $n >"$work/p.conf"
	now=$(seconds "$work/p.conf")
	row "$n rules" "$now" "$last"
	last=$now
done
