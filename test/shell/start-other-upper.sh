#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One slot per device: a start of another upper on an attached original is EBUSY with its sentence. After
# stop the other one can be started.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
mk_upper other "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
refused "$PART1: $(dm up) is already attached to it" dmsetup remap start "$(dm other)" "$PART1"
fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm other)" 0 @interpose_start remap "$(devno "$PART1")"
rawio write "$PART1" 0 128 1
equal "$(counter up writes)" 1
equal "$(upper_writes other)" 0 "writes through the refused upper"
dmsetup remap stop "$(dm up)"
dmsetup remap start "$(dm other)" "$PART1"
rawio check "$PART1" 0 128 1
equal "$(counter other reads)" 1
dmsetup remap stop "$(dm other)"
