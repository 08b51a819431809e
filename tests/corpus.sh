#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every capture of the corpus beside the checkout goes through `fwctl replay`:
# no crash, no hang, no sanitizer report.  usage: corpus.sh BUILD_FOLDER
set -u

cd "$(dirname "$0")/.." || exit 2
fwctl=${1:?usage: corpus.sh BUILD_FOLDER}/fwctl
corpus=${FWAGENT_CORPUS:-../shared/corpus}
if [ ! -d "$corpus/pcap" ]; then
	echo "SKIP captures: no corpus at $corpus (set FWAGENT_CORPUS)"
	exit 77
fi
if [ ! -x "$fwctl" ]; then
	echo "SKIP captures: $fwctl was not built"
	exit 77
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export fwctl work

# 0 and 1 are answers (1: the capture could not be read to its end); a signal,
# a sanitizer's exit status or the time limit is a failure.
# shellcheck disable=SC2016 # expanded by the inner shell
find "$corpus/pcap" "$corpus/robust" -type f -print0 |
xargs -0 -r -n 16 -P "$(nproc)" bash -c '
	for f; do
		timeout -k 5 60 "$fwctl" replay --policy packaging/policies/sample.conf "$f" \
			>/dev/null 2>"$work/err.$$" </dev/null
		rc=$?
		echo "$rc" >>"$work/seen.$$"
		if [ $rc -gt 1 ] || grep -q "Sanitizer\|runtime error:" "$work/err.$$"; then
			echo "$(basename "$f"): exit status $rc: $(grep -m 1 . "$work/err.$$")" >>"$work/bad.$$"
		fi
	done
	exit 0' replay
shopt -s nullglob
seen=("$work"/seen.*)
bad=("$work"/bad.*)
count=$(cat "${seen[@]}" /dev/null | wc -l)
if [ ${#bad[@]} -gt 0 ]; then
	cat "${bad[@]}" | head -n 20
	echo "not ok captures: $(cat "${bad[@]}" | wc -l) of $count captures"
	exit 1
fi
echo "ok captures ($count, $(cat "${seen[@]}" | grep -c '^1') of them cut or unreadable)"
