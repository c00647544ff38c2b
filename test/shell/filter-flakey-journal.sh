#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ext4 over a flakey filter that drops writes is what it is over a device that dies: after umount, stop and mount
# the journal is replayed, the file system is whole, and all that had been synced and acknowledged is there.
# timeout: 180
# kernel: patched
# native: filters
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
size1=$(sectors "$PART1") size2=$(sectors "$PART2")
mk_dm data "0 $size1 flakey $PART1 0 0 1000 1 drop_writes noexcl"
mk_dm log "0 $size2 flakey $PART2 0 0 1000 1 drop_writes noexcl"
for round in 1 2 3; do
	echo "round $round"
	dd if=/dev/zero of="$PART2" bs=1M count=1 oflag=direct status=none
	rm -rf "${TESTDIR:?}/a/"*
	start_writers a -a "$PART2"
	more_ops 300
	# the acknowledgements stop first: what they say was on the medium by then. No freeze: it would
	# leave nothing to replay.
	dmsetup filter start --nolockfs "$(dm log)" "$PART2"
	dmsetup filter start --nolockfs "$(dm data)" "$PART1"
	more_ops 200
	(( $(counter data writes) > 0 )) || fail "nothing was dropped"
	# they read back what was dropped, and complain
	end_bg "$WRITERS" > /dev/null 2>&1 || :
	umount "$TESTDIR/a"
	blockdev --flushbufs "$PART1"
	dmsetup filter stop "$(dm data)"
	dmsetup filter stop "$(dm log)"
	log_mark
	mnt "$PART1" a
	log_since 'recovery complete' || fail "there was no journal to replay: this test proves nothing"
	iowrite -A "$PART2" "$TESTDIR/a"
	unmount a
	fsck_ok "$PART1"
	mnt "$PART1" a
done
# and it works on
rm -rf "${TESTDIR:?}/a/"*
start_writers a
more_ops 100
stop_writers
check_fs "$PART1" a
