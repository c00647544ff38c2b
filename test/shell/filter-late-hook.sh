#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bios that were submitted before start and are parked behind the early hook, in a throttle queue here, are shown to
# the filter by the late hook: it drops all writes, and none reaches the original once start has returned.
# timeout: 300
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

throttled_round "" 0 filter "flakey $DISK2 0 0 1000 1 drop_writes noexcl"
(( LATE >= THREADS / 2 )) || fail "only $LATE bios were caught late: nothing was parked, this proves nothing"
[[ $PAST_ATTACH == 0 ]] || fail "writes have reached the original past the filter"
