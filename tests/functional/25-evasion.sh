#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Segments that no kernel sends, to say one thing to the engine and another to
# the server: resets with data, resets that go astray, data of a SYN, wrong
# checksums, urgent data, overlaps, any order; in closed and in open mode.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers

# The client's own kernel must not answer for what raw.pl sends.
client nft -f - <<-END
	table ip raw {
		chain in {
			type filter hook input priority 0
			ip saddr $WEB4 tcp dport 20000-29999 drop
		}
	}
END

port=20000
# raw STEP...: from a new port
raw() {
	client perl "$LAB_ROOT/tests/functional/raw.pl" "$CLIENT4" "$port" "$WEB4" 80 "$@"
}

get="GET / HTTP/1.1\\r\\nConnection: close\\r\\nHost: "
good="${get}www.example.org\\r\\n\\r\\n"
evil="${get}evil.example.com\\r\\n\\r\\n"
front=41 # bytes of $get
short=$((LAB_SLOW / 2 + 1))

# tried allowed|refused NAME STEP...
tried() {
	local expected=$1 name=$2 seen happened=refused

	shift 2
	port=$((port + 1))
	seen=$(raw "$@" 2>&1)
	case $seen in
	*"hello from evil"*) happened="served by another" ;;
	*"hello from"*) happened=allowed ;;
	esac
	check "$name" "${seen//$'\n'/ }" is "$happened" "$expected"
}

cases() {
	tried allowed "$1-plain" syn "PA@0=$good" "wait=$short"
	tried refused "$1-plain-other-name" syn "PA@0=$evil" "wait=$short"
	tried allowed "$1-back-to-front" syn "PA@$front=www.example.org\\r\\n\\r\\n" "PA@0=$get" "wait=$short"
	tried refused "$1-back-to-front-other-name" syn "PA@$front=evil.example.com\\r\\n\\r\\n" \
		"PA@0=$get" "wait=$short"
	tried refused "$1-reset-with-data" syn "RA@0=a secret" "wait=$short"
	tried refused "$1-reset-with-data-later" syn "PA@0=GET" "RA@3=a secret" "wait=$short"
	tried refused "$1-reset-astray" syn "RA@200=" wait=0.2 "PA@0=$evil" "wait=$short"
	tried refused "$1-data-of-a-syn" "syn=$good" wait=0.2 "PA@0=$evil" "wait=$short"
	tried refused "$1-wrong-checksum" syn "bad@0=$good" wait=0.2 "PA@0=$evil" "wait=$short"
	tried refused "$1-beyond-the-window" syn "PA@90000=$good" wait=0.2 "PA@0=$evil" "wait=$short"
	tried refused "$1-urgent-byte" syn "PA@0=$get" "UPA@$front=x" \
		"PA@$((front + 1))=.example.net\\r\\n\\r\\n" "wait=$short"
	tried refused "$1-overlap" syn "PA@0=${get}www.exam" "PA@$front=evil.exam" \
		"PA@$((front + 9))=ple.com\\r\\n\\r\\n" "wait=$short"
	tried refused "$1-end-with-data" syn "FPA@0=$evil" "wait=$short"
	tried refused "$1-no-handshake" "PA@0=$evil" "wait=$short"
}

# control: without the agent the other name is served
control() {
	raw "$@" 2>&1 | grep -q "hello from evil"
}
check control-other-name "does not work without the agent" control syn "PA@0=$evil" "wait=$short"
port=20100
check control-data-of-a-syn "does not work without the agent" \
	control "syn=$good" wait=0.2 "PA@0=$evil" "wait=$short"

agent_or_fail
for mode in closed open; do
	sed "s/fail = \"closed\"/fail = \"$mode\"/" \
		"$LAB_ROOT/packaging/policies/sample.conf" >"$LAB/$mode.conf"
	check "$mode-apply" "refused" agent_apply "$LAB/$mode.conf"
	port=$((port + 1000))
	capture_start "$mode" "$NS_OUTSIDE" "tcp dst port 80"
	cases "$mode"
	capture_stop "$mode"
	check "$mode-no-payload-of-another-name" "the server saw it" is \
		"$(tcpdump -A -n -r "$LAB/$mode.pcap" 2>/dev/null | grep -c 'evil\|secret')" 0
done
finish
