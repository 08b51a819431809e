#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the engine reads out of the captures of a corpus, against what others
# found in them.  Recall: of each field's values no more may be missing than
# MISSING says.  Precision: of the flows whose protocol is known, no more than
# MISNAMED may have the name of another.
# Needs the corpus beside the checkout (FWAGENT_CORPUS), python3 and jq.
#
# usage: corpus.sh BUILD_FOLDER [--list]
#   --list  every value that is missing, every flow with a wrong name
set -u

# The truth whose figures these are, by cksum; fields that are not here miss
# nothing.  Of any other truth at most PER_MILLE of a field may be missing.
TRUTH=2865509471
MISNAMED=3
MISSING='alpn 5 dns_qname 1 http_host 10 http_method 9 http_target 15 ja3 5 ja4 5 proto 28 sni 5'
PER_MILLE=10
# Whose service a flow is for, and what is to be feared of it: not read from the
# flow by us.
UNASKED='app risk'

cd "$(dirname "$0")/../.." || exit 2
fwctl=$(realpath "${1:?usage: corpus.sh BUILD_FOLDER}/fwctl")
list=${2:-}
corpus=${FWAGENT_CORPUS:-../shared/corpus}
if [ ! -d "$corpus/pcap" ]; then
	echo "SKIP recall: no corpus at $corpus (set FWAGENT_CORPUS)"
	exit 77
fi
if [ ! -x "$fwctl" ] || ! command -v jq python3 >/dev/null; then
	echo "SKIP recall: needs $fwctl, jq and python3"
	exit 77
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/events"
export fwctl work

# The scorer's form: our escapes of bytes undone, addresses in brackets where
# the field is "host as on the wire"; what has DNS's format is DNS to others,
# and any HTTP is HTTP.
# shellcheck disable=SC2016 # jq's own variables
to_scorer='
	def list: if . == null then [] elif type == "array" then . else [.] end;
	def plain: gsub("\\\\x(?<h>[0-9a-f]{2})"; "%" + .h);
	def host: if contains(":") then "[" + . + "]" else . end;
	def wider: {mdns: "dns", llmnr: "dns", http2: "http"}[.];
	select(.src_port != null) |
	{pcap: input_filename | split("/")[-1],
	 src_ip, src_port, dest_ip, dest_port, proto,
	 app_proto: (((.fw.layers // [.app_proto] | map(select(.))) |
		. + map(wider | select(.))) +
		(if .netbios.name and .proto == "UDP" then ["dns"] else [] end)),
	 tls: {sni: (.tls.sni | list), alpn: (.tls.client_alpns | list | join(",")),
		ja3: (.tls.ja3.hash | list), ja4: (.tls.ja4 | list), ech: .tls.ech},
	 quic: {version: (.quic.version | list)},
	 dns: {qname: ((.dns.rrname | list) + (.netbios.name | list))},
	 ssh: {banner: (.ssh.client.banner | list),
		server_banner: (.ssh.server.banner | list)},
	 http: {host: (.http.hostname | list | map(host)),
		method: (.http.http_method | list),
		target: (.http.url | list | map(plain))},
	 http2: {authority: (.http.hostname | list | map(host)),
		method: (.http.http_method | list),
		path: (.http.url | list | map(plain))},
	 socks: {target: (.socks.target | list | map(gsub("[\\[\\]]"; ""))),
		 version: (.socks.version | list)}}'

# shellcheck disable=SC2016 # expanded by the inner shell
find "$corpus/pcap" -type f -print0 | xargs -0 -r -n 32 -P "$(nproc)" bash -c '
	for f; do
		"$fwctl" replay --policy packaging/policies/sample.conf "$f" \
			>"$work/events/$(basename "$f")" 2>/dev/null
	done
	exit 0' replay
jq -c "$to_scorer" "$work"/events/* >"$work/predictions.jsonl"

score() {
	python3 "$corpus/score_truth.py" "$corpus/truth.tsv" \
		"$work/predictions.jsonl" --grades ASB "$@"
}
score --json --list 1000000 >"$work/scores.json" 2>"$work/misses"

# FIELD, ROWS, HITS: later values of a flow with its first.
jq -r '.fields | to_entries | group_by(.key | split(" ")[0])[] |
	"\(.[0].key | split(" ")[0]) \(map(.value.n) | add) \(map(.value.hit // 0) | add)"' \
	"$work/scores.json" >"$work/fields"
# A flow that stays without a name has no wrong one.
grep -E "^wrong +proto " "$work/misses" | grep -vF "got=['unknown']" >"$work/misnamed"
named=$(jq -r '(.fields.proto // {}) | (.hit // 0) + (.wrong // 0)' "$work/scores.json")
if [ "$list" = --list ]; then
	cat "$work/misses"
	echo "-- with another protocol's name"
	cat "$work/misnamed"
fi

# A table of the fields; the last line, if any, is what is wrong.
awk -v share="$PER_MILLE" -v missing="$MISSING" -v unasked="$UNASKED" \
	-v own="$([ "$(cksum <"$corpus/truth.tsv" | cut -d' ' -f1)" = $TRUTH ] && echo 1)" '
	BEGIN {
		n = split(missing, word)
		for (i = 1; i < n; i += 2)
			most[word[i]] = word[i + 1]
	}
	index(" " unasked " ", " " $1 " ") { next }
	{
		rows += $2
		printf "  %-18s %d/%d\n", $1, $3, $2
		if ($2 - $3 > (own ? most[$1] + 0 : $2 * share / 1000))
			bad = bad ", " $1 " " $3 " of " $2
	}
	END {
		if (!rows)
			bad = ", nothing was scored"
		print (bad ? "not ok recall: " substr(bad, 3) : "ok recall (" rows " values)")
	}' "$work/fields" | tee "$work/recall"
wrong=$(wc -l <"$work/misnamed")
if [ "$wrong" -gt "$MISNAMED" ]; then
	echo "not ok precision: $wrong of $named flows have another protocol's name"
	exit 1
fi
echo "ok precision ($wrong of $named flows have another protocol's name)"
! grep -q '^not ok' "$work/recall"
