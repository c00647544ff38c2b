#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original is unplugged under I/O while attached: its I/O fails and does not hang, the upper says that it
# is gone, and stop and remove work.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_scsi_debug
name=$(basename "$SCSI_DISK")
mk_upper up "$SCSI_DISK"
dmsetup remap start "$(dm up)" "$SCSI_DISK"
# a fault that comes back for each write, so that the writers end by themselves
start_hammer "$SCSI_DISK" 4
wait_for 20 at_least hammer 12
echo 1 > "/sys/block/$name/device/delete"
hammer_ended() {
	! kill -0 "$HAMMER" 2> /dev/null
}
wait_for 60 hammer_ended
not wait "$HAMMER"
[[ ! -e /sys/block/$name ]] || fail "the disk is still there"
attached up || fail "the attachment has gone with its original: who stops it?"
[[ ,$(counter up flags), == *,gone,* ]] || fail "flags: $(counter up flags)"
dmsetup remap status "$(dm up)" | grep -F gone
fails . "$REAL_DMSETUP" remove "$(dm up)"
quiet dmsetup remap stop "$(dm up)"
not attached up
dmsetup remove "$(dm up)"
# and never again on a number that nobody has
mk_zero up 131072
refused . dmsetup remap start "$(dm up)" "$SCSI_DISK"
