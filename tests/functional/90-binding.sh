#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Names are worth what the client's resolver has said of them: real resolvers
# (dnsmasq, and unbound before it), real clients and servers, IPv4 and IPv6.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in unbound dnsmasq dig curl openssl; do
	command -v "$tool" >/dev/null || skip_all 90-binding "no $tool here"
done
lab_up
UNBOUND4=10.20.0.54
UNBOUND6=fd00:20::54
add_address "$NS_SERVER" eth0 "$UNBOUND4/16"
add_address "$NS_SERVER" eth0 "$UNBOUND6/64"
NAMES=100 # of a server with many names, each at two addresses in turn

# names of their own: aliases, and many that take turns
more_names() {
	local i

	echo "cname=alias.example.org,other.example.org"
	echo "cname=other.example.org,www.example.org"
	echo "max-ttl=1"
	echo "local-ttl=1"
	for ((i = 0; i < NAMES; i++)); do
		echo "address=/n$i.many.example.org/$WEB4"
		echo "address=/n$i.many.example.org/$OTHER_WEB4"
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
			do-not-query-localhost: no
			module-config: "iterator"
			cache-min-ttl: 0
		forward-zone:
			name: "."
			forward-addr: $RESOLVER4
		remote-control:
			control-enable: no
	CONF
	start_server unbound "$NS_SERVER" "udp/53@$UNBOUND4" unbound -d -c "$LAB/unbound.conf"
}

policy() {
	cat <<-CONF
		version = 1;
		gateway: { name = "bound"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: {
		  resolvers = ["$RESOLVER4", "$RESOLVER6", "$UNBOUND4", "$UNBOUND6"];
		  proxies = ["$PROXY4"];
		};
		segment: ( { name = "dns"; from = "lan"; to = "@resolvers"; service = "dns"; action = "allow"; } );
		egress: (
		  { name = "proxy"; from = "lan"; to = "@proxies"; action = "allow"; },
		  { name = "web"; from = "lan"; to = "wan"; action = "allow"; }
		);
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; binding = "$1"; };
	CONF
}

# what the last event of a flow to ADDRESS PORT says
reason() {
	jq -r "select(.dest_ip == \"$1\" and .dest_port == $2) | .fw.reason" \
		"$LAB/agent/log/eve.json" 2>/dev/null | tail -n 1
}

# get NAME ADDRESS CURL-OPTION...: by that name from there, without a question
get() {
	local name=$1 address=$2

	shift 2
	case $address in *:*) address="[$address]" ;; esac
	web -k --resolve "$name:443:$address" "$@" "https://$name/" 2>&1
}

# bound REASON TEST NAME ADDRESS [CURL-OPTION...]
bound() {
	local want=$1 test=$2 address=$4 seen

	shift 2
	seen=$(get "$@")
	if [ "$want" = rule.allow ]; then
		case $seen in
		hello*) ok "$test" ;;
		*) not_ok "$test" "$seen, $(reason "$address" 443)" ;;
		esac
		return
	fi
	sleep "$LAB_SLOW"
	check "$test" "$seen" is "$(reason "$address" 443)" "$want"
}

# ask NAME TYPE [DIG-OPTION...]
ask() {
	local name=$1 type=$2

	shift 2
	client dig +tries=2 +time=2 "$@" "$name" "$type" >"$LAB/log/seen" 2>&1
}

names_by_resolver() {
	local seen

	bound binding.unresolved never-asked packages.example.org "$WEB4"
	seen=$(web https://www.example.org/ 2>&1)
	check asked-by-curl "$seen" is "$seen" "hello from www.example.org"
	seen=$(web -6 https://www.example.org/ 2>&1)
	check asked-by-curl-for-v6 "$seen" is "$seen" "hello from www.example.org"
	bound rule.allow asked-before www.example.org "$WEB4"
	bound rule.allow asked-before-v6 www.example.org "$WEB6"
	bound binding.mismatch foreign-address www.example.org "$OTHER_WEB4"
	bound binding.mismatch foreign-address-v6 www.example.org "$OTHER_WEB6"
	bound binding.unresolved shared-address evil.example.com "$WEB4"
	bound binding.unresolved shared-address-v6 evil.example.com "$WEB6"
	ask mirror.example.net A "@$RESOLVER4" +tcp
	bound rule.allow asked-over-tcp mirror.example.net "$WEB4"
	bound binding.unresolved only-what-was-asked mirror.example.net "$WEB6"
	ask packages.example.org A "@$RESOLVER6"
	bound rule.allow asked-over-v6 packages.example.org "$WEB4"
	ask alias.example.org A "@$UNBOUND4"
	bound rule.allow alias-by-unbound alias.example.org "$WEB4"
	bound rule.allow its-target other.example.org "$WEB4"
	bound binding.mismatch alias-elsewhere alias.example.org "$OTHER_WEB4"
	ask alias.example.org AAAA "@$UNBOUND6" +tcp +bufsize=4096
	bound rule.allow alias-over-v6-and-tcp alias.example.org "$WEB6"
}

# refused_for REASON TEST ADDRESS PORT COMMAND...
refused_for() {
	local want=$1 test=$2 address=$3 port=$4

	shift 4
	"$@" >"$LAB/log/seen" 2>&1 </dev/null
	sleep "$LAB_SLOW"
	check "$test" "$(tail -n 2 "$LAB/log/seen")" is "$(reason "$address" "$port")" "$want"
}

without_names() {
	refused_for binding.no-name raw-tls "$OTHER_WEB4" 443 web -k "https://$OTHER_WEB4/"
	refused_for binding.no-name raw-tls-v6 "$OTHER_WEB6" 443 web -k "https://[$OTHER_WEB6]/"
	refused_for binding.no-name raw-http "$OTHER_WEB4" 80 web "http://$OTHER_WEB4/"
	refused_for binding.mismatch spoofed-host "$OTHER_WEB4" 80 \
		web -H "Host: www.example.org" "http://$OTHER_WEB4/"
	refused_for binding.unresolved number-for-a-name "$OTHER_WEB4" 80 \
		web -H "Host: 3221226065" "http://$OTHER_WEB4/"
	refused_for binding.unresolved empty-label "$WEB4" 443 \
		client timeout 5 openssl s_client -connect "$WEB4:443" -servername www..example.org
	refused_for binding.unresolved control-byte "$WEB4" 443 \
		client timeout 5 openssl s_client -connect "$WEB4:443" -servername $'www.example.org\x01'
	refused_for binding.unresolved long-name "$WEB4" 443 \
		client timeout 5 openssl s_client -connect "$WEB4:443" \
		-servername "$(printf 'a%.0s' {1..250}).example.org"
}

tunnels() {
	local seen

	seen=$(web -x "http://$PROXY4:8080" https://www.example.org/ 2>&1)
	check tunnel "$seen" is "$seen" "hello from www.example.org"
	refused_for binding.mismatch other-name-inside "$PROXY4" 8080 client timeout 5 \
		openssl s_client -proxy "$PROXY4:8080" -connect www.example.org:443 \
		-servername evil.example.com
	refused_for binding.no-name raw-tunnel "$PROXY4" 8080 \
		web -k -x "http://$PROXY4:8080" "https://$OTHER_WEB4/"
	refused_for binding.mismatch other-host-header "$PROXY4" 8080 \
		web -x "http://$PROXY4:8080" --proxy-header "Host: evil.example.com:443" \
		https://www.example.org/
	seen=$(web -x "socks5h://$PROXY4:1080" https://www.example.org/ 2>&1)
	check socks "$seen" is "$seen" "hello from www.example.org"
	# the client has asked for the address itself
	seen=$(web -4 -x "socks5://$PROXY4:1080" https://www.example.org/ 2>&1)
	check socks-to-an-address "$seen" is "$seen" "hello from www.example.org"
	refused_for binding.no-name raw-socks "$PROXY4" 1080 \
		web -k -x "socks5://$PROXY4:1080" "https://$OTHER_WEB4/"
}

is_alive() {
	[ "$(fwctl status --json | jq -r .engine.alive)" = true ] &&
		[ "$(fwctl status --json | jq -r .engine.pid)" != "$1" ]
}

restarts() {
	local pid

	pid=$(fwctl status --json | jq -r .engine.pid)
	kill -KILL "$pid"
	check engine-comes-back "no other one" wait_for 10 is_alive "$pid"
	bound rule.allow after-the-engine www.example.org "$WEB4"
	bound rule.allow after-the-engine-v6 www.example.org "$WEB6"
	bound binding.mismatch still-refused www.example.org "$OTHER_WEB4"
	agent_stop
	agent_or_fail
	bound rule.allow after-the-daemon www.example.org "$WEB4"
	bound rule.allow after-the-daemon-alias alias.example.org "$WEB4"
	bound binding.mismatch still-refused-then www.example.org "$OTHER_WEB4"
	ask mirror.example.net AAAA "@$RESOLVER4"
	bound rule.allow learnt-after-that mirror.example.net "$WEB6"
}

# Names with two addresses, in turn, for a second each.
many() {
	local i n denied before status

	before=$(grep -c '"binding\.' "$LAB/agent/log/eve.json")
	for ((i = 0; i < 3 * NAMES; i++)); do
		n=n$((i % NAMES)).many.example.org
		echo "url = \"https://$n/\""
		echo "output = /dev/null"
	done >"$LAB/many"
	web -k -4 -Z --parallel-max 20 -K "$LAB/many" >"$LAB/log/seen" 2>&1
	status=$?
	check many-names "curl: $(tail -n 2 "$LAB/log/seen")" is "$status" 0
	sleep "$LAB_SLOW"
	denied=$(($(grep -c '"binding\.' "$LAB/agent/log/eve.json") - before))
	check none-is-denied "$denied events" is "$denied" 0
}

only_logged() {
	policy log >"$LAB/log.conf"
	check apply-log "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/log.conf"
	bound rule.allow log-passes evil.example.com "$WEB4"
	sleep "$LAB_SLOW"
	check log-says "no event" is unresolved \
		"$(jq -r 'select(.tls.sni == "evil.example.com") | .fw.binding // empty' \
			"$LAB/agent/log/eve.json" | tail -n 1)"
}

switched_off() {
	policy off >"$LAB/off.conf"
	check file-is-there "none" test -s "$LAB/agent/state/bindings"
	check apply-off "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/off.conf"
	bound rule.allow off-passes evil.example.com "$WEB4"
	check file-is-gone "$(ls -l "$LAB/agent/state")" test ! -e "$LAB/agent/state/bindings"
}

more_names >"$LAB/resolver.more"
basic_servers
if ! start_unbound || ! start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" ||
	! start_proxies; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
touch "$LAB/log/seen"
policy enforce >"$LAB/policy.conf"
agent_or_fail
check apply "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/policy.conf"
names_by_resolver
without_names
tunnels
restarts
many
only_logged
switched_off
finish
