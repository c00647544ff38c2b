#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One life of the machine of crash.test: what the last one left must be a plain device with a file
# system that recovers and holds all that had been synced; then start and stop until the power goes.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUND:=1}" "${LAST:=}"

# no state of ours has survived
compgen -G "/sys/block/dm-*" && fail "there are dm devices after a boot"
[[ -z $(find -L /sys/block/vd*/holders /sys/block/vd*/vd*/holders -mindepth 1 -maxdepth 1) ]] ||
	fail "a disk has a holder after a boot"
equal "$(lsblk -nro TYPE "$DISK1" | sort -u | paste -sd' ')" "disk part"

if (( ROUND == 1 )); then
	mkfs.ext4 -q -F -b 4096 "$PART1" < /dev/null
	mnt "$PART1" a
else
	mnt "$PART1" a
	log_mark
	iowrite -A "$DISK2" "$TESTDIR/a"
	unmount a
	fsck_clean "$PART1"
	mnt "$PART1" a
fi
[[ -z $LAST ]] || exit 0

dd if=/dev/zero of="$DISK2" bs=1M count=2 oflag=direct status=none
mk_upper up "$PART1"
start_writers a -b 64 -a "$DISK2"
echo cycling
while :; do
	dmsetup remap start "$(dm up)" "$PART1"
	random 100
	sleep "0.$(printf %03d "$R")"
	dmsetup remap stop "$(dm up)"
done
