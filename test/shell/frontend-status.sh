#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# status lists what is attached, with names and numbers, one line each, nothing when nothing is; -v tells each
# step on stderr and changes nothing else.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

quiet dmsetup remap status
mk_upper up "$PART1"
mk_upper other "$PART2"
quiet dmsetup remap status
equal "$(dmsetup remap status "$(dm up)")" "$(dm up): not attached"
dmsetup -v remap start "$(dm up)" "$PART1" > "$TESTDIR/out" 2> "$TESTDIR/err"
equal "$(cat "$TESTDIR/out")" ""
grep -qF "@interpose_start remap $(devno "$PART1")" "$TESTDIR/err" || fail "-v does not tell the message"
rawio write "$PART1" 0 128 1
want="$(dm up): remap $(devno "$PART1") ($(basename "$PART1")) reads 0 sectors 0 writes 1 sectors 128 held 0 flags -"
equal "$(dmsetup remap status)" "$want"
equal "$(dmsetup remap status "$(dm up)")" "$want"
equal "$(dmsetup remap status "$(dm up)" "$(dm other)")" "$want"$'\n'"$(dm other): not attached"
dmsetup remap start --nolockfs "$(dm other)" "$PART2"
equal "$(dmsetup remap status | wc -l)" 2
dmsetup remap status | grep -q "^$(dm other): .* flags nolockfs\$"
# stop of several: each is tried
fail_with "$(dm up)-not: no such dm device" dmsetup remap stop "$(dm up)" "$(dm up)-not" "$(dm other)"
not attached up
not attached other
