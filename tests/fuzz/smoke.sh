#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run each libFuzzer target for some seconds from its corpus; new inputs go to
# a temporary folder, a crash is left in build/fuzz/crashes and named.
#
# usage: smoke.sh FOLDER_OF_TARGETS SECONDS
set -u

cd "$(dirname "$0")/../.." || exit 2
folder=${1:?}
seconds=${2:?}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir -p build/fuzz/crashes
bad=0

for program in "$folder"/fuzz_*; do
	if [ ! -x "$program" ]; then
		continue
	fi
	target=$(basename "$program")
	target=${target#fuzz_}
	mkdir -p "$work/$target"
	if timeout -k 20 $((seconds + 120)) "$program" -max_total_time="$seconds" \
		-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/crashes/$target-" "$work/$target" \
		"tests/fuzz/corpus/$target" >"$work/$target.log" 2>&1 </dev/null; then
		echo "ok fuzz-smoke/$target ($(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log") runs)"
	else
		tail -n 60 "$work/$target.log"
		echo "not ok fuzz-smoke/$target: see above, and build/fuzz/crashes"
		bad=1
	fi
done
exit $bad
