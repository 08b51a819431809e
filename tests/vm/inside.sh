#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The first program inside the VM, on the shared read-only root.
# usage: inside.sh KERNEL_FOLDER BUILD_FOLDER SCRIPT...
set -u

export LAB_SLOW=4
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
tree=$(cd "$(dirname "$0")/../.." && pwd)
kernel=$1
build=$2
shift 2

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
# the tree may lie below /tmp, which is laid over next
mkdir -p /run/fw/tree /run/fw/kernel
mount --bind "$tree" /run/fw/tree
mount --bind "$kernel" /run/fw/kernel
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /var/log 2>/dev/null
ip link set lo up
cd /run/fw/tree || echo "@fw not ok boot: no tree inside"

# What the agent says to a kernel that lacks something, while it still does.
"$tree/tests/vm/bare-kernel.sh" "$build" /run/fw/kernel </dev/null 2>&1 |
	sed 's/^\(ok\|not ok\|SKIP\) /@fw \1 bare-kernel\//; t; s/^/@fw   /'

for module in veth nf_conntrack nf_conntrack_netlink nf_defrag_ipv6 nf_tables \
	nft_ct nft_queue nft_reject_inet nft_log nft_limit nft_compat nft_objref \
	nf_nat nft_chain_nat nft_nat nft_masq nft_redir nft_connlimit nft_socket \
	nft_fib nft_fib_ipv4 nft_fib_ipv6 nft_fib_inet nft_numgen nft_flow_offload nf_flow_table nf_flow_table_inet \
	nfnetlink_queue nfnetlink_log nf_log_syslog xt_NFQUEUE xt_mark; do
	modprobe -d /run/fw/kernel "$module" 2>/dev/null
done

for script; do
	name=$(basename "$script" .sh)
	B=$build timeout -k 10 240 "tests/functional/$script" "$build" </dev/null 2>&1 |
	while IFS= read -r line; do
		case $line in
		"ok "*) echo "@fw ok $name/${line#ok }" ;;
		"not ok "*) echo "@fw not ok $name/${line#not ok }" ;;
		"SKIP "*) echo "@fw SKIP $name/${line#SKIP }" ;;
		*) echo "@fw   $line" ;;
		esac
	done
	status=${PIPESTATUS[0]}
	case $status in
	0 | 1 | 77) ;;
	*) echo "@fw not ok $name: exit status $status" ;;
	esac
done
echo "@end"
sync
echo o >/proc/sysrq-trigger
sleep 60
