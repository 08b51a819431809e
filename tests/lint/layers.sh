#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check each #include against layers.txt.
set -u

cd "$(dirname "$0")/../.." || exit 2
find agent policy -name '*.[ch]' -print0 2>/dev/null | sort -z |
xargs -0 -r grep -Hn '^[[:space:]]*#[[:space:]]*include' /dev/null |
awk -v rules=tests/lint/layers.txt '
function pattern(glob) {
	gsub(/\./, "\\.", glob)
	gsub(/\*/, "[^/]*", glob)
	return "^" glob "$"
}
BEGIN {
	# Only these outside headers are a matter of layers; the rest is libc
	# and the kernel.
	n = split("libmnl libnftnl libnetfilter_queue libnetfilter_log " \
		"libnetfilter_conntrack libnfnetlink libconfig jansson idn2 " \
		"libpsl pcap systemd seccomp cap-ng openssl hs pcre2 check " \
		"nghttp2 maxminddb urcu", w, " ")
	for (i = 1; i <= n; i++)
		outside["<" w[i] ">"] = 1
	while ((getline line < rules) > 0) {
		n = split(line, w)
		if (n == 0 || w[1] ~ /^#/)
			continue
		paths[++np] = w[1]
		path_re[np] = pattern(w[1])
		for (i = 2; i <= n; i++) {
			may[np, ++words[np]] = w[i]
			may_re[np, words[np]] = pattern(w[i])
		}
	}
}
{
	split($0, at, ":")
	inc = $0
	sub(/^[^"<]*/, "", inc)
	if (inc ~ /^</) {
		sub(/>.*/, "", inc)
		sub(/\/.*/, "", inc)
		sub(/\.h$/, "", inc)
		inc = inc ">"
		if (!(inc in outside))
			next
	} else {
		sub(/^"/, "", inc)
		sub(/".*$/, "", inc)
		own = at[1]
		sub(/\.[ch]$/, ".h", own)
		if (inc == own || (inc == "agent/limits.h" && at[1] ~ /^agent\//))
			next
		if (inc !~ /\//) {
			print at[1] ":" at[2] ": write \"" inc "\" from the root"
			bad = 1
			next
		}
	}
	best = 0
	for (p = 1; p <= np; p++)
		if (at[1] ~ path_re[p] && (!best || length(paths[p]) > length(paths[best])))
			best = p
	folder = inc
	sub(/\/[^\/]*$/, "", folder)
	ok = 0
	for (i = 1; best && i <= words[best]; i++)
		if (inc ~ may_re[best, i] || folder == may[best, i])
			ok = 1
	if (!ok) {
		print at[1] ":" at[2] ": may not include " inc
		bad = 1
	}
}
END { exit bad }'
