#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Names that are no devices, or not of the kind that is needed: each its own sentence, a non-zero exit, and
# nothing has changed.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
touch "$TESTDIR/file"
mkdir "$TESTDIR/dir"
mkfifo "$TESTDIR/fifo"
up=$(dm up)

# --- the original
refused "remap start: /dev/nonsense: no such file or device" dmsetup remap start "$up" /dev/nonsense
refused "remap start: $(basename "$PART1"): no such file: do you mean $PART1\?" \
	dmsetup remap start "$up" "$(basename "$PART1")"
refused "$TESTDIR/file: is a regular file, not a block device" dmsetup remap start "$up" "$TESTDIR/file"
refused "$TESTDIR/dir: is a directory, not a block device" dmsetup remap start "$up" "$TESTDIR/dir"
refused "$TESTDIR/fifo: is not a block device" dmsetup remap start "$up" "$TESTDIR/fifo"
refused "/dev/null: is a character device, not a block device" dmsetup remap start "$up" /dev/null
refused "$TESTDIR/file/x: cannot be reached: Not a directory|$TESTDIR/file/x: no such file" \
	dmsetup remap start "$up" "$TESTDIR/file/x"
refused "remap start: 4095:1: there is no block device with the number 4095:1" \
	dmsetup remap start "$up" 4095:1
refused "''" dmsetup remap start "$up" ''
refused "$up: is its own original" dmsetup remap start "$up" "$(dmdev up)"
refused "$up: is its own original" dmsetup remap start "$up" "$(devno "$(dmdev up)")"

# --- the upper
refused "remap start: $up-not: no such dm device" dmsetup remap start "$up-not" "$PART1"
refused "/dev/mapper/$up-not: no such dm device" dmsetup remap start "/dev/mapper/$up-not" "$PART1"
refused "$PART2: is a block device, but not one of device-mapper's" dmsetup remap start "$PART2" "$PART1"
refused "$TESTDIR/file: is a regular file, not a block device" dmsetup remap start "$TESTDIR/file" "$PART1"
refused "''" dmsetup remap start '' "$PART1"
refused "$up-not: no such dm device" dmsetup remap stop "$up-not"
refused "$PART1: is a block device, but not one of device-mapper's" dmsetup remap stop "$PART1"
refused "$up: is not attached" dmsetup remap stop "$up"
refused "$up-not: no such dm device" dmsetup remap status "$up-not"

# --- the command line
refused "needs <dm_device> <block_device>" dmsetup remap start
refused "needs <dm_device> <block_device>" dmsetup remap start "$up"
refused "is alone" dmsetup remap start "$up" "$PART1" "$up"
refused "needs <dm_device>" dmsetup remap stop
refused "unknown command 'nonsense'" dmsetup remap nonsense
refused "a command is missing" dmsetup remap
refused "unknown option '--nonsense'" dmsetup remap start --nonsense "$up" "$PART1"
refused "takes no --nolockfs" dmsetup remap status --nolockfs
for c in start stop nonsense; do
	not dmsetup remap $c 2> "$TESTDIR/err"
	grep -q "^Try '" "$TESTDIR/err" || fail "no hint at --help: remap $c"
done

# hostile names reach neither the terminal nor the kernel's parser
refused "no such" dmsetup remap start "$up" $'/dev/\e[31mred'
! grep -q $'\e' "$TESTDIR/.err" || fail "an escape sequence reached the terminal"
refused "no such|File name too long" dmsetup remap start "$up" "$(printf 'x%.0s' {1..5000})"
refused "no such dm device" dmsetup remap start "$(printf 'x%.0s' {1..200})" "$PART1"
refused "no such|there is no" dmsetup remap start "$up" "8:1 nolockfs"
refused "no such|there is no" dmsetup remap start "$up" "99999999999:1"
