#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A snapshot that overflows, under writers on the mounted origin, which is a filter: the live file system does not
# notice, not even late, bios that wait for a copy go on, and everything comes apart afterwards.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 64M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
mk_dm cow "0 2048 linear $DISK3 0"
mk_dm up "0 $size snapshot-origin $SMALL noexcl"
start_writers a
is_gone() {
	[[ $(target_says "$1") =~ ^(Invalid|Overflow)$ ]]
}
for kind in "N 8" "P 16" "PO 32" "P 512"; do
	echo "kind: $kind"
	dd if=/dev/zero of="$(dmdev cow)" bs=4k count=8 oflag=direct status=none
	mk_dm snap "0 $size snapshot $SMALL $(dmdev cow) $kind noexcl:$SMALL"
	# another one beside it has room, and stays right
	mk_dm room "0 $size snapshot $SMALL $PART1 N 64 noexcl:$SMALL"
	dmsetup filter start "$(dm up)" "$SMALL"
	sum=$(md5_of "$(dmdev room)")
	wait_for 60 is_gone snap
	more_ops 100
	fails . dd if="$(dmdev snap)" of=/dev/null bs=1M iflag=direct status=none
	equal "$(md5_of "$(dmdev room)")" "$sum" "the other snapshot has changed"
	attached up || fail "detached by an overflow"
	dmsetup remove "$(dm snap)"
	more_ops 30
	dmsetup filter stop "$(dm up)"
	dmsetup remove "$(dm room)"
	more_ops 30
done
stop_writers
dmsetup remove "$(dm up)"
check_fs "$SMALL" a
