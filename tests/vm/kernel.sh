#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Get the stock Debian kernel into a cache folder (nothing is installed) and
# print the folder.  Once there, no network is needed.
#
# usage: kernel.sh        environment: FWAGENT_CACHE, else /var/cache/fwagent,
#                         else build/vm
set -u

cd "$(dirname "$0")/../.." || exit 2
if [ -n "${FWAGENT_CACHE:-}" ]; then
	cache=$FWAGENT_CACHE
elif [ -w /var/cache ] && [ "$(id -u)" -eq 0 ]; then
	cache=/var/cache/fwagent
else
	cache=$PWD/build/vm
fi
mkdir -p "$cache" || exit 1

newest() {
	find "$cache" -maxdepth 1 -type d -name 'linux-image-*-amd64' 2>/dev/null | sort -V | tail -n 1
}

have=$(newest)
if [ -n "$have" ]; then
	echo "$have"
	exit 0
fi

stock_kernel() {
	apt-cache depends linux-image-amd64 2>/dev/null |
	sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*-amd64\)$/\1/p' | head -n 1
}

package=$(stock_kernel)
if [ -z "$package" ] && [ "$(id -u)" -eq 0 ]; then
	apt-get update -q >&2 </dev/null
	package=$(stock_kernel)
fi
if [ -z "$package" ]; then
	echo "kernel.sh: linux-image-amd64 is not known here (apt-get update?)" >&2
	exit 1
fi
echo "kernel.sh: fetching $package (about 70 MB, once)" >&2
work=$(mktemp -d "$cache/fetch.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(cd "$work" && apt-get download -q "$package") >&2 </dev/null || exit 1
mkdir "$work/root"
dpkg-deb -x "$work"/linux-image-*.deb "$work/root" || exit 1
release=${package#linux-image-}
depmod -b "$work/root" "$release" || exit 1
# two that fetch at once: the first one wins
mv -T "$work/root" "$cache/$package" 2>/dev/null
newest
