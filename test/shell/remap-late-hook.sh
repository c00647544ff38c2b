#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bios that were submitted before start and are parked behind the early hook, in a throttle queue here, are
# caught by the late hook: none reaches the original once start has returned. The upper is over another
# disk, so one that does is seen in the content. With the late hook switched off the same
# check must find one: run by remap-late-hook-disabled.sh.
# timeout: 300
# kernel: patched
# native: with the module start refuses an original that a cgroup limits
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

throttled_round "" 0
(( LATE >= THREADS / 2 )) || fail "only $LATE bios were caught late: nothing was parked, this proves nothing"
[[ $PAST_ATTACH == 0 ]] || fail "writes have reached the original past the attach"
