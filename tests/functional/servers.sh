#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The servers of the lab; read by lib.sh, not to be run.
# shellcheck disable=SC2154 # set by lib.sh

# is_listening NS tcp|udp PORT [ADDRESS]
is_listening() {
	local flag=-t

	[ "$2" = udp ] && flag=-u
	case ${4:-} in *:*) set -- "$1" "$2" "$3" "[$4]" ;; esac
	ip netns exec "$1" ss -H -l -n $flag "sport = :$3" 2>/dev/null |
		grep -qF -- "${4:-}:$3 "
}

# start_server NAME NS L4/PORT[@ADDRESS] COMMAND...: in the background; returns when it
# listens.  Its pid is in $LAB/pids/NAME, its output in $LAB/log/NAME.
start_server() {
	local name=$1 ns=$2 l4=${3%%/*} port=${3#*/} address=

	case $port in *@*) address=${port#*@} port=${port%%@*} ;; esac
	shift 3
	ns_exec "$ns" "$@" >"$LAB/log/$name" 2>&1 </dev/null &
	echo $! >"$LAB/pids/$name"
	if ! wait_for 20 is_listening "$ns" "$l4" "$port" "$address"; then
		echo "  $name does not listen on $l4/$port:"
		tail -n 5 "$LAB/log/$name" | sed 's/^/  /'
		return 1
	fi
}

stop_server() {
	kill "$(cat "$LAB/pids/$1")" 2>/dev/null
	rm -f "$LAB/pids/$1"
}

# One CA; one certificate for each name.
make_certificates() {
	local dir=$LAB/tls name

	mkdir -p "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=fwagent lab CA" -keyout "$dir/ca.key" -out "$dir/ca.pem" \
		2>"$LAB/log/openssl" || return 1
	for name in $LAB_NAMES; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$name" -keyout "$dir/$name.key" -out "$dir/$name.csr" \
			2>>"$LAB/log/openssl" || return 1
		printf 'subjectAltName=DNS:%s\n' "$name" >"$dir/ext"
		openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
			-CAcreateserial -days 2 -extfile "$dir/ext" -out "$dir/$name.pem" \
			2>>"$LAB/log/openssl" || return 1
	done
}

# start_web: nginx outside, all names on one address, http and https.
start_web() {
	local name dir=$LAB/web

	make_certificates || return 1
	mkdir -p "$dir"
	for name in $LAB_NAMES; do
		mkdir -p "$dir/$name"
		echo "hello from $name" >"$dir/$name/index.html"
		truncate -s 1G "$dir/$name/big.bin"
	done
	{
		cat <<-END
			worker_processes 1;
			daemon off;
			user root;
			pid $dir/nginx.pid;
			error_log stderr;
			events { worker_connections 512; }
			http {
			access_log $LAB/log/web-access;
			default_type text/plain;
			sendfile on;
			keepalive_timeout 5;
			client_body_temp_path $dir/t1;
			proxy_temp_path $dir/t2;
			fastcgi_temp_path $dir/t3;
			uwsgi_temp_path $dir/t4;
			scgi_temp_path $dir/t5;
		END
		for name in $LAB_NAMES; do
			cat <<-END
				server {
				listen 80; listen [::]:80;
				listen 443 ssl; listen [::]:443 ssl;
				listen 40000;
				server_name $name;
				root $dir/$name;
				location = /slow.bin { limit_rate 300k; alias $dir/$name/big.bin; }
				ssl_certificate $LAB/tls/$name.pem;
				ssl_certificate_key $LAB/tls/$name.key;
				}
			END
		done
		echo "}"
	} | sed "s/listen \([48]*[04]*[0-9]*\);/listen $WEB4:\1; listen $OTHER_WEB4:\1;/
		s/listen 443 ssl;/listen $WEB4:443 ssl; listen $OTHER_WEB4:443 ssl;/
		s/listen \[::\]:\([0-9]*\)\( ssl\)\{0,1\};/listen [$WEB6]:\1\2; listen [$OTHER_WEB6]:\1\2;/g" \
		>"$dir/nginx.conf"
	start_server web "$NS_OUTSIDE" "tcp/443@$WEB4" nginx -p "$dir" -c "$dir/nginx.conf" -e stderr
}

# start_dns NAME NS ADDRESS...: dnsmasq that knows the lab's names, and what
# stands in $LAB/NAME.more.
start_dns() {
	local name=$1 ns=$2 conf=$LAB/$1.conf n a

	shift 2 # what is left are addresses
	{
		printf 'no-resolv\nno-hosts\nbind-interfaces\nuser=root\nlog-facility=-\n'
		printf 'pid-file=%s/%s.dnsmasq\nno-daemon\nport=53\n' "$LAB" "$name"
		for a; do
			echo "listen-address=$a"
		done
		for n in $LAB_NAMES; do
			echo "host-record=$n,$WEB4,$WEB6"
		done
		echo "host-record=proxy.example.com,$PROXY4,$PROXY6"
		echo "host-record=ssh.example.com,$SSH4,$SSH6"
		[ ! -e "$LAB/$name.more" ] || cat "$LAB/$name.more"
	} >"$conf"
	start_server "$name" "$ns" "udp/53@$1" dnsmasq -C "$conf"
}

# start_proxies: tinyproxy on 8080, 3128 and 80; microsocks (SOCKS5) on 1080
# and, where a policy would let web traffic through, on 443.
start_proxies() {
	local port

	for port in 8080 3128 80; do
		cat >"$LAB/tinyproxy-$port.conf" <<-END
			Port $port
			Listen $PROXY4
			Listen $PROXY6
			Timeout 60
			MaxClients 50
			ConnectPort 443
			ConnectPort 80
			ConnectPort 22
			PidFile "$LAB/tinyproxy-$port.pid"
			LogLevel Info
		END
		start_server "tinyproxy-$port" "$NS_OUTSIDE" "tcp/$port@$PROXY4" \
			tinyproxy -d -c "$LAB/tinyproxy-$port.conf" || return 1
	done
	for port in 1080 443; do
		start_server "microsocks-$port" "$NS_OUTSIDE" "tcp/$port@$PROXY4" \
			microsocks -i "$PROXY4" -p "$port" || return 1
	done
}

# start_ssh: sshd on 22 and on 443 of another address; keys for this lab only.
# Also a SOCKS4a/5 proxy of ssh's own (ssh -D) on 1081 and on SOCKS4A:443.
start_ssh() {
	local dir=$LAB/ssh

	mkdir -p "$dir"
	chmod 755 "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host" &&
		ssh-keygen -q -t ed25519 -N '' -f "$dir/user" || return 1
	cp "$dir/user.pub" "$dir/authorized"
	cat >"$dir/sshd_config" <<-END
		ListenAddress $SSH4:22
		ListenAddress [$SSH6]:22
		ListenAddress $SSH4:443
		ListenAddress [$SSH6]:443
		ListenAddress $SSH443:22
		ListenAddress $SSH443:443
		HostKey $dir/host
		PidFile $dir/sshd.pid
		AuthorizedKeysFile $dir/authorized
		StrictModes no
		PermitRootLogin yes
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PrintMotd no
		UseDNS no
	END
	# its folder for unprivileged children is compiled in as /run/sshd
	# shellcheck disable=SC2016 # expanded by the inner shell
	start_server sshd "$NS_OUTSIDE" "tcp/22@$SSH4" bash -c '
		mount -t tmpfs -o size=1m tmpfs /run && mkdir -m 755 /run/sshd &&
		exec /usr/sbin/sshd -D -e -f "$1"' sshd "$dir/sshd_config" || return 1
	start_server ssh-socks "$NS_OUTSIDE" "tcp/443@$SOCKS4A" \
		ssh "${SSH_OPTIONS[@]}" -i "$dir/user" -N -D '*:1081' \
		-D "$SOCKS4A:443" "root@$SSH4"
}

SSH_OPTIONS=(-F none -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o ConnectTimeout=$((4 * LAB_SLOW)) -o LogLevel=ERROR
	-o IdentitiesOnly=yes)

# start_echo: sends back what it gets: tcp 9000, 40001, 443 and udp 9000.
start_echo() {
	local l4port

	for l4port in tcp/9000 tcp/40001 tcp/443 udp/9000; do
		start_server "echo-${l4port/\//-}" "$NS_OUTSIDE" "$l4port@$ECHO6" \
			perl "$LAB_ROOT/tests/functional/echo.pl" "${l4port%/*}" \
			"${l4port#*/}" "$ECHO4" "$ECHO6" || return 1
	done
}

# asks SECONDS ADDRESS PORT: does an echo server send back what the client says?
asks() {
	# shellcheck disable=SC2016 # the inner shell's
	client timeout "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo ping >&3 &&
		read -r line <&3 && [ "$line" = ping ]' "$2" "$3" 2>/dev/null
}

# echoes ADDRESS PORT: it does, however long that takes.
echoes() {
	asks $((10 * LAB_SLOW)) "$@"
}

# silent ADDRESS PORT: it does not.
silent() {
	! asks "$LAB_SLOW" "$@"
}

# start_inside: echoes on the server inside, tcp 443 and 9000.
start_inside() {
	local port

	for port in 443 9000; do
		start_server "inside-$port" "$NS_SERVER" "tcp/$port" \
			perl "$LAB_ROOT/tests/functional/echo.pl" tcp "$port" \
			10.20.0.80 fd00:20::80 || return 1
	done
}

# start_inside_web PORT: https on the server inside, as www.example.org; it says
# whom it serves.
start_inside_web() {
	cat >"$LAB/inside.conf" <<-END
		worker_processes 1;
		daemon off;
		user root;
		pid $LAB/inside.pid;
		error_log stderr;
		events { worker_connections 64; }
		http {
		access_log off;
		client_body_temp_path $LAB/inside-t1;
		proxy_temp_path $LAB/inside-t2;
		fastcgi_temp_path $LAB/inside-t3;
		uwsgi_temp_path $LAB/inside-t4;
		scgi_temp_path $LAB/inside-t5;
		server {
		listen 10.20.0.80:$1 ssl;
		listen [fd00:20::80]:$1 ssl;
		ssl_certificate $LAB/tls/www.example.org.pem;
		ssl_certificate_key $LAB/tls/www.example.org.key;
		return 200 "hello from inside for \$remote_addr\n";
		}
		}
	END
	start_server inside-web "$NS_SERVER" "tcp/$1@10.20.0.80" \
		nginx -p "$LAB" -c "$LAB/inside.conf" -e stderr
}

# outside_web NAME ADDRESS PORT CURL-OPTION...: by name, to an address of the gateway.
outside_web() {
	local name=$1 address=$2 port=$3

	shift 3
	outside curl -sS -m $((10 * LAB_SLOW)) --cacert "$LAB/tls/ca.pem" "$@" \
		--resolve "$name:$port:$address" "https://$name:$port/"
}

# say NS-FUNCTION TEXT NCAT-ARGUMENT...: send a line, print what comes back
# soon (LAB_SLOW: how many times slower than usual this machine is).
say() {
	local from=$1 text=$2

	shift 2
	{ printf '%s\n' "$text"; sleep "$LAB_SLOW"; } |
		"$from" timeout $((6 * LAB_SLOW)) ncat -n -w $((4 * LAB_SLOW)) "$@" 2>&1
}

# basic_servers: web and our own resolver; all_servers: everything there is.
# Without them the script has failed and ends.
basic_servers() {
	if ! start_web || ! start_dns resolver "$NS_SERVER" "$RESOLVER4" "$RESOLVER6"; then
		not_ok servers "a server of the lab does not come up"
		finish
	fi
}

all_servers() {
	basic_servers
	if ! start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" || ! start_proxies ||
		! start_ssh || ! start_echo || ! start_inside; then
		not_ok servers "a server of the lab does not come up"
		finish
	fi
}
