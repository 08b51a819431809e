#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Captures of the corpus in other packets (recut.c): every flow has the same
# facts and the same verdict.  A flow whose own packets say two things at one
# place of its stream is not compared (recut conflicts).
#
# usage: recut.sh BUILD_FOLDER [--all] [--list]
#   --all   every capture in every form; else a share of them
#   --list  what differs
set -u

# One capture of so many, another share in each form.
SHARE=24
SEED=${SEED:-1}

cd "$(dirname "$0")/../.." || exit 2
fwctl=$(realpath "${1:?usage: recut.sh BUILD_FOLDER}/fwctl")
recut=$(realpath "$1/tests/replay/recut")
[[ " $* " == *" --all "* ]] && SHARE=1
list=$([[ " $* " == *" --list "* ]] && echo yes)
corpus=${FWAGENT_CORPUS:-../shared/corpus}
if [ ! -d "$corpus/pcap" ]; then
	echo "SKIP recut: no corpus at $corpus (set FWAGENT_CORPUS)"
	exit 77
fi
if [ ! -x "$fwctl" ] || [ ! -x "$recut" ] || ! command -v jq >/dev/null; then
	echo "SKIP recut: needs $fwctl, $recut and jq"
	exit 77
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export fwctl recut work SEED

# All but times, numbers of packets, and what is counted by them.
# shellcheck disable=SC2016 # jq's own variables
facts='
	select(.event_type == "flow") |
	[(input_filename | split("/")[-1]),
	 "\(.src_ip) \(.src_port) \(.dest_ip) \(.dest_port)",
	 (del(.timestamp, .flow_id, .flow, .fw.held_us) | tostring)] | @tsv'

# replay_all FORM: its events, one file a capture, from the names on stdin.
replay_all() {
	mkdir "$work/$1"
	# shellcheck disable=SC2016 # expanded by the inner shell
	form=$1 xargs -r -d '\n' -n 16 -P "$(nproc)" bash -c '
		for f; do
			from=$f
			if [ "$form" != whole ]; then
				from=$work/$form.$$.pcap
				"$recut" "$form" "$SEED" "$f" "$from"
			fi
			timeout -k 5 120 "$fwctl" replay --policy \
				packaging/policies/sample.conf "$from" \
				>"$work/$form/$(basename "$f")" 2>/dev/null
			[ $? -le 1 ] || echo "$form $(basename "$f")" >>"$work/died"
		done
		rm -f "$work/$form.$$.pcap"' recut
}

find "$corpus/pcap" -type f | sort >"$work/captures"
touch "$work/died"
bad=0
n=0
for form in bytes pieces shuffled twice; do
	rm -rf "$work/whole"
	awk -v n=$((n++)) -v share=$SHARE 'NR % share == n % share' \
		"$work/captures" >"$work/these"
	for f in whole "$form"; do
		replay_all "$f" <"$work/these"
		jq -Sr "$facts" "$work/$f"/* | sort >"$work/$f.facts"
	done
	comm -3 "$work/whole.facts" "$work/$form.facts" >"$work/$form.diff"
	# Flows of a capture that conflict, once for each capture with differences.
	sed 's/^\t//' "$work/$form.diff" | cut -f1 | sort -u | while read -r pcap; do
		"$recut" conflicts "$corpus/pcap/$pcap" |
			awk -v p="$pcap" '{ print p "\t" $1, $2, $3, $4; print p "\t" $3, $4, $1, $2 }'
	done >"$work/conflicts"
	sed 's/^\t/new\t/; t; s/^/old\t/' "$work/$form.diff" |
		awk -F'\t' 'NR == FNR { conflict[$1, $2]; next }
			!(($2, $3) in conflict)' "$work/conflicts" - >"$work/$form.bad"
	flows=$(wc -l <"$work/whole.facts")
	conflict=$(sort -u "$work/conflicts" | wc -l)
	differ=$(cut -f2,3 "$work/$form.bad" | sort -u | wc -l)
	[ -z "$list" ] || sort -t$'\t' -k2,3 "$work/$form.bad" | sed "s/^/  $form /"
	if [ "$differ" -gt 0 ] || [ "$flows" -eq 0 ]; then
		echo "not ok recut-$form: $differ of $flows flows differ"
		bad=1
	else
		echo "ok recut-$form ($flows flows of $(wc -l <"$work/these") captures, $((conflict / 2)) conflict)"
	fi
done
if [ -s "$work/died" ]; then
	echo "not ok recut-alive: $(wc -l <"$work/died") captures, $(head -n 1 "$work/died")"
	bad=1
fi
exit $bad
