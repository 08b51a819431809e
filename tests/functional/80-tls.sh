#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real tools, on their usual port and on a foreign one, over both families: TLS
# is told with its name and the same fingerprint everywhere, and judged by the
# name; DTLS, HTTP/2 in clear and the PROXY protocol are told too.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

FOREIGN=22222

need_agent
command -v gnutls-cli >/dev/null || skip_all tls "gnutls-cli is not installed"
lab_up
make_certificates || exit 2

tls_servers() {
	local at n=0

	for at in "$WEB4:443" "$WEB4:$FOREIGN" "[$WEB6]:443" "[$WEB6]:$FOREIGN"; do
		n=$((n + 1))
		start_server "tls$n" "$NS_OUTSIDE" "tcp/${at##*:}@$(tr -d '[]' <<<"${at%:*}")" \
			openssl s_server -accept "$at" -www \
			-cert "$LAB/tls/www.example.org.pem" -key "$LAB/tls/www.example.org.key" ||
			exit 2
	done
	# it ends with its input
	# shellcheck disable=SC2016 # for the inner shell
	start_server dtls "$NS_OUTSIDE" "udp/$FOREIGN@$WEB4" \
		bash -c 'exec openssl s_server -dtls -accept "$1" -cert "$2" -key "$3" < <(sleep 400)' \
		dtls "$WEB4:$FOREIGN" "$LAB/tls/www.example.org.pem" \
		"$LAB/tls/www.example.org.key" || exit 2
}

# TOOL ADDRESS PORT NAME: ask for a page.
by_openssl() {
	printf 'GET / HTTP/1.0\r\n\r\n' |
		client timeout $((5 * LAB_SLOW)) openssl s_client -quiet -ign_eof \
			-connect "$1:$2" -servername "$3" 2>/dev/null
}

by_gnutls() {
	{
		printf 'GET / HTTP/1.0\r\n\r\n'
		sleep $((2 * LAB_SLOW))
	} | client timeout $((5 * LAB_SLOW)) gnutls-cli --insecure --sni-hostname "$3" \
		-p "$2" "$(tr -d '[]' <<<"$1")" 2>/dev/null
}

by_curl() {
	client curl -sS -k -m $((5 * LAB_SLOW)) --resolve "$3:$2:$1" "https://$3:$2/"
}

# Each tool has a name of its own, so that its events are found.
name_of() {
	case $1 in
	openssl) echo www.example.org ;;
	gnutls) echo packages.example.org ;;
	curl) echo mirror.example.net ;;
	esac
}

cases() {
	local tool on v at

	for tool in openssl gnutls curl; do
		for on in 443 $FOREIGN; do
			for v in 4 6; do
				case $v in 4) at=$WEB4 ;; 6) at="[$WEB6]" ;; esac
				allowed "$tool-$on-$v" s_server \
					"by_$tool" "$at" "$on" "$(name_of $tool)"
			done
		done
		refused "$tool-other-name" s_server "by_$tool" "$WEB4" $FOREIGN evil.example.com
	done
}

# policy RULE: before the others
policy() {
	cat <<-END
		version = 1;
		gateway: { name = "tls"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: ( $1
		  { name = "named"; from = "lan"; app = ["tls", "dtls"];
		    sni = ["*.example.org", "mirror.example.net"]; action = "allow"; },
		  { name = "clear"; from = "lan"; app = ["http", "http2", "proxyprotocol"];
		    host = "www.example.org"; action = "allow"; },
		  { name = "the rest"; from = "lan"; action = "reject"; }
		);
	END
}

fingerprints() {
	local tool n

	for tool in openssl gnutls curl; do
		n=$(jq -r --arg name "$(name_of $tool)" \
			'select(.event_type == "verdict" and .tls.sni == $name) |
			"\(.app_proto) \(.tls.ja4)"' "$LAB/agent/log/eve.json" | sort | uniq -c)
		check "$tool-is-told-alike" "$n" grep -qE '^ *4 tls t1[23]d[0-9a-z_]{32}$' <<<"$n"
	done
}

# OPTION PATH: the server does not understand it; what was said counts.
by_curl_in_clear() {
	client curl -sS -m 3 "$1" --resolve "www.example.org:$FOREIGN:$WEB4" \
		"http://www.example.org:$FOREIGN/$2" >/dev/null 2>&1
}

others() {
	printf 'hello\n' | client timeout 3 openssl s_client -dtls -quiet \
		-connect "$WEB4:$FOREIGN" -servername www.example.org >/dev/null 2>&1
	check dtls "no such event" told \
		'.app_proto == "dtls" and .tls.sni == "www.example.org" and .verdict.action == "accept"'
	by_curl_in_clear --http2-prior-knowledge a
	check http2 "no such event" told \
		'.app_proto == "http2" and .http.url == "/a" and .http.hostname == "www.example.org"'
	by_curl_in_clear --haproxy-protocol b
	check proxyprotocol "no such event" told \
		".fw.layers == [\"proxyprotocol\", \"http\"] and .http.url == \"/b\" and
		(.proxy.source | startswith(\"$CLIENT4:\"))"
}

# One program is stopped by its fingerprint, whatever it asks for and where.
by_fingerprint() {
	local print v at

	print=$(last_event '.tls.sni == "mirror.example.net"' | jq -r .tls.ja4)
	policy "{ name = \"no curl\"; app = \"tls\"; ja4 = \"$print\"; action = \"reject\"; }," \
		>"$LAB/print.conf"
	check apply-fingerprint "the policy was not applied" agent_apply "$LAB/print.conf"
	for v in 4 6; do
		case $v in 4) at=$WEB4 ;; 6) at="[$WEB6]" ;; esac
		refused "fingerprint-of-curl-$v" s_server by_curl "$at" $FOREIGN mirror.example.net
		allowed "fingerprint-of-openssl-$v" s_server \
			by_openssl "$at" 443 www.example.org
	done
	check fingerprint-is-told "no such event" told \
		".fw.rule == \"no curl\" and .tls.ja4 == \"$print\" and .verdict.action == \"drop\""
}

tls_servers
cases
agent_or_fail
policy "" >"$LAB/tls.conf"
check apply "the policy was not applied" agent_apply "$LAB/tls.conf"
PHASE=judged
cases
fingerprints
others
by_fingerprint
finish
