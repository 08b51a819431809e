#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the engine reads out of the captures of a corpus, against what others
# found in them: of each field's values at least RECALL percent must be there,
# of those on flows that a replay sees (noflow: inside tunnels and radio frames,
# and rows whose addresses are not those of their capture).
# Needs the corpus beside the checkout (FWAGENT_CORPUS), python3 and jq.
#
# usage: corpus.sh BUILD_FOLDER [--list N] [--grades ASB]
set -u

RECALL=95

cd "$(dirname "$0")/../.." || exit 2
fwctl=$(realpath "${1:?usage: corpus.sh BUILD_FOLDER}/fwctl")
shift
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
export fwctl

# The scorer's form: our escapes of bytes undone, addresses in brackets where
# the field is "host as on the wire".
# shellcheck disable=SC2016 # jq's own variables
to_scorer='
	def list: if . == null then [] elif type == "array" then . else [.] end;
	def plain: gsub("\\\\x(?<h>[0-9a-f]{2})"; "%" + .h);
	def host: if contains(":") then "[" + . + "]" else . end;
	select(.src_port != null) |
	{pcap: $pcap, src_ip, src_port, dest_ip, dest_port, proto,
	 app_proto: (.fw.layers // [.app_proto]),
	 tls: {sni: (.tls.sni | list), alpn: (.tls.client_alpns | list | join(",")),
		ja3: (.tls.ja3.hash | list), ja4: (.tls.ja4 | list), ech: .tls.ech},
	 quic: {version: (.quic.version | list)},
	 dns: {qname: (.dns.rrname | list)},
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

for f in "$corpus"/pcap/*; do
	"$fwctl" replay --policy packaging/policies/sample.conf "$f" \
		2>/dev/null | jq -c --arg pcap "$(basename "$f")" "$to_scorer"
done >"$work/predictions.jsonl"

python3 "$corpus/score_truth.py" "$corpus/truth.tsv" \
	"$work/predictions.jsonl" --grades ASB "$@" >"$work/scores"
grep -vE '^proto .*later' "$work/scores"
bad=$(awk -v recall="$RECALL" '
	$2 !~ /later/ && $1 ~ /^(sni|alpn|http_host|http_method|http_target)$/ {
		seen++
		if ($4 * 100 < ($3 - $7) * recall)
			print $1 ": " $4 " of " $3 - $7
	}
	END { if (seen != 5) print "not all fields were scored" }' "$work/scores")
if [ -n "$bad" ]; then
	echo "not ok recall: ${bad//$'\n'/, }"
	exit 1
fi
echo "ok recall ($(awk '$2 !~ /later/ && $1 ~ /^(sni|alpn|http_|socks_t)/ { n += $3 } END { print n + 0 }' "$work/scores") values)"
