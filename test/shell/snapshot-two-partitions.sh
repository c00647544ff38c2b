#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two partitions attached by one start: one instant for both. A process writes n to one file system, then
# another writes n to the other one; the two snapshots never show the second without the first, nor more
# than one in between. Attached one after the other they do: so the check can tell.
# timeout: 600
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUNDS:=3}"

mk_ext4 "$PART1" a
mk_ext4 "$PART2" b
start_writers a
start_order "$TESTDIR/a/A" "$TESTDIR/b/B"

build() {
	mk_dm snap1 "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
	mk_dm snap2 "0 $(sectors "$PART2") snapshot $PART2 $DISK3 N 8 noexcl:$PART2"
	mk_dm up1 "0 $(sectors "$PART1") snapshot-origin $PART1 noexcl"
	mk_dm up2 "0 $(sectors "$PART2") snapshot-origin $PART2 noexcl"
}

# sets RC: 0 when the two snapshots are of one instant
look() {
	RC=0
	for n in 1 2; do
		blockdev --flushbufs "$(dmdev snap$n)"
		fsck_clean "$(dmdev snap$n)"
		mnt "$(dmdev snap$n)" s$n ro
	done
	order check "$TESTDIR/s1/A" "$TESTDIR/s2/B" || RC=$?
	unmount s1
	unmount s2
}

clear_away() {
	dmsetup remap stop "$(dm up1)" "$(dm up2)"
	not attached up1
	not attached up2
	for n in snap1 snap2 up1 up2; do
		dmsetup remove "$(dm $n)"
	done
}

for (( i = 1; i <= ROUNDS; i++ )); do
	build
	quiet dmsetup remap start "$(dm up1)" "$PART1" "$(dm up2)" "$PART2"
	attached up1
	attached up2
	look
	equal "$RC" 0 "round $i: not one instant"
	clear_away
done

build
dmsetup remap start "$(dm up1)" "$PART1"
wait_for 60 at_least order $(( $(count_in order) + 5 ))
dmsetup remap start "$(dm up2)" "$PART2"
look
equal "$RC" 1 "attached one after the other, and still one instant: the check is blind"
clear_away

stop_order
stop_writers
check_fs "$PART1" a
unmount b
fsck_ok "$PART2"
