#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Loading rulesets: this compiler and its batch against `nft -f` of the same
# content, in one run; root, in network namespaces of its own.
# usage: load.sh BUILD_FOLDER [ADDRESSES]      default: 100000 and 1000000
set -u

cd "$(dirname "$0")/../.." || exit 2
B=$(realpath -m "${1:?usage: load.sh BUILD_FOLDER [ADDRESSES]}")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
sizes=${2:-100000 1000000}
if [ "$(id -u)" -ne 0 ]; then
	echo "load: needs root"
	exit 0
fi

# entries KIND N: addresses of a list in a file, far apart
entries() {
	awk -v kind="$1" -v n="$2" 'BEGIN {
		for (i = 0; i < n; i++) {
			a = 16777216 * 20 + i * (kind == "hash" ? 37 : 256)
			printf "%d.%d.%d.%d%s\n", int(a / 16777216), int(a / 65536) % 256,
				int(a / 256) % 256, a % 256, kind == "hash" ? "" : "/25"
		}
	}'
}

# policy RULES [LINE]: rules, and one with the list where there is one
policy() {
	cat <<-END
		version = 1;
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
		zones: { lan: { interfaces = ["lan0"]; networks = ["10.0.0.0/8"]; };
		         wan: { interfaces = ["wan0"]; external = true; }; };
	END
	[ -e "$work/list" ] && echo 'addresses: { many = ["@file:list"]; };'
	echo 'egress: ('
	[ -e "$work/list" ] && echo '{ name = "many"; to = "@many"; service = "https"; action = "reject"; },'
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "{ name = \"rule %d\"; from = \"10.%d.%d.%d\"; to = \"198.18.%d.%d\"; service = \"tcp/443\"; action = \"allow\"; },\n",
			i, int(i / 65536), int(i / 256) % 256, i % 256, int(i / 256) % 256, i % 256 }'
	echo "${2:-}"
	echo '{ name = "last"; to = "192.0.2.1"; service = "udp/53"; action = "allow"; } );'
}

# value WHICH WHAT: from what the program printed
value() {
	awk -v which="$1" -v what="$2" '$1 == which && $2 == what { print $3 }' "$work/said"
}

# row NAME ELEMENTS: this against nft -f
row() {
	local ours theirs rss nft_rss

	unshare -n "$B/tests/bench/load" "$work/one.conf" "$work/two.conf" >"$work/said" || exit 1
	"$B/fwctl" compile --format nft "$work/one.conf" >"$work/one.nft" 2>/dev/null
	TIMEFORMAT=%R
	theirs=$({ time unshare -n /usr/bin/time -f %M -o "$work/rss" nft -f "$work/one.nft" >/dev/null 2>&1; } 2>&1)
	nft_rss=$(tail -n 1 "$work/rss")
	rss=$(value first rss)
	ours=$(awk -v a="$(value first compile)" -v b="$(value first batch)" -v c="$(value first send)" \
		'BEGIN { printf "%.3f", a + b + c }')
	printf '%-22s compile %7.3f s  batch %6.3f s  send %7.3f s  all %7.3f s  nft -f %7.3f s  x %5.2f  memory %4d MB (nft %4d MB)' \
		"$1" "$(value first compile)" "$(value first batch)" "$(value first send)" "$ours" "$theirs" \
		"$(awk -v a="$ours" -v b="$theirs" 'BEGIN { print b / a }')" $((rss / 1024)) $((nft_rss / 1024))
	[ "$2" -eq 0 ] || printf '  %d bytes an element' $((rss * 1024 / $2))
	printf '\n%-22s compile %7.3f s  batch %6.4f s  send %6.4f s\n' "  one rule more" "$(value change compile)" \
		"$(value change batch)" "$(value change send)"
}

for n in $sizes; do
	for kind in hash ranges; do
		entries $kind "$n" >"$work/list"
		policy 0 >"$work/one.conf"
		policy 0 '{ name = "new"; to = "192.0.2.2"; service = "udp/53"; action = "allow"; },' >"$work/two.conf"
		row "$n $kind" "$n"
	done
done
rm "$work/list"
policy 10000 >"$work/one.conf"
policy 10000 '{ name = "new"; to = "192.0.2.2"; service = "udp/53"; action = "allow"; },' >"$work/two.conf"
row "10000 rules" 0
