#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real tunnels, each through its own server: Tor, iodine, OpenVPN, WireGuard,
# stunnel, ssh, SOCKS of dante, CONNECT of squid.  Each works without the agent,
# and is stopped by a policy that says which names and protocols may go out; what
# looks alike and is meant passes.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/functional/tor.sh
. "$(dirname "$0")/tor.sh"

need_agent
for tool in tor iodined openvpn stunnel4 danted squid; do
	PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || skip_all 84-tunnels "no $tool here"
done
lab_up
FOREIGN_DNS6=2001:db8:1::53

# --- the servers of the tunnels, and the clients' daemons ----------------------------

# Its server speaks IPv4 alone: over IPv6 a resolver asks it.
start_iodine() {
	cat >"$LAB/iodine-6.conf" <<-END
		no-resolv
		no-hosts
		no-daemon
		bind-interfaces
		user=root
		log-facility=-
		pid-file=$LAB/iodine-6.pid
		port=53
		edns-packet-max=4096
		cache-size=0
		listen-address=$FOREIGN_DNS6
		server=/tunnel.evil.example/$FOREIGN_DNS4
	END
	start_server iodine-6 "$NS_OUTSIDE" "udp/53@$FOREIGN_DNS6" dnsmasq -C "$LAB/iodine-6.conf" || return 1
	start_server iodined "$NS_OUTSIDE" "udp/53@$FOREIGN_DNS4" iodined -f -c -P lab -l "$FOREIGN_DNS4" \
		10.77.0.1 tunnel.evil.example
}

start_openvpn() {
	local l4

	openvpn --genkey secret "$LAB/static.key" >/dev/null 2>&1
	for l4 in udp:1194 tcp6-server:443; do
		start_server "openvpn-$l4" "$NS_OUTSIDE" "${l4:0:3}/${l4##*:}@$(vpn_address "$l4")" \
			openvpn --mode server --tls-server --dev "tun$(tunnel_number "$l4")" \
			--proto "${l4%%:*}" --local "$(vpn_address "$l4")" --port "${l4##*:}" \
			--server "10.78.$(tunnel_number "$l4").0" 255.255.255.0 --dh none --duplicate-cn \
			--ca "$LAB/tls/ca.pem" --cert "$LAB/tls/www.example.org.pem" \
			--key "$LAB/tls/www.example.org.key" --tls-crypt "$LAB/static.key" || return 1
	done
}

vpn_address() {
	case $1 in udp*) echo "$SSH4" ;; *) echo "$PROXY6" ;; esac
}

tunnel_number() {
	case $1 in udp*) echo 0 ;; *) echo 1 ;; esac
}

# wireguard_end NS NAME ADDRESS PEER-NAME PEER-OPTION...: the kernel's, or the one in
# user space, whose sockets have their place for all of the machine.
wireguard_end() {
	local ns=$1 name=$2 address=$3 peer=$4 dev=$2x$$

	shift 4
	if ! ns_exec "$ns" ip link add "$dev" type wireguard 2>/dev/null; then
		ns_exec "$ns" wireguard-go "$dev" >/dev/null 2>&1
		wait_for 5 test -S "/var/run/wireguard/$dev.sock" || return 1
	fi
	ns_exec "$ns" wg set "$dev" listen-port 51820 private-key "$LAB/$name.key" \
		peer "$(wg pubkey <"$LAB/$peer.key")" "$@" &&
		ns_exec "$ns" ip address add "$address" dev "$dev" &&
		ns_exec "$ns" ip link set "$dev" up
}

start_wireguard() {
	(umask 077 && wg genkey >"$LAB/wgo.key" && wg genkey >"$LAB/wgi.key")
	wireguard_end "$NS_OUTSIDE" wgo 10.79.0.1/24 wgi allowed-ips 10.79.0.2/32 &&
		wireguard_end "$NS_CLIENT" wgi 10.79.0.2/24 wgo allowed-ips 10.79.0.1/32 \
			endpoint "$SSH4:51820"
}

start_stunnel() {
	cat >"$LAB/stunnel-server.conf" <<-END
		foreground = yes
		pid =
		cert = $LAB/tls/www.example.org.pem
		key = $LAB/tls/www.example.org.key
		[web]
		accept = $PROXY4:8444
		connect = $WEB4:80
		[web6]
		accept = $PROXY6:8444
		connect = $WEB4:80
	END
	cat >"$LAB/stunnel-client.conf" <<-END
		foreground = yes
		pid =
		client = yes
		[four]
		accept = 127.0.0.1:4444
		connect = $PROXY4:8444
		sni =
		[six]
		accept = 127.0.0.1:4446
		connect = $PROXY6:8444
		sni =
	END
	start_server stunnel-server "$NS_OUTSIDE" "tcp/8444@$PROXY4" stunnel4 "$LAB/stunnel-server.conf" &&
		start_server stunnel-client "$NS_CLIENT" tcp/4444@127.0.0.1 stunnel4 "$LAB/stunnel-client.conf"
}

start_dante() {
	cat >"$LAB/danted.conf" <<-END
		logoutput: stderr
		internal: $PROXY4 port = 1082
		internal: $PROXY6 port = 1082
		external: eth0
		clientmethod: none
		socksmethod: none
		client pass { from: 0/0 to: 0/0 }
		socks pass { from: 0/0 to: 0/0 }
	END
	start_server danted "$NS_OUTSIDE" "tcp/1082@$PROXY4" danted -f "$LAB/danted.conf" -p "$LAB/danted.pid"
}

start_squid() {
	mkdir -p "$LAB/squid"
	chmod 777 "$LAB/squid"
	cat >"$LAB/squid.conf" <<-END
		http_port $PROXY4:3129
		http_port [$PROXY6]:3129
		http_access allow all
		pid_filename none
		cache_log /dev/stderr
		access_log none
		cache_mem 4 MB
		netdb_filename none
		max_filedescriptors 1024
		coredump_dir $LAB/squid
		pinger_enable off
		dns_nameservers $RESOLVER4
		shutdown_lifetime 0 seconds
		visible_hostname lab
	END
	start_server squid "$NS_OUTSIDE" "tcp/3129@$PROXY4" squid -N -f "$LAB/squid.conf"
}

# --- one use of each -----------------------------------------------------------------

# within SECONDS COMMAND...: true as soon as the command is, however long it takes.
within() {
	local end=$((SECONDS + $1 * LAB_SLOW))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# reached ADDRESS DAEMON...: the daemon brings up a way to the address.
reached() {
	local address=$1 pid

	shift
	client "$@" >"$LAB/log/$1-$address" 2>&1 </dev/null &
	pid=$!
	if within "$PATIENCE" client ping -c 1 -W 1 "$address" >/dev/null 2>&1; then
		echo "answers through the tunnel"
	else
		tail -n 1 "$LAB/log/$1-$address" | tr -d '\0'
	fi
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

by_iodine() {
	reached 10.77.0.1 iodine -f -m 500 -P lab "$@" tunnel.evil.example
}

by_openvpn() {
	reached "10.78.$(tunnel_number "$1").1" openvpn --client --dev "tun$(tunnel_number "$1")" --nobind \
		--proto "${1%%:*}" --remote "$(vpn_address "$1")" "${1##*:}" --ca "$LAB/tls/ca.pem" \
		--cert "$LAB/tls/www.example.org.pem" --key "$LAB/tls/www.example.org.key" \
		--tls-crypt "$LAB/static.key" --connect-retry 1 --connect-timeout 3
}

by_wireguard() {
	within "$PATIENCE" client ping -c 1 -W 1 10.79.0.1
}

by_ssh() {
	local pid

	client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" -N -D 127.0.0.1:1085 -p "$2" "root@$1" \
		>"$LAB/log/ssh-d" 2>&1 </dev/null &
	pid=$!
	wait_for "$PATIENCE" is_listening "$NS_CLIENT" tcp 1085 127.0.0.1 &&
		web --socks5-hostname 127.0.0.1:1085 http://www.example.org/
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

tunnels() {
	local as=$1 hello="hello from" through="answers through the tunnel" v proxy

	"$as" iodine "$through" by_iodine -r "$FOREIGN_DNS4"
	"$as" iodine-6 "$through" by_iodine -r "$FOREIGN_DNS6"
	"$as" iodine-raw "$through" by_iodine "$FOREIGN_DNS4"
	"$as" openvpn-udp-4-1194 "$through" by_openvpn udp:1194
	"$as" openvpn-tcp-6-443 "$through" by_openvpn tcp6-client:443
	[ -z "$WIREGUARD" ] || "$as" wireguard "1 received" by_wireguard
	"$as" ssh-4-22 "$hello" by_ssh "$SSH4" 22
	"$as" ssh-6-443 "$hello" by_ssh "$SSH6" 443
	"$as" stunnel-4 "$hello" web -H "Host: www.example.org" http://127.0.0.1:4444/
	"$as" stunnel-6 "$hello" web -H "Host: www.example.org" http://127.0.0.1:4446/
	for v in 4 6; do
		case $v in 4) proxy=$PROXY4 ;; 6) proxy="[$PROXY6]" ;; esac
		"$as" "dante-5-$v" "$hello" web --socks5-hostname "$proxy:1082" https://www.example.org/
		"$as" "dante-4-$v" "$hello" web --socks4 "$proxy:1082" http://www.example.org/
		"$as" "squid-$v" "$hello" web -x "http://$proxy:3129" https://www.example.org/
	done
	"$as" tor-4 "$hello" by_tor 4
	"$as" tor-6 "$hello" by_tor 6
}

# What looks alike and is meant: TLS and HTTP for names, a query for a name.
lookalikes() {
	local v at

	allowed web-443 "hello from" web https://www.example.org/
	allowed web-40000 "hello from" web http://www.example.org:40000/
	allowed query "$WEB4" client dig +time=2 +tries=1 "@$RESOLVER4" www.example.org
	for v in 4 6; do
		case $v in 4) at=$PROXY4 ;; 6) at="[$PROXY6]" ;; esac
		allowed "tls-at-stunnel-$v" "hello from" web --resolve "www.example.org:8444:$at" \
			https://www.example.org:8444/
		allowed "http-at-squid-$v" "Invalid URL" web --resolve "www.example.org:3129:$at" \
			http://www.example.org:3129/
	done
}

policy() {
	cat <<-END
		version = 1;
		gateway: { name = "tunnels"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		hosts: { work = ["www.example.org", "packages.example.org"]; };
		segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
		egress: (
		  { name = "web"; from = "lan"; app = ["http", "tls"]; host = "@work"; action = "allow"; },
		  { name = "names"; from = "lan"; app = "dns"; qname = ["www.example.org"]; action = "allow"; },
		  { name = "the rest"; from = "lan"; action = "reject"; }
		);
		application: { connect = "deny"; socks = "deny"; no-sni = "deny"; };
	END
}

# stopped_as APP CONDITION: a flow was refused under that name.
stopped_as() {
	check "$1-is-told" "no such event" told \
		".event_type == \"verdict\" and .verdict.action == \"drop\" and .app_proto == \"$1\" and ($2)"
}

basic_servers
start_tor
echo "nameserver $OTHER_WEB4" >"$LAB/etc/$NS_OUTSIDE/resolv.conf"
if ! start_dns foreign "$NS_OUTSIDE" "$OTHER_WEB4" ||
	! start_ssh || ! start_iodine || ! start_openvpn || ! start_stunnel ||
	! start_dante || ! start_squid; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
WIREGUARD=yes
if ! start_wireguard; then
	WIREGUARD=
	skip wireguard "neither the kernel nor wireguard-go can make a device here"
fi
PATIENCE=8
TOR_PATIENCE=40
lookalikes
tunnels allowed
agent_or_fail
policy >"$LAB/tunnels.conf"
check apply "the policy was not applied" agent_apply "$LAB/tunnels.conf"
PHASE=judged
PATIENCE=2
TOR_PATIENCE=1
tunnels refused
lookalikes
stopped_as tls '.tls.sni // "" | test("^www[.][a-z2-7]*[.](com|net)$")'
stopped_as dns '.dns.rrname // "" | endswith("tunnel.evil.example")'
stopped_as openvpn true
stopped_as ssh true
[ -z "$WIREGUARD" ] || stopped_as wireguard true
stopped_as socks true
stopped_as http '.http.http_method == "CONNECT"'
rm -f "/var/run/wireguard/wg"[io]x$$.sock # which also ends it
finish
