#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The virtual machine has what the other tests take for granted: device-mapper with the targets, the
# disks and partitions, the file systems, and a vocabulary whose negative forms do fail.
# timeout: 60
# kernel: base
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

for v in PART1 PART2 PART3 DISK1 DISK2 DISK3 NVME NVME_PI; do
	[[ -b ${!v} ]] || broken "$v is no block device: ${!v:-unset}"
done
(( $(nproc) >= 2 )) || broken "one processor only"
have_driver 4 40 || broken "device-mapper is too old"
for t in linear striped error zero snapshot snapshot-origin mirror raid thin thin-pool cache writecache \
		era clone crypt integrity verity delay flakey dust log-writes unstriped switch; do
	dmsetup targets | grep "^$t " > /dev/null || broken "no target $t"
done

# Linux 6.1 knows of none
[[ ! -e /sys/block/$(basename "$NVME")/queue/atomic_write_unit_min_bytes ]] || kernel_is atomic ||
	broken "$NVME has no atomic writes"

mk_linear lin "$PART1"
equal "$(sectors "$(dmdev lin)")" "$(sectors "$PART1")"
equal "$(open_count lin)" 0
mk_ext4 "$(dmdev lin)" a
equal "$(open_count lin)" 1
echo content > "$TESTDIR/a/file"
drop_caches
equal "$(cat "$TESTDIR/a/file")" content
fails 'busy|Device or resource busy' "$REAL_DMSETUP" remove "$(dm lin)"
unmount a
fsck_ok "$(dmdev lin)"
dmsetup remove "$(dm lin)"
mk_loop 64M
mk_ext4 "$LOOP" b
mk_null_blk n size=64
equal "$(sectors "$NULLB")" 131072
mk_scsi_debug
equal "$(sectors "$SCSI_DISK")" 131072

# the vocabulary tells good from bad
(fail on purpose) 2> /dev/null && exit 1
(not true) 2> /dev/null && exit 1
(equal a b) 2> /dev/null && exit 1
(fails . true) 2> /dev/null && exit 1
(fails 'another reason' false) 2> /dev/null && exit 1
(wait_for 0 false) 2> /dev/null && exit 1
not false
