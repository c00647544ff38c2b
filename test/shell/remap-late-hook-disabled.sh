#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The check of remap-late-hook.sh is not blind: with the late hook switched off it finds writes that reach
# the original past the attach.
# timeout: 300
# kernel: patched
# native: with the module start refuses an original that a cgroup limits
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

knob=/sys/kernel/debug/block_interposer/late_disable
[[ -w $knob ]] || fail "no $knob: is CONFIG_BLK_INTERPOSE_DEBUG off?"
throttled_round "$knob" 1
[[ $PAST_ATTACH == 1 ]] || fail "without the late hook all is well: the check is blind"
