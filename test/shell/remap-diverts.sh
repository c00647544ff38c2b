#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is sent to the original goes where the table of the upper says: with a table over another disk the
# original keeps its content while attached, and has it back afterwards. That the upper is used cannot be
# seen more clearly. Everything in this suite that counts on it rests on this.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

for dev in "$PART1" "$PART2"; do
	rawio write "$dev" 0 2048 10
done
mk_upper low "$PART1"
mk_dm up "0 $(sectors "$PART1") linear $DISK2 0"
rawio write "$DISK2" 0 2048 20

dmsetup remap start "$(dm up)" "$PART1"
rawio check "$PART1" 0 2048 20
rawio check "$(dmdev low)" 0 2048 10
rawio check "$PART2" 0 2048 10
rawio write "$PART1" 1024 1024 30
rawio check "$(dmdev low)" 0 2048 10
dmsetup remap stop "$(dm up)"

rawio check "$PART1" 0 2048 10
rawio check "$DISK2" 0 1024 20
rawio check "$DISK2" 1024 1024 30
