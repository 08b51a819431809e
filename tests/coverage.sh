#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Line coverage by folder from the .gcda files below a build folder.
#
# usage: coverage.sh BUILD_FOLDER
set -u

cd "$(dirname "$0")/.." || exit 2
find "${1:?}" -name '*.gcda' -print0 | xargs -0 -r gcov -n 2>/dev/null |
awk '
/^File / { file = $2; gsub(/\x27/, "", file) }
/^Lines executed:/ {
	if (file ~ /^(policy|agent)\//) {
		split($0, part, /[:% ]/)
		total = $NF
		# a file seen by several programs: the best of them counts
		hit = part[3] * total / 100
		if (hit >= best[file]) {
			best[file] = hit
			lines[file] = total
		}
	}
	file = ""
}
END {
	for (f in lines) {
		folder = f
		sub(/\/[^\/]*$/, "", folder)
		sum[folder] += lines[f]
		got[folder] += best[f]
		printf "%6.1f%% %6d  %s\n", 100 * best[f] / lines[f], lines[f], f
	}
	for (d in sum)
		printf "%6.1f%% %6d  %s/\n", 100 * got[d] / sum[d], sum[d], d
}' | sort -k3
