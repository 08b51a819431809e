#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests of HTTP that two servers could read differently, or that hide behind
# others: whatever a server makes of one, the page of the name that is not allowed
# never comes back; that of the allowed one does, where a client could ask so.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up

http_to() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/tricks_http.py" "$2" "$3" "$4" "$1"
}

to_nginx() {
	http_to 80 "$@" "$WEB4"
}

to_lenient() {
	http_to 8000 "$@" "$WEB4"
}

to_proxy() {
	http_to 3128 "$@" "$PROXY4"
}

# See tricks_run.
TRICKS='
real plain
real pieces
real pieces-of-three
odd late-rest
real upper-case
real no-space
real spaces
odd tabs
odd space-before-colon
odd space-before-field
odd folded
odd folded-behind-other
odd first-field-folded
odd twice
odd other-then-name
odd name-then-other
odd two-in-one
real port
odd odd-port
odd empty-port
real trailing-dot
odd user-before
odd slash-behind
odd nul-behind
odd absolute-form
odd absolute-form-other-host
odd other-absolute-form
odd absolute-form-of-user
odd absolute-form-upper-case
odd absolute-form-https
odd absolute-form-without-host
odd lines-of-lf
odd bare-cr
odd bare-cr-in-a-field
odd lf-in-a-field
odd blank-lines-first
odd blank-lines-of-lf-first
odd many-blank-lines-first
odd blank-lines-of-90000-first
odd spaces-first
odd spaces-in-the-line
odd tab-in-the-line
odd cr-in-the-line
odd form-feed-in-the-line
odd version-0.9
odd version-1.0
odd version-1.0-without-host
odd version-1.2
odd version-1.10
odd version-01.1
odd version-2.0
odd no-version
odd version-lower-case
odd method-lower-case
odd method-of-signs
real pipelined
real pipelined-after-answer
real pipelined-three
real pipelined-cut
odd length-and-chunks
odd chunks-and-length
odd two-lengths
odd lengths-in-a-list
odd length-with-plus
odd length-in-hex
odd length-negative
odd length-behind-space
odd chunked-twice
odd chunked-tab
odd chunked-not-last
odd chunked-other-word
odd chunked-in-1.0
odd chunk-size-overflow
odd chunk-size-0x
odd chunk-extension-lf
odd chunk-lines-of-lf
odd body-of-get
odd request-in-a-body
odd expect
real head-of-60000
odd many-fields-before
odd empty-host
odd upgrade-h2c
odd upgrade-nothing
odd connect-other
odd proxy-line-first
odd junk-line-first
odd other-protocol-first
'
PROXIED='
odd connect
odd connect-then-name
odd connect-in-connect
odd absolute-form
odd absolute-form-other-host
odd other-absolute-form
odd absolute-form-of-user
odd absolute-form-without-host
odd version-0.9
odd pipelined
odd lines-of-lf
'

all_tricks() {
	tricks_run to_nginx "$TRICKS" 40
	tricks_run to_lenient "${TRICKS//real/odd}" 40
	tricks_run to_proxy "$PROXIED"
}

if ! start_web || ! start_dns outside-dns "$NS_OUTSIDE" "$FOREIGN_DNS4" || ! start_proxies ||
	! start_server lenient "$NS_OUTSIDE" "tcp/8000@$WEB4" /usr/bin/python3 \
		"$LAB_ROOT/tests/functional/lenient_http.py" "$WEB4" 8000; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
all_tricks
agent_or_fail
# What hides a request must not make the flow an unknown one.
lab_policy '{ name = "by name"; from = "lan"; app = ["http", "http2"]; host = ["www.example.org", "packages.example.org"]; action = "allow"; },
	{ name = "unknown"; from = "lan"; app = "unknown"; action = "allow"; }' >"$LAB/http.conf"
sed -i '1a application: { connect = "allow"; };' "$LAB/http.conf"
check apply "the policy was not applied" agent_apply "$LAB/http.conf"
PHASE=judged
all_tricks
finish
