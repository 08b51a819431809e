# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the parts use them
# For live.sh: the network, what is said on it, and what stands in between.

SOURCES=32
CPU_PID=
LOST=0

# hello NAME: a ClientHello as clients send it, filled up to 517 bytes.
hello() {
	perl -e '
		my $name = shift;
		sub ext { pack("nn/a*", $_[0], $_[1]) }
		my $ext = ext(0, pack("n/a*", pack("Cn/a*", 0, $name)))
			. ext(10, pack("n/a*", pack("n*", 29, 23, 24))) . ext(11, "\x01\x00")
			. ext(13, pack("n/a*", pack("n*", 0x403, 0x804, 0x401, 0x503, 0x805, 0x501)))
			. ext(16, pack("n/a*", "\x02h2\x08http/1.1")) . ext(23, "")
			. ext(43, pack("C/a*", pack("n*", 0x304, 0x303))) . ext(45, "\x01\x01")
			. ext(51, pack("n/a*", pack("nn/a*", 29, "k" x 32)));
		my $head = pack("n", 0x303) . ("r" x 32) . pack("C/a*", "s" x 32)
			. pack("n/a*", pack("n*", 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030))
			. "\x01\x00";
		my $room = 512 - 4 - length($head) - 2 - length($ext) - 4;
		$ext .= ext(21, "\0" x $room);
		my $body = $head . pack("n/a*", $ext);
		print pack("Cnn/a*", 22, 0x301, "\x01" . substr(pack("N", length $body), 1) . $body);
	' "$1"
}

# What clients say.
make_words() {
	hello www.example.org >"$LAB/tls"
	hello evil.example.com >"$LAB/evil"
	printf 'GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: dial\r\nAccept: */*\r\n\r\n' >"$LAB/http"
	printf 'PUT /pub/x HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 1000000000000\r\n\r\n' >"$LAB/put"
	printf '\x00\x01\x02\x03fwbench\x80\x90' >"$LAB/raw"
	printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01' >"$LAB/dns"
}

# Port of each kind; the words are of the same name.
declare -A PORT=([tls]=443 [evil]=443 [http]=80 [put]=8080 [raw]=9000 [dns]=53)

lab_for_load() {
	local i

	for i in $(seq 0 $((SOURCES - 1))); do
		add_address "$NS_CLIENT" eth0 "10.10.1.$((i + 1))/16"
	done
	ip netns exec "$NS_CLIENT" sysctl -qw net.ipv4.tcp_tw_reuse=1 net.ipv4.ip_local_port_range="1024 65535"
	ip netns exec "$NS_OUTSIDE" sysctl -qw net.ipv4.tcp_max_syn_backlog=8192 net.core.somaxconn=8192
	make_words
	mkdir -p "$LAB/v"
	ip netns exec "$NS_OUTSIDE" "$B/tests/bench/answer" "$WEB4" 443 80 8080 9000 53 >"$LAB/log/answer" 2>&1 &
	echo $! >"$LAB/pids/answer"
	wait_for 5 grep -q ready "$LAB/log/answer"
}

# bench_policy [QUEUES [LISTS]]: LISTS are more lines, before the rules
FEW_NAMES='hosts: { names = ["*.example.org", "www.example.net"]; };'
bench_policy() {
	cat <<-END
		version = 1;
		gateway: { queues = ${1:-1}; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		${2:-$FEW_NAMES}
		egress: (
		  { name = "names"; from = "lan"; service = ["tcp/443", "tcp/80"]; app = ["tls", "http"]; host = "@names"; action = "allow"; },
		  { name = "paths"; from = "lan"; service = "tcp/8080"; app = "http"; host = "@names"; path = "/pub/*"; action = "allow"; },
		  { name = "questions"; from = "lan"; service = "udp/53"; app = "dns"; action = "allow"; },
		  { name = "raw"; from = "lan"; service = "tcp/9000"; app = "unknown"; action = "allow"; }
		);
	END
}

# setup none|nft|floor|ours [POLICY]: from now on this stands in between.
setup() {
	setup_end
	case $1 in
	nft)
		gateway nft 'table inet bare { chain c { type filter hook forward priority 10; policy drop;
			ct state established,related accept; iifname "lan0" ct state new accept; }; }'
		;;
	floor)
		gateway nft 'table inet floor { chain q { }
			chain c { type filter hook forward priority 10; ct mark 1 accept; jump q; }
			chain p { type filter hook postrouting priority 50; meta mark 1 ct mark set 1; }; }'
		ip netns exec "$NS_GATEWAY" "$B/tests/bench/floor" 7 >"$LAB/log/floor" 2>&1 &
		CPU_PID=$!
		wait_for 5 grep -q ready "$LAB/log/floor"
		;;
	ours)
		agent_start && agent_apply "${2:-$LAB/bench.conf}" >"$LAB/log/apply" || exit 1
		CPU_PID=$(fwctl status --json | jq .engine.pid)
		;;
	esac
	SETUP=$1
}

setup_end() {
	case ${SETUP:-none} in
	floor)
		kill "$CPU_PID" 2>/dev/null
		wait "$CPU_PID" 2>/dev/null
		;;
	ours)
		agent_stop
		rm -rf "$LAB/agent"
		;;
	esac
	CPU_PID=
	SETUP=none
	gateway nft flush ruleset
	gateway conntrack -F >/dev/null 2>&1
}
