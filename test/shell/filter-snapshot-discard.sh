#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Discards to a snapshot-origin that is a filter: while there is a snapshot they complete and are not done, so that
# nothing is lost that the snapshot needs; when there is none they pass. Write zeroes are writes.
# timeout: 120
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 64M
size=$(sectors "$SMALL")
mk_upper low "$SMALL"
(( $(cat "/sys/class/block/$(basename "$DISK2")/queue/discard_max_bytes") )) || broken "a disk without discard"

mk_dm up "0 $size snapshot-origin $SMALL noexcl"
rawio write "$SMALL" 0 4096 1
dmsetup filter start "$(dm up)" "$SMALL"
# passed: this disk then reads as zeroes
rawio discard "$SMALL" 0 1024
rawio zero "$SMALL" 0 1024
equal "$(counter up writes)" 1

rawio write "$SMALL" 0 4096 1
dmsetup suspend "$(dm up)"
mk_dm snap "0 $size snapshot $SMALL $DISK3 N 8 noexcl:$SMALL"
dmsetup resume "$(dm up)"
before=$(counter up writes)
rawio discard "$SMALL" 0 4096
(( $(counter up writes) > before )) || fail "the discard was not seen"
rawio check "$SMALL" 0 4096 1
rawio check "$(dmdev low)" 0 4096 1
rawio check "$(dmdev snap)" 0 4096 1
rawio zeroout "$SMALL" 1024 1024
rawio zero "$SMALL" 1024 1024
rawio check "$(dmdev snap)" 0 4096 1
# discarded after it was copied: still not done
rawio write "$SMALL" 0 4096 2
rawio discard "$SMALL" 0 4096
rawio check "$SMALL" 0 4096 2
rawio check "$(dmdev snap)" 0 4096 1
dmsetup suspend "$(dm up)"
dmsetup remove "$(dm snap)"
dmsetup resume "$(dm up)"
rawio discard "$SMALL" 0 4096
rawio zero "$SMALL" 0 4096
dmsetup filter stop "$(dm up)"

# a file system that discards
mkfs.ext4 -q -F -b 4096 "$SMALL"
mnt "$SMALL" a discard
start_writers a -n 4 -b 128
dd if=/dev/urandom of="$TESTDIR/a/removed" bs=1M count=8 conv=fsync status=none
mk_dm snap "0 $size snapshot $SMALL $DISK3 N 32 noexcl:$SMALL"
dmsetup filter start "$(dm up)" "$SMALL"
sum=$(md5_of "$(dmdev snap)")
rm "$TESTDIR/a/removed"
sync
fstrim "$TESTDIR/a"
more_ops 100
equal "$(md5_of "$(dmdev snap)")" "$sum" "the snapshot after a trim"
dmsetup filter stop "$(dm up)"
stop_writers
dmsetup remove "$(dm snap)"
dmsetup remove "$(dm up)"
check_fs "$SMALL" a
