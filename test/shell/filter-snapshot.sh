#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A snapshot of a mounted partition whose origin is a filter, for chunks of 4 KiB to 1 MiB (CHUNKS, in sectors), taken
# under load by start and by suspend, create and resume: its content is the state of that instant for two processes
# that write in a known order, its sum stays the same while the live file system changes, and fsck of it is clean
# without a replay.
# timeout: 480
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 48M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
start_writers a -n 4 -b 128
start_order "$TESTDIR/a/A" "$TESTDIR/a/B"

# the snapshot is there; it is of the time when order had the number $1
check_snapshot() {
	local sum newest at_start=$1
	blockdev --flushbufs "$(dmdev snap)"
	sum=$(md5_of "$(dmdev snap)")
	more_ops 150
	wait_for 60 at_least order $(( at_start + 6 ))
	equal "$(md5_of "$(dmdev snap)")" "$sum" "the snapshot has changed"
	[[ $(md5_of "$SMALL") != "$sum" ]] || fail "the live device does not change, this test proves nothing"
	fsck_clean "$(dmdev snap)"
	mnt "$(dmdev snap)" s ro
	order check "$TESTDIR/s/A" "$TESTDIR/s/B" > "$TESTDIR/checked" || fail "the snapshot is not of one instant"
	newest=$(cut -d' ' -f1 "$TESTDIR/checked")
	(( newest <= at_start + 2 )) || fail "the snapshot has $newest, it was taken at $at_start"
	unmount s
	equal "$(md5_of "$(dmdev snap)")" "$sum" "the snapshot has changed"
	target_says snap
}

for chunk in ${CHUNKS:-8 128 2048}; do
	echo "chunks of $chunk sectors"
	mk_dm snap "0 $size snapshot $SMALL $DISK3 N $chunk noexcl:$SMALL"
	mk_dm up "0 $size snapshot-origin $SMALL noexcl"
	dmsetup filter start "$(dm up)" "$SMALL"
	check_snapshot "$(count_in order)"
	# gone, and a new one while the origin stays attached
	dmsetup suspend "$(dm up)"
	dmsetup remove "$(dm snap)"
	mk_dm snap "0 $size snapshot $SMALL $DISK3 N $chunk noexcl:$SMALL"
	at=$(count_in order)
	dmsetup resume "$(dm up)"
	check_snapshot "$at"
	dmsetup filter stop "$(dm up)"
	dmsetup remove "$(dm snap)"
	dmsetup remove "$(dm up)"
done
stop_order
order check "$TESTDIR/a/A" "$TESTDIR/a/B"
stop_writers
check_fs "$SMALL" a
