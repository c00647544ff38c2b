#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An attached upper can be renamed; it is found by its new name, its attachment goes on, and stop works by
# name, by path, by dm-N and by number.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
rawio write "$PART1" 0 128 1
dmsetup rename "$(dm up)" "$(dm new)"
attached new
equal "$(counter new writes)" 1
rawio write "$PART1" 0 128 2
equal "$(counter new writes)" 2
dmsetup remap status "$(dm new)" | grep -F "$(dm new)"
fail_with "$(dm up).*no such dm device" dmsetup remap stop "$(dm up)"
attached new
quiet dmsetup remap stop "$(dm new)"
dmsetup rename "$(dm new)" "$(dm up)"

minor=$("$REAL_DMSETUP" info -c --noheadings -o minor "$(dm up)")
for name in "$(dm up)" "$(dmdev up)" "/dev/dm-$minor"; do
	quiet dmsetup remap start "$name" "$PART1"
	attached up
	quiet dmsetup remap stop "$name"
	not attached up
done
# the original by number as well
quiet dmsetup remap start "$(dm up)" "$(devno "$PART1")"
equal "$(counter up original)" "$(devno "$PART1")"
quiet dmsetup remap stop "$(dm up)"
