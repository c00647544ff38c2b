#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a kernel without the interposer each command says that it is missing and what to do, exits non-zero and
# changes nothing; noexcl is refused by the target.
# timeout: 180
# kernel: unpatched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_zero up "$(sectors "$PART1")"
refused "remap start: $(dm up): this kernel has no interposer" dmsetup remap start "$(dm up)" "$PART1"
refused "remap stop: $(dm up): this kernel has no interposer" dmsetup remap stop "$(dm up)"
refused "this kernel has no interposer" dmsetup remap status "$(dm up)"
before=$(state)
for m in "@interpose_start remap $(devno "$PART1")" @interpose_stop @interpose_status; do
	equal "$(fuzzmsg raw "$(dm up)" 0 "$m" || :)" EINVAL "answer to $m"
done
if echo "0 $(sectors "$PART1") linear $PART1 0 noexcl" |
		dmsetup create "$(dm shared)" 2> "$TESTDIR/out"; then
	fail "an unpatched kernel has taken noexcl"
fi
cat "$TESTDIR/out"
equal "$(state)" "$before"
have_interpose && fail "have_interpose"
have_noexcl && fail "have_noexcl"
# everything else is as always
mk_linear lin "$PART1"
rawio write "$(dmdev lin)" 0 64 1
rawio check "$PART1" 0 64 1
