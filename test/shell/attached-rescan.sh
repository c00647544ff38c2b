#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# While a partition, or the disk, is attached its partition table cannot be reread, nor the partition be
# deleted or resized: EBUSY. The attachment is not lost. After stop it all works.
# timeout: 180
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
fails '[Bb]usy' blockdev --rereadpt "$DISK1"
[[ -b $PART1 ]] || fail "the partition is gone"
if type -P delpart > /dev/null; then
	fails '[Bb]usy' delpart "$DISK1" 1
fi
rawio write "$PART1" 0 128 1
equal "$(counter up writes)" 1
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART1"
rawio check "$PART1" 0 128 1

mk_upper up "$DISK1"
dmsetup remap start "$(dm up)" "$DISK1"
fails '[Bb]usy' blockdev --rereadpt "$DISK1"
rawio write "$PART1" 0 128 2
equal "$(counter up writes)" 1
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART1"
