#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What resolvers say is changed on its way: answers lose their keys for encrypted
# hellos, over UDP and TCP, IPv4 and IPv6, and stay answers.  Real resolvers.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in unbound dnsmasq dig kdig curl openssl; do
	command -v "$tool" >/dev/null || skip_all 91-answers "no $tool here"
done
lab_up
UNBOUND4=10.20.0.54
UNBOUND6=fd00:20::54
add_address "$NS_SERVER" eth0 "$UNBOUND4/16"
add_address "$NS_SERVER" eth0 "$UNBOUND6/64"
KEYS=AEX+DQBBpQAgACB/Wm3lLXZr2PuUtNtYbd2rRVGdsRGtHzwkVhWkKWTgIQAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA=

# many NAME N: a name with N records, each with keys
many() {
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "local-data: '$1 60 IN HTTPS $i t$i.example.org. alpn=\"h2,h3\" ipv4hint=192.0.2.$i ech=\"$KEYS\"'"
	done
}

start_unbound() {
	cat >"$LAB/unbound.conf" <<-CONF
		server:
			interface: $UNBOUND4
			interface: $UNBOUND6
			access-control: 0.0.0.0/0 allow
			access-control: ::/0 allow
			username: ""
			chroot: ""
			directory: "$LAB"
			pidfile: "$LAB/unbound.pid"
			use-syslog: no
			do-daemonize: no
			module-config: "iterator"
			max-udp-size: 16000
			local-zone: "example.org." static
			local-data: 'plain.example.org 60 IN HTTPS 1 . alpn="h2"'
			local-data: 'www.example.org 60 IN A $WEB4'
			local-data: 'www.example.org 60 IN HTTPS 1 . mandatory=alpn,ech alpn="h2,h3" ipv4hint=$WEB4 ech="$KEYS" ipv6hint=$WEB6'
			local-data: '_dns.example.org 60 IN SVCB 1 www.example.org. alpn="dot" ech="$KEYS"'
			$(many several.example.org 4)
			$(many many.example.org 80)
		remote-control:
			control-enable: no
	CONF
	start_server unbound "$NS_SERVER" "udp/53@$UNBOUND4" unbound -d -c "$LAB/unbound.conf"
}

policy() {
	cat <<-CONF
		version = 1;
		gateway: { name = "answers"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { resolvers = ["$RESOLVER4", "$RESOLVER6", "$UNBOUND4", "$UNBOUND6"]; };
		segment: ( { name = "dns"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
		egress: ( { name = "web"; from = "lan"; to = "wan"; action = "allow"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; $1 };
	CONF
}

# asked NAME TYPE DIG-OPTION...: the answer's records, as dig reads them
asked() {
	client dig +noall +answer +comments +tries=1 +time=5 "$@" 2>&1
}

# records TEST WANTED-RECORDS WANTED-KEYS QUESTION...
records() {
	local test=$1 want=$2 keys=$3 seen

	shift 3
	seen=$(asked "$@")
	check "$test" "$seen" is \
		"$(grep -cE '(HTTPS|SVCB|TYPE65|TYPE64)[[:space:]]' <<<"$seen")/$(grep -c 'ech=' <<<"$seen")/$(grep -ciE 'malformed|warning' <<<"$seen")" \
		"$want/$keys/0"
}

# every NAME RECORDS KEYS: over each way to each resolver
every() {
	local at how keys=$3

	for at in "$UNBOUND4" "$UNBOUND6" "$RESOLVER4" "$RESOLVER6"; do
		for how in "+notcp +bufsize=4096" "+tcp" "+tcp +dnssec" "+notcp +noedns"; do
			# shellcheck disable=SC2086 # options
			records "$PHASE-$1-$at-${how//[ +=]/}" "$2" "$keys" $how "@$at" "$1" "${4:-HTTPS}"
		done
	done
}

counter() {
	fwctl status --json | jq ".counters.answers_stripped"
}

stripped() {
	local before

	before=$(counter)
	every plain.example.org 1 0
	check "$PHASE-plain-is-not-counted" "$(counter)" is "$(counter)" "$before"
	every www.example.org 1 "$1"
	every _dns.example.org 1 "$1" SVCB
	every several.example.org 4 "$((4 * $1))"
	# more than one segment, and more than is waited for
	records "$PHASE-many-tcp" 80 "$((80 * $1))" +tcp "@$UNBOUND4" many.example.org HTTPS
	records "$PHASE-many-tcp-v6" 80 "$((80 * $1))" +tcp "@$UNBOUND6" many.example.org HTTPS
	records "$PHASE-many-udp" 80 "$((80 * $1))" +notcp +ignore +bufsize=16000 "@$UNBOUND4" many.example.org HTTPS
}

# What a record says beside the keys is there.
what_is_left() {
	local seen

	seen=$(asked "@$UNBOUND4" www.example.org HTTPS)
	check alpn-stays "$seen" grep -q 'mandatory=alpn alpn="h2,h3" ipv4hint='"$WEB4"' ipv6hint='"$WEB6"' key65280=' <<<"$seen"
	# another reader of the same bytes
	seen=$(client kdig "@$UNBOUND4" +tcp www.example.org HTTPS 2>&1)
	check other-reader "$seen" grep -q 'alpn=h2,h3.*key65280=' <<<"$seen"
	seen=$(client kdig "@$UNBOUND4" +tcp +keepopen www.example.org HTTPS several.example.org HTTPS plain.example.org HTTPS 2>&1)
	check one-connection "$seen" is "$(grep -c 'IN.*HTTPS.*alpn' <<<"$seen")/$(grep -c 'ech=' <<<"$seen")" 6/0
	check event "$(tail -n 3 "$LAB/agent/log/eve.json")" is \
		"$(jq -r 'select(.event_type == "answer") | [.fw.reason, .fw.ech, .dns.rrname] | join(" ")' \
			"$LAB/agent/log/eve.json" | sort -u | grep www.example.org)" "ech.stripped stripped www.example.org"
}

judge_case() {
	local ech=$1

	policy "$2" >"$LAB/policy.conf"
	check "apply-$PHASE" "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/policy.conf"
	stripped "$ech"
}

touch "$LAB/log/seen"
# dnsmasq asks unbound for these
echo "server=/example.org/$UNBOUND4" >"$LAB/resolver.more"
LAB_NAMES="mirror.example.net evil.example.com"
basic_servers
if ! start_unbound; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
agent_or_fail
PHASE=allow
judge_case 1 'ech = "allow";'
PHASE=stripped
judge_case 0 'ech = "strip";'
what_is_left
PHASE=bound
judge_case 0 'ech = "strip"; binding = "enforce";'
finish
