#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Masquerade, source addresses, port forwards: real clients and servers through
# the gateway, the engine's decisions among them; what is refused is reset on
# both sides of the translation.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
all_servers

# The outside knows no way to the inside: what is not translated is lost.
ip -n "$NS_OUTSIDE" route del default
ip -n "$NS_OUTSIDE" -6 route del default
ip -n "$NS_OUTSIDE" route add 203.0.113.0/24 via 192.0.2.1 src "$WEB4"
client ping -c 1 -W 1 "$WEB4" >/dev/null &&
	{ not_ok no-way-without-nat "the outside answers the client itself"; finish; }

# A web server inside, on another port than it is known by outside.
start_inside_web 8443 ||
	{ not_ok servers "the web server inside does not come up"; finish; }

cat >"$LAB/nat.conf" <<END
version = 1;
gateway: { name = "nat"; };
zones: {
  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
  wan: { interfaces = ["wan0"]; external = true; };
};
ingress: (
  { name = "web in"; from = "wan"; to = "self"; service = "https"; forward = "10.20.0.80:8443";
    app = "tls"; host = "www.example.org"; action = "allow"; },
  { name = "web in 6"; from = "wan"; to = "self"; service = "https"; forward = "[fd00:20::80]:8443";
    app = "tls"; host = "www.example.org"; action = "allow"; },
  { name = "echo"; to = "self"; service = "tcp/9001"; forward = "10.20.0.80:9000"; action = "allow"; },
  { name = "echo 6"; to = "self"; service = "tcp/9001"; forward = "[fd00:20::80]:9000"; action = "allow"; },
  { name = "routed address"; to = "203.0.113.80"; service = "tcp/443"; forward = "10.20.0.80"; action = "allow"; },
  { name = "not for all"; from = ["wan", "!$WEB4"]; to = "self"; service = "tcp/9002"; forward = "10.20.0.80:9000"; action = "allow"; },
  { name = "told so"; from = "wan"; to = "servers"; action = "reject"; }
);
segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
egress: (
  { name = "work"; from = "lan"; service = ["http", "https"]; app = ["http", "tls"];
    host = ["www.example.org", "packages.example.org"]; action = "allow"; },
  { name = "echo out"; from = ["lan", "servers", "self"]; to = ["$ECHO4", "$ECHO6"]; service = ["tcp/9000", "udp/9000"]; action = "allow"; },
  { name = "ping"; from = "lan"; service = "ping"; action = "allow"; }
);
nat: (
  { name = "servers"; from = "servers"; to = "wan"; action = "snat"; address = "198.51.100.1"; },
  { name = "out"; from = ["lan", "self"]; to = "wan"; action = "masquerade"; family = "both"; }
);
END

agent_or_fail
check apply "the policy was not applied" agent_apply "$LAB/nat.conf"
capture_start outside "$NS_OUTSIDE"
capture_start inside "$NS_SERVER"
PHASE=judged
hello="hello from"

for v in 4 6; do
	web=WEB$v
	echo=ECHO$v
	case $v in 4) gate=192.0.2.1 host=${!web} ;; 6) gate=2001:db8:1::1 host="[${!web}]" ;; esac
	allowed "masquerade-http-$v" "$hello" web "-$v" http://www.example.org/
	allowed "masquerade-https-$v" "$hello" web "-$v" https://packages.example.org/
	refused "masquerade-other-name-$v" "$hello" web --local-port "2000$v" "-$v" https://evil.example.com/
	refused "masquerade-no-name-$v" "$hello" web --local-port "2001$v" -k "https://$host/"
	allowed "masquerade-tcp-$v" hi say client hi "${!echo}" 9000
	allowed "masquerade-udp-$v" hi say client hi -u "${!echo}" 9000
	refused "masquerade-denied-udp-$v" hi say client hi -u "${!echo}" 9001
	allowed "masquerade-ping-$v" "1 received" client ping "-$v" -c 1 -W 3 "${!web}"
	allowed "from-the-gateway-$v" hi say gateway hi "${!echo}" 9000
	allowed "forward-web-$v" "hello from inside" outside_web www.example.org "$gate" 443
	refused "forward-other-name-$v" "hello from inside" outside_web evil.example.com "$gate" 443 \
		--local-port "2002$v" -k
	allowed "forward-echo-$v" hi say outside hi "$gate" 9001
	refused "not-forwarded-$v" hi say outside hi "$gate" 9000
done
allowed snat hi say server_ns hi "$ECHO4" 9000
allowed forward-address hi say outside hi 203.0.113.80 443
refused forward-address-other-port hi say outside hi 203.0.113.80 9000
allowed forward-not-for-all hi say outside hi -s "$ECHO4" 192.0.2.1 9002
refused forward-not-for-one hi say outside hi -s "$WEB4" 192.0.2.1 9002

# curl's 35 and 56: reset in the middle; 28 would be its time limit.
resets() {
	"$@" >/dev/null 2>&1
	case $? in 35 | 52 | 56) ;; *) return 1 ;; esac
}

none_established() {
	! ip netns exec "$1" ss -Htn state established "( sport = :$2 )" | grep -q .
}

for v in 4 6; do
	case $v in 4) gate=192.0.2.1 ;; 6) gate=2001:db8:1::1 ;; esac
	check "client-is-reset-$v" "the client was not reset" \
		resets web -m 3 "-$v" https://evil.example.com/
	check "outside-client-is-reset-$v" "the client outside was not reset" \
		resets outside_web evil.example.com "$gate" 443 -m 3 -k
done
check server-outside-is-reset "a connection of a refused flow is left" \
	wait_for 5 none_established "$NS_OUTSIDE" 443
check server-inside-is-reset "a connection of a refused flow is left" \
	wait_for 5 none_established "$NS_SERVER" 8443

capture_stop outside
capture_stop inside
sources() {
	tcpdump -n -r "$LAB/outside.pcap" "$1" 2>/dev/null | wc -l
}
check nobody-inside-is-seen "an inside address was seen outside" is \
	"$(sources "src net 10.0.0.0/8 or src net fd00::/8")" 0
check snat-address "the server's flow does not come from 198.51.100.1" \
	test "$(sources "src host 198.51.100.1 and dst host $ECHO4 and tcp dst port 9000")" -gt 0
check no-payload-of-denied-flows "the server inside saw payload (packets bytes)" is \
	"$(payload inside "dst port 8443 and src portrange 20000-29999")" "0 0"
check the-client-is-seen-inside "the server inside does not see who it serves" \
	grep -q "hello from inside for 192.0.2" <(outside_web www.example.org 192.0.2.1 443)
check events-tell-the-client "the event has not the client's own address" \
	grep -q "\"src_ip\":\"$CLIENT4\"" <(last_event ".fw.rule == \"work\" and .dest_ip == \"$WEB4\"")
check counters "the translation has not counted" \
	grep -q 'packets [1-9]' <(gateway nft list counter inet fwagent n_t_out)
check explain "does not name the forward" grep -q "led on to 10.20.0.80 port 8443 by 'web in'" \
	<("$FWCTL" explain --policy "$LAB/nat.conf" --from "$WEB4" --to self:443)

# Flows live on when the policy changes beside them.
outside_web www.example.org 192.0.2.1 443 --limit-rate 1 >/dev/null 2>&1 &
sed 's/"ping"; action/"ping"; action/; s/gateway: { name = "nat"/gateway: { name = "nat-2"/' "$LAB/nat.conf" >"$LAB/nat-2.conf"
check apply-again "the changed policy was not applied" agent_apply "$LAB/nat-2.conf"
allowed masquerade-after-apply "$hello" web -4 http://www.example.org/
sed '/^nat: (/,/^);/d; /forward = /d; /host = "www.example.org"/d' "$LAB/nat.conf" >"$LAB/plain.conf"
check apply-without-nat "the policy without translations was not applied" agent_apply "$LAB/plain.conf"
check no-nat-chain-left "a chain is left" is "$(gateway nft list chains inet 2>/dev/null | grep -c 'type nat')" 0
finish
