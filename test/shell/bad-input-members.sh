#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An original that is part of something larger is refused by the tool, with a sentence that says of what.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

no_label() {
	dd if=/dev/zero of="$PART1" bs=1M count=2 oflag=direct status=none
	blockdev --flushbufs "$PART1"
}
at_end() {
	# the next test has this partition, too
	no_label
}

# the label of a physical volume, with its check sum
no_label
{
	printf 'LABELONE\1\0\0\0\0\0\0\0\213\253\030\0\40\0\0\0LVM2 001'
	printf 'A%.0s' {1..32}
} | dd of="$PART1" bs=512 seek=1 conv=notrunc,fsync status=none
equal "$(blkid -p -o value -s TYPE "$PART1")" LVM2_member "the label that this test writes"
mk_upper up "$PART1"
refused "$PART1: is a physical volume of LVM" dmsetup remap start "$(dm up)" "$PART1"
no_label
dmsetup remap start "$(dm up)" "$PART1"
dmsetup remap stop "$(dm up)"
