#!/bin/sh
# SPDX-License-Identifier: MIT
# The first process of a node: makes its mounts while it still sees the host's files, says that it is ready, and waits
# for the end of its standard input.  As the parent of orphans it must reap them: SIGCHLD is ignored for that.
set -eu
read -r pid rest < /proc/self/stat          # as the host numbers it: /proc is still the host's
aside=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=2g tmpfs "$aside"
cd "$aside"                                  # it may be hidden itself, soon
for hidden in $HIDDEN; do mkdir -m 1777 ".$hidden"; done
while [ $# -gt 0 ]; do                       # what must stay visible: <ro|rw> <path>
    mkdir -p ".$2"
    mount --bind "$2" ".$2"
    [ "$1" = rw ] || mount -o remount,bind,ro ".$2"
    shift 2
done
mount --bind "$HOSTS" /etc/hosts
mount --bind /dev/null /etc/resolv.conf      # nobody answers, and nobody is waited for
mount -o remount,bind,ro /
for hidden in $HIDDEN; do mount --no-canonicalize --rbind ".$hidden" "$hidden"; done
cd /
mount -t tmpfs tmpfs /dev/shm
mount -t proc proc /proc
hostname "$NAME"
ip link set lo up
echo "ready $pid"
exec env --ignore-signal=CHLD cat > /dev/null
