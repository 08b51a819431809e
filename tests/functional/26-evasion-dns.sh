#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Questions as no library asks them, to two resolvers: the name that is not
# allowed reaches neither, and the same with the allowed name is answered where a
# client or a network could have made it so.  And answers as no resolver gives
# them: nothing but what was asked for is learnt.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in unbound dnsmasq dig curl; do
	command -v "$tool" >/dev/null || skip_all 26-evasion-dns "no $tool here"
done
lab_up
UNBOUND4=10.20.0.54
UNBOUND6=fd00:20::54
LIAR4=10.20.0.55
LIAR_OTHER4=10.20.0.56
for address in "$UNBOUND4/16" "$UNBOUND6/64" "$LIAR4/16" "$LIAR_OTHER4/16"; do
	add_address "$NS_SERVER" eth0 "$address"
done

start_unbound() {
	cat >"$LAB/unbound.conf" <<-CONF
		server:
			interface: $UNBOUND4
			interface: $UNBOUND6
			access-control: 0.0.0.0/0 allow_snoop
			access-control: ::/0 allow_snoop
			username: ""
			chroot: ""
			directory: "$LAB"
			pidfile: "$LAB/unbound.pid"
			use-syslog: no
			log-queries: yes
			do-daemonize: no
			module-config: "iterator"
			local-data: 'www.example.org 60 IN A $WEB4'
			local-data: 'evil.example.com 60 IN A $WEB4'
		remote-control:
			control-enable: no
	CONF
	start_server unbound "$NS_SERVER" "udp/53@$UNBOUND4" unbound -d -c "$LAB/unbound.conf"
}

ask() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/tricks_dns.py" ask "$2" "$3" "$1"
}

to_unbound() {
	ask "$UNBOUND4" "$@"
}

to_unbound6() {
	ask "$UNBOUND6" "$@"
}

to_dnsmasq() {
	ask "$RESOLVER4" "$@"
}

TRICKS='
real plain
real case
real edns
real edns-options
real edns-big
real edns-unknown
odd edns-two
odd trailing-byte
odd trailing-question
odd trailing-allowed
odd second-question
odd first-question
odd counted-one-of-two
odd counted-two-of-one
odd in-the-answers
odd name-behind
odd tail-behind
odd pointer-loop
odd pointer-into-header
odd pointer-to-nowhere
odd class-chaos
odd class-any
odd class-unicast
odd type-any
odd opcode-inverse
odd opcode-status
odd opcode-notify
odd opcode-update
odd opcode-15
odd flag-response
odd flag-truncated
odd flag-answered
real flags-checked
odd flag-reserved
odd no-recursion
real id-0
real behind-allowed
real tcp
real tcp-bytes
real tcp-length-apart
real tcp-length-halves
real tcp-in-the-header
real tcp-in-the-name
real tcp-pipelined
real tcp-pipelined-cut
real tcp-pipelined-length-cut
real tcp-one-after-another
real tcp-case
real tcp-edns
odd tcp-empty-first
odd tcp-short-first
odd tcp-longer-length
odd tcp-shorter-length
odd tcp-trailing-bytes
odd tcp-second-question
odd tcp-in-http
odd tcp-name-behind
real tcp-long-first'
TRICKS=${TRICKS#?}

# What else is allowed between the same ports opens them for no name.
BEHIND_ALLOWED='real behind-junk
real behind-nothing
real behind-half
real behind-ntp
real behind-stun
odd behind-quic
real behind-much-junk
real behind-answer
real behind-no-recursion
real behind-edns
real after-other
real after-junk-and-other
real after-allowed-and-other
odd behind-sloppy
odd between-junk'

BEHIND='odd behind-junk
odd behind-nothing
odd behind-half
odd class-0
odd type-0
odd tcp-short-first
odd tcp-empty-first'

LIES="foreign foreign-first additional authority alias-apart alias-from wrong-id unasked wrong-port
	wrong-source two-questions chaos no-answer-flag loop hints trailing"

by_name() {
	cat <<-CONF
		version = 1;
		gateway: { name = "names"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { resolvers = ["$RESOLVER4", "$UNBOUND4", "$UNBOUND6", "$LIAR4"]; };
		segment: (
		  { name = "by name"; from = "lan"; to = "servers"; app = "dns"; qname = "$1"; action = "allow"; }
		  $2
		);
		egress: ( { name = "web"; from = "lan"; action = "allow"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; $3 };
	CONF
}

# How often the resolvers were asked for the name that is not allowed.
heard() {
	cat "$LAB/log/unbound" "$LAB/log/resolver" | grep -aci 'evil\.example\.com'
}

reason() {
	jq -r "select(.dest_ip == \"$1\" and .dest_port == $2) | .fw.reason" \
		"$LAB/agent/log/eve.json" 2>/dev/null | tail -n 1
}

# What is learnt of a lie would open another address to a name nobody asked for.
lies() {
	local lie how seen

	for lie in $LIES; do
		for how in +notcp +tcp; do
			client dig "$how" +tries=1 +time=1 "@$LIAR4" "$lie.lies.example.org" A >"$LAB/log/lie" 2>&1
			seen=$(web -k --resolve "victim.example.org:443:$OTHER_WEB4" https://victim.example.org/ 2>&1)
			sleep 0.2
			check "lie-$lie-${how#+}" "$seen" is "$(reason "$OTHER_WEB4" 443)" binding.unresolved
		done
	done
	client dig +tries=1 +time=1 "@$LIAR4" truth.example.org A >"$LAB/log/lie" 2>&1
	seen=$(web -k --resolve "truth.example.org:443:$WEB4" https://truth.example.org/ 2>&1)
	check lie-twin "$seen" grep -q hello <<<"$seen"
}

echo "log-queries=extra" >"$LAB/resolver.more"
basic_servers
if ! start_unbound ||
	! start_server liar "$NS_SERVER" "udp/53@$LIAR4" /usr/bin/python3 \
		"$LAB_ROOT/tests/functional/tricks_dns.py" serve "$LIAR4" "$LIAR_OTHER4" "$OTHER_WEB4"; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
touch "$LAB/log/seen"
agent_or_fail
by_name '*' ', { name = "rest"; from = "lan"; to = "servers"; action = "allow"; }' "" >"$LAB/open.conf"
check apply-open "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/open.conf"
tricks_run to_unbound "$TRICKS" 6
tricks_run to_unbound "$BEHIND_ALLOWED" 6
tricks_run to_dnsmasq "$BEHIND_ALLOWED" 6
check control-heard "$(heard)" test "$(heard)" -gt 0
by_name www.example.org ', { name = "unknown"; from = "lan"; to = "servers"; app = ["unknown", "ntp", "stun"]; action = "allow"; }' "" \
	>"$LAB/names.conf"
check apply-names "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/names.conf"
PHASE=judged
: >"$LAB/log/unbound"
: >"$LAB/log/resolver"
tricks_run to_unbound "$TRICKS" 6
tricks_run to_unbound6 "$TRICKS" 6
tricks_run to_unbound "$BEHIND_ALLOWED" 6
tricks_run to_unbound6 "$BEHIND_ALLOWED" 6
tricks_run to_dnsmasq "$BEHIND_ALLOWED" 6
# it passes over an empty message before the first
FOR_DNSMASQ=${TRICKS//real flags-checked/odd flags-checked}
# what is served over TCP is seen with unbound
FOR_DNSMASQ=${FOR_DNSMASQ//real tcp/odd tcp}
tricks_run to_dnsmasq "${FOR_DNSMASQ//odd tcp-short-first/}" 6
# unknown protocols are not allowed: what comes first is judged for all
by_name www.example.org "" "" >"$LAB/strict.conf"
check apply-strict "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/strict.conf"
tricks_run to_unbound "$BEHIND"
tricks_run to_dnsmasq "$BEHIND"
sleep "$LAB_SLOW"
check never-heard "$(cat "$LAB/log/unbound" "$LAB/log/resolver" | grep -ai 'evil\.example\.com' | head -n 5)" is "$(heard)" 0
by_name '*' "" 'binding = "enforce";' >"$LAB/bound.conf"
check apply-bound "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/bound.conf"
lies
finish
