#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every decision is in the log, with its reason; fwctl log, status and explain
# tell of it.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
agent_or_fail
sample=$LAB_ROOT/packaging/policies/sample.conf
check apply "refused" agent_apply "$sample"
eve=$LAB/agent/log/eve.json

web() {
	client curl -sS -m $((10 * LAB_SLOW)) --cacert "$LAB/tls/ca.pem" "$@" >/dev/null 2>&1
}
web -4 https://www.example.org/
web -6 http://evil.example.com/
web -4 -k "https://$WEB4/"
web -4 http://"$WEB4":40000/

has() {
	[ -n "$(last_event "$1")" ]
}
# event NAME CONDITION
event() {
	if wait_for 5 has "$2"; then
		ok "$1"
	else
		not_ok "$1" "no such event: $2"
		tail -n 3 "$eve"
	fi
}
event allowed-by-name '.verdict.action == "accept" and .tls.sni == "www.example.org" and .fw.rule == "work sites" and .dest_port == 443'
event denied-by-name ".verdict.action == \"drop\" and .http.hostname == \"evil.example.com\" and .dest_ip == \"$WEB6\""
event denied-without-name '.verdict.action == "drop" and .app_proto == "tls" and (.fw.reason | length) > 0 and .fw.zone_src == "lan"'
event denied-by-kernel '.verdict.action == "drop" and .dest_port == 40000 and .fw.rule == "all else"'
is_json() {
	jq -e . "$@" >/dev/null 2>&1
}
check every-line-is-json "jq refuses a line" is_json "$eve"
check log-is-there "no $eve" test -s "$eve"
check every-event-is-whole "an event lacks a field" test -z "$(jq -c 'select(.verdict) |
	select((.timestamp and .src_ip and .dest_ip and .proto and .fw.reason) | not)' "$eve" | head -n 3)"

log_has() {
	"$FWCTL" log --file "$eve" "$@" 2>&1 | grep -q .
}
log_lacks() {
	! "$FWCTL" log --file "$eve" --json "$@" 2>/dev/null | grep -q '^{'
}
check log-table "prints nothing" log_has
check log-json "not JSON lines" test "$("$FWCTL" log --file "$eve" --json | jq -c .fw.reason | wc -l)" -ge 4
check log-by-name "does not find it" log_has --json --name evil.example.com
check log-by-name-only "finds another" log_lacks --name nobody.example.com
check log-by-address "does not find it" log_has --json --address "$WEB6"
check log-by-rule "does not find it" log_has --json --rule "work sites"
check log-by-verdict "an accept among the drops" test -z "$("$FWCTL" log --file "$eve" --json --verdict drop |
	jq -c 'select(.verdict.action != "drop")')"
check status-text "prints nothing" grep -q . <(fwctl status)
check status-json "not JSON" is_json <(fwctl status --json)
check explain "does not name the rule" grep -q "work sites" <("$FWCTL" explain --policy "$sample" \
	--from "$CLIENT4" --to "$WEB4:443" --sni www.example.org)
check explain-denied "does not name the rule" grep -q "all else" <("$FWCTL" explain --policy "$sample" \
	--from "$CLIENT4" --to "$WEB4:443" --sni evil.example.com)

# The process that reads strangers' packets holds nothing of the manager's.
verdict_files() {
	find "/proc/$(fwctl status --json | jq .engine.pid)/fd" -lname "$LAB/agent/*"
}
check verdict-process-has-no-files "it holds files of the manager" is "$(verdict_files)" ""

# A log that was full goes on, and says how much is missing.
agent_stop
mount -t tmpfs -o size=16k tmpfs "$LAB/agent/log"
agent_or_fail
# shellcheck disable=SC2034 # counts
for i in $(seq 40); do
	web -4 http://evil.example.com/
done
lost() {
	[ "$(fwctl status --json | jq .counters.events_lost)" -gt 0 ]
}
check full-disk-is-counted "events_lost is 0" wait_for 5 lost
rm -f "$eve"
kill -HUP "$AGENT_PID"
sleep 0.5
web -4 http://evil.example.com/
event full-disk-log-goes-on '.http.hostname == "evil.example.com"'
agent_stop
umount -l "$LAB/agent/log"
finish
