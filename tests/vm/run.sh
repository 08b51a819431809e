#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Boot the stock Debian kernel under QEMU's software emulation, with this
# machine's root shared read-only, and run a short list of functional scripts
# there: that kernel has nft's own `queue` expression and flowtables.  Their
# result lines come back over the console.
#
# usage: run.sh BUILD_FOLDER [SCRIPT...]     default: the list in tests/vm/scripts
#   VM_INSIDE   the first program inside, in place of tests/vm/inside.sh
#   VM_SHARE    a folder of this machine that the VM may write to (9p tag fwshare)
set -u

cd "$(dirname "$0")/../.." || exit 2
tree=$PWD
B=${1:?usage: run.sh BUILD_FOLDER [SCRIPT...]}
shift
LIMIT=${VM_SECONDS:-600}
inside=${VM_INSIDE:-tests/vm/inside.sh}
share=()
if [ -n "${VM_SHARE:-}" ]; then
	share=(-virtfs "local,path=$VM_SHARE,mount_tag=fwshare,security_model=none")
fi

skip_all() {
	echo "SKIP stock-kernel: $1"
	exit 77
}

[ "$(id -u)" -eq 0 ] || skip_all "needs root (the lab inside reads root's files)"
for tool in qemu-system-x86_64 busybox cpio depmod; do
	command -v "$tool" >/dev/null || skip_all "no $tool here"
done
[ "$(uname -m)" = x86_64 ] || skip_all "only tried on x86_64"
case $tree in *[[:space:]]*) skip_all "the path of this tree has a blank" ;; esac
if [ $# -eq 0 ]; then
	mapfile -t scripts < <(grep -v '^#' tests/vm/scripts)
	set -- "${scripts[@]}"
fi
kernel=$(tests/vm/kernel.sh) || skip_all "the stock kernel package could not be had"
release=${kernel##*/linux-image-}

work=$(mktemp -d) || exit 2
qemu=
cleanup() {
	[ -n "$qemu" ] && kill -KILL "$qemu" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The initial file system: busybox and what it takes to mount the share.
root=$work/root
mkdir -p "$root"/{bin,dev,proc,new,modules}
cp "$(command -v busybox)" "$root/bin/busybox"
for module in 9p 9pnet_virtio virtio_pci; do
	modprobe -d "$kernel" -S "$release" --show-depends "$module"
done | awk '/^insmod/ && !seen[$2]++ { print $2 }' >"$work/modules"
n=100
while read -r path; do
	cp "$path" "$root/modules/$n-$(basename "$path")"
	n=$((n + 1))
done <"$work/modules"
cat >"$root/init" <<END
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
for m in /modules/*; do
	/bin/busybox insmod \$m
done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose fwroot /new
/bin/busybox mount --move /dev /new/dev
/bin/busybox umount /proc
exec /bin/busybox switch_root /new /bin/bash $tree/$inside $kernel $B $*
END
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd" || exit 1

begin=$SECONDS
timeout -k 5 "$LIMIT" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1G \
	-nographic -no-reboot -nic none \
	-kernel "$kernel/boot/vmlinuz-$release" -initrd "$work/initrd" \
	-append "console=ttyS0 quiet panic=-1 mitigations=off" \
	-virtfs local,path=/,mount_tag=fwroot,security_model=none,readonly=on,multidevs=remap \
	"${share[@]}" \
	</dev/null >"$work/console" 2>&1 &
qemu=$!

# Show what was marked as it comes.
shown=0
show() {
	local lines

	lines=$(tr -d '\r' <"$work/console" | sed -n 's/.*@fw //p')
	tail -n +$((shown + 1)) <<<"$lines" | grep .
	shown=$(grep -c . <<<"$lines")
}
while kill -0 "$qemu" 2>/dev/null; do
	sleep 1
	show
done
wait "$qemu"
qemu=
show
if ! tr -d '\r' <"$work/console" | grep -q '@end'; then
	tail -n 30 "$work/console"
	echo "not ok boot: the VM did not come to its end in $((SECONDS - begin)) of $LIMIT s"
	exit 1
fi
echo "ok boot and end (Linux $release, $((SECONDS - begin)) s)"
! tr -d '\r' <"$work/console" | grep -q '@fw not ok'
