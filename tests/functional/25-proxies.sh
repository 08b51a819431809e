#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A policy that allows proxies: what is asked of them and what is said inside
# the tunnel are judged too.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
all_servers
if ! start_server keep-proxy "$NS_OUTSIDE" "tcp/8081@$PROXY4" /usr/bin/python3 \
	"$LAB_ROOT/tests/functional/keep_proxy.py" "$PROXY4" 8081 "$WEB4" 443; then
	not_ok servers "a server of the lab does not come up"
	finish
fi

proxy_policy() {
	cat <<-END
		version = 1;
		gateway: { name = "proxies"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { proxies = ["$PROXY4", "$PROXY6", "$SOCKS4A"]; };
		hosts: { work = ["www.example.org", "packages.example.org"]; };
		segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
		egress: (
		  { name = "proxied"; from = "lan"; to = "@proxies"; app = ["http", "socks", "tls"];
		    host = "@work"; action = "allow"; },
		  { name = "the rest"; from = "lan"; action = "reject"; }
		);
		application: { connect = "allow"; socks = "allow"; no-sni = "deny"; };
	END
}

# A CONNECT in segments of one byte, then the answer's first line.
connect_bytewise() {
	client perl "$LAB_ROOT/tests/functional/pieces.pl" "$PROXY4" 8080 "$1" 0 1 CONNECT
}

# ahead TARGET SNI: the hello in the segment that asks for the tunnel.
ahead() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/ahead.py" "$PROXY4" 8080 "$1:443" "$2"
}

# The same behind a request on the same connection.
ahead_later() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/ahead.py" "$PROXY4" 8081 "$1:443" "$2" www.example.org
}

# tls TARGET SNI: a tunnel to one name, a hello for another.
tls() {
	# the answer to a request says whether the tunnel carried it
	printf 'GET / HTTP/1.0\r\nHost: %s\r\n\r\n' "$2" |
		client timeout $((5 * LAB_SLOW)) openssl s_client -quiet -ign_eof \
			-proxy "$PROXY4:8080" -connect "$1:443" -servername "$2" 2>/dev/null
}

cases() {
	local hello="hello from" v proxy

	for v in 4 6; do
		case $v in 4) proxy=$PROXY4 ;; 6) proxy="[$PROXY6]" ;; esac
		allowed "absolute-form-$v" "$hello" web -x "http://$proxy:8080" http://www.example.org/
		allowed "connect-$v" "$hello" web -x "http://$proxy:8080" https://packages.example.org/
		refused "absolute-form-other-name-$v" "$hello" web -x "http://$proxy:8080" http://evil.example.com/
		refused "connect-other-name-$v" "$hello" web -x "http://$proxy:8080" https://evil.example.com/
	done
	allowed socks5 "$hello" web --socks5-hostname "$PROXY4:1080" https://www.example.org/
	allowed socks5-http "$hello" web --socks5-hostname "$PROXY4:1080" http://www.example.org/
	refused socks5-other-name "$hello" web --socks5-hostname "$PROXY4:1080" https://evil.example.com/
	refused socks5-by-address "$hello" web --socks5 "$PROXY4:1080" https://www.example.org/
	allowed socks4a "$hello" web --socks4a "$SOCKS4A:443" https://www.example.org/
	refused socks4a-other-name "$hello" web --socks4a "$SOCKS4A:443" https://evil.example.com/
	allowed tunnel-and-name-agree "$hello" tls packages.example.org packages.example.org
	refused tunnel-with-another-name-inside "$hello" tls packages.example.org evil.example.com
	refused ssh-in-a-tunnel reached client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" \
		-o "ProxyCommand ncat --proxy $PROXY4:8080 --proxy-type http %h %p" \
		"root@$SSH4" echo reached
	allowed hello-ahead "$hello" ahead packages.example.org packages.example.org
	refused hello-ahead-other-target "$hello" ahead evil.example.com packages.example.org
	refused hello-ahead-other-name "$hello" ahead packages.example.org evil.example.com
	allowed hello-ahead-later "$hello" ahead_later packages.example.org packages.example.org
	refused hello-ahead-later-other-target "$hello" ahead_later evil.example.com packages.example.org
	refused hello-ahead-later-other-name "$hello" ahead_later packages.example.org evil.example.com
	allowed connect-bytewise "200" connect_bytewise packages.example.org:443
	refused connect-bytewise-other-name "200" connect_bytewise evil.example.com:443
}

cases
agent_or_fail
proxy_policy >"$LAB/proxies.conf"
check apply "the policy was not applied" agent_apply "$LAB/proxies.conf"
PHASE=judged
cases
finish
