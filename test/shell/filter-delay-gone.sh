#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original is unplugged while the filter holds its bios: nothing hangs, what was held ends with an error, and
# stop and remove work. So it is when the upper is suspended while the original goes.
# timeout: 120
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

no_scsi_disk() {
	[[ -z $(scsi_disks) ]]
}

for held_by in delay suspend; do
	mk_scsi_debug
	name=$(basename "$SCSI_DISK")
	size=$(sectors "$SCSI_DISK")
	mk_dm up "0 $size delay $SCSI_DISK 0 30000 noexcl"
	dmsetup filter start "$(dm up)" "$SCSI_DISK"
	[[ $held_by == delay ]] || dmsetup suspend "$(dm up)"
	writers=()
	for (( n = 0; n < 8; n++ )); do
		bg oneio write "$SCSI_DISK" $(( n * 8 ))
		writers+=("$BG")
	done
	wait_for 30 holds_bios up 8
	began=$SECONDS
	within 15 timeout 60 bash -c "echo 1 > /sys/block/$name/device/delete"
	[[ ! -e /sys/block/$name ]] || fail "the disk is still there"
	attached up || fail "the attachment has gone with its original: who stops it?"
	[[ ,$(counter up flags), == *,gone,* ]] || fail "flags: $(counter up flags)"
	[[ $held_by == delay ]] || within 15 dmsetup resume "$(dm up)"
	fails . "$REAL_DMSETUP" remove "$(dm up)"
	within 15 dmsetup filter stop "$(dm up)"
	for p in "${writers[@]}"; do
		not wait "$p"
	done
	(( SECONDS - began < 28 )) || kernel_is debug || fail "they have waited for their delay"
	not attached up
	dmsetup remove "$(dm up)"
	echo -1 > /sys/bus/pseudo/drivers/scsi_debug/add_host
	wait_for 20 no_scsi_disk
done
