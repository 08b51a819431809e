#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The first program inside the VM, twice: `before` leaves a policy to be
# confirmed, and panic on, and takes the power away; `after` must find the
# confirmed one, and panic.
# usage: restart-inside.sh KERNEL_FOLDER BUILD_FOLDER before|after
set -u

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
tree=$(cd "$(dirname "$0")/../.." && pwd)
kernel=$1
build=$2
stage=$3

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
mkdir -p /run/fw/tree /run/fw/kernel /run/fw/share /run/fw/run /run/fw/log
mount --bind "$tree" /run/fw/tree
mount --bind "$kernel" /run/fw/kernel
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none fwshare /run/fw/share
cd /run/fw/tree || echo "@fw not ok restart-$stage: no tree inside"
for module in dummy nf_conntrack nf_conntrack_netlink nf_defrag_ipv6 nf_tables nft_ct \
	nft_queue nft_reject_inet nft_log nft_limit nft_objref nfnetlink_queue \
	nfnetlink_log nf_log_syslog; do
	modprobe -d /run/fw/kernel "$module" 2>/dev/null
done
state=/run/fw/share/state
mkdir -p "$state"

ok() {
	echo "@fw ok restart-$stage-$1"
}

not_ok() {
	echo "@fw not ok restart-$stage-$1: $2"
}

check() {
	local name=$1 why=$2

	shift 2
	if "$@" >/dev/null 2>&1; then
		ok "$name"
	else
		not_ok "$name" "$why"
	fi
}

policy() {
	cat >"/tmp/$1.conf" <<-END
		version = 1;
		gateway: { name = "$1"; };
		zones: { lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; }; };
		egress: ( { name = "rule of $1"; from = "lan"; to = "192.0.2.0/24"; service = "tcp/80"; action = "allow"; } );
	END
}

fwctl() {
	"$build/fwctl" --socket /run/fw/run/control.sock "$@"
}

start() {
	"$build/fwagentd" --state-dir "$state" --run-dir /run/fw/run --log-dir /run/fw/log \
		>/run/fw/daemon 2>&1 &
	for _ in $(seq 100); do
		fwctl status >/dev/null 2>&1 && return
		sleep 0.2
	done
	not_ok start "$(tail -n 1 /run/fw/daemon)"
}

loaded() {
	nft list table inet fwagent 2>/dev/null | grep -o 'rule of [a-z]*' | sort -u
}

if [ "$stage" = before ]; then
	policy one
	policy two
	start
	check apply "refused" fwctl apply /tmp/one.conf
	check pending "refused" fwctl apply --confirm 1h /tmp/two.conf
	check pending-is-loaded "$(loaded)" test "$(loaded)" = "rule of two"
	check panic-on "refused" fwctl panic on
	echo "@end"
	sleep 1
	echo b >/proc/sysrq-trigger # as if the power went: nothing is written any more
else
	check nothing-yet "$(nft list tables)" test -z "$(nft list tables)"
	"$build/fwagentd" --boot --state-dir "$state" >/run/fw/boot 2>&1
	check boot-unit-loads-the-confirmed "$(cat /run/fw/boot)" test "$(loaded)" = "rule of one"
	check boot-unit-drops-by-default "no drop" grep -q 'policy drop' <(nft list table inet fwagent)
	check boot-unit-panics "$(nft list tables)" grep -q fwagent_panic <(nft list tables)
	start
	check daemon-knows-of-panic "$(fwctl status)" grep -q '^PANIC ' <(fwctl status)
	check panic-stands-with-daemon "$(nft list tables)" grep -q fwagent_panic <(nft list tables)
	check panic-off "refused" fwctl panic off
	check panic-is-gone "$(nft list tables)" test -z "$(nft list tables | grep panic)"
	check daemon-says-why "$(cat /run/fw/daemon)" grep -q "not confirmed before the restart of the system" /run/fw/daemon
	check daemon-keeps-the-confirmed "$(loaded)" test "$(loaded)" = "rule of one"
	check history-says-rolled-back "$(fwctl history)" grep -q "2 .*rolled back" <(fwctl history)
	check nothing-is-pending "$(fwctl status)" test -z "$(fwctl status | grep PENDING)"
	echo "@end"
	sync
	echo o >/proc/sysrq-trigger
fi
sleep 60
