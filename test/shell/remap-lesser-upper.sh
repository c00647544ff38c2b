#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An upper that lacks what the original has learnt its users to expect: discard is the hint that it is and
# succeeds, zeroout falls back to writing zeroes, a file system mounted with -o discard and fstrim go on.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a -O ^has_journal
unmount a
mnt "$PART1" a discard
[[ $(cat "/sys/block/$(basename "$DISK1")/queue/discard_max_bytes") != 0 ]] || broken "the disk cannot discard"
mk_dm up "0 $(sectors "$PART1") snapshot-origin $PART1 noexcl"
equal "$(cat "/sys/block/$(dm_node up)/queue/discard_max_bytes")" 0 "discard of snapshot-origin"
dmsetup remap start "$(dm up)" "$PART1"
dd if=/dev/urandom of="$TESTDIR/a/file" bs=1M count=16 conv=fsync status=none
rm "$TESTDIR/a/file"
sync -f "$TESTDIR/a"
fstrim "$TESTDIR/a"
dd if=/dev/urandom of="$TESTDIR/a/keep" bs=1M count=4 conv=fsync status=none
sum=$(md5sum < "$TESTDIR/a/keep")
dmsetup remap stop "$(dm up)"
drop_caches
equal "$(md5sum < "$TESTDIR/a/keep")" "$sum"
unmount a
fsck_ok "$PART1"

dmsetup remap start "$(dm up)" "$PART1"
rawio write "$PART1" 4096 1024 1
rawio discard "$PART1" 4096 128
rawio zeroout "$PART1" 4608 256
rawio zero "$PART1" 4608 256
rawio check "$PART1" 4096 1024 1 2> /dev/null && fail "zeroout has done nothing"
dmsetup remap stop "$(dm up)"
rawio zero "$PART1" 4608 256
