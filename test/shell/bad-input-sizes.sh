#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An upper that is not exactly as large as the original: smaller and larger have their own sentence, from the
# tool and their own errno from the kernel.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
mk_dm small "0 $(( size - 1 )) linear $PART1 0 noexcl"
mk_dm large "0 $size linear $PART1 0 noexcl" "$size 1 linear $PART1 0 noexcl"
refused "$(dm small): has $(( size - 1 )) sectors, fewer than the $size of $PART1" \
	dmsetup remap start "$(dm small)" "$PART1"
refused "$(dm large): has $(( size + 1 )) sectors, more than the $size of $PART1" \
	dmsetup remap start "$(dm large)" "$PART1"
for d in small large; do
	before=$(state)
	[[ $d == small ]] && errno=ERANGE || errno=EFBIG
	equal "$(fuzzmsg raw "$(dm $d)" 0 "@interpose_start remap $(devno "$PART1")" || :)" "$errno"
	equal "$(state)" "$before"
done
