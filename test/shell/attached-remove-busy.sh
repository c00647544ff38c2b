#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An attached upper is in use: remove is EBUSY and changes nothing. A deferred removal happens at stop.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
(( $(open_count up) >= 1 )) || fail "open count $(open_count up)"
before=$(state)
fails '[Bb]usy' "$REAL_DMSETUP" remove "$(dm up)"
equal "$(state)" "$before"
rawio write "$PART1" 0 128 1
equal "$(counter up writes)" 1
dmsetup remap stop "$(dm up)"
equal "$(open_count up)" 0
dmsetup remove "$(dm up)"

mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
dmsetup remove --deferred "$(dm up)"
attached up
rawio check "$PART1" 0 128 1
equal "$(counter up reads)" 1
dmsetup remap stop "$(dm up)"
gone() {
	! "$REAL_DMSETUP" info "$(dm up)" > /dev/null 2>&1
}
wait_for 10 gone
rawio check "$PART1" 0 128 1
equal "$(in_use_by "$PART1")" ""
