#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Random orders of dm commands over two partitions of one disk at once, FUZZ_STEPS each (test/src/fuzzdm.c): what is
# written stays, nothing hangs, and all of it can be taken away at any time. FUZZ_SEED begins another run.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

: "${FUZZ_STEPS:=3000}" "${FUZZ_SEED:=1}"

at_end() {
	echo "$modprobe" > /proc/sys/kernel/modprobe
}

# for a type of target that is not there, a program would be started each time
modprobe=$(< /proc/sys/kernel/modprobe)
echo > /proc/sys/kernel/modprobe
printf ',48M\n,48M\n' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}2"
pids=()
native "filters" || :
for n in 1 2; do
	part=${DISK2}$n
	below=()
	if kernel_is module; then
		mk_below "$part"
		below=("$(shared_dev "$part")")
	fi
	fuzzdm "$PREFIX-$n" $(( FUZZ_SEED + n )) "$FUZZ_STEPS" "$part" "$DISK2" \
		"$(cat "/sys/class/block/$(basename "$part")/start")" "${below[@]}" > "$TESTDIR/out$n" 2>&1 &
	pids+=($!)
done
failed=0
for p in "${pids[@]}"; do
	wait "$p" || failed=1
done
cat "$TESTDIR"/out?
(( ! failed )) || fail "see above"
