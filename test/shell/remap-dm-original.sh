#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A dm device as the original, mounted and busy: attach and detach lose nothing, it can be suspended and
# resumed below an attached upper, and it cannot be removed. What it had in flight at start has completed.
# timeout: 480
# kernel: patched
# native: the module refuses originals of dm
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_linear vol "$PART1"
mk_ext4 "$(dmdev vol)" a
mk_upper up "$(dmdev vol)"
start_writers a
for (( i = 0; i < 20; i++ )); do
	dmsetup remap start "$(dm up)" "$(dmdev vol)"
	more_ops 20
	(( $(counter up reads) + $(counter up writes) > 0 )) || fail "nothing went through the upper"
	if (( i % 5 == 0 )); then
		dmsetup suspend --nolockfs "$(dm vol)"
		dmsetup resume "$(dm vol)"
		more_ops 20
	fi
	dmsetup remap stop "$(dm up)"
	idle_upper up 10
done
dmsetup remap start "$(dm up)" "$(dmdev vol)"
fails '[Bb]usy' "$REAL_DMSETUP" remove "$(dm vol)"
dmsetup remap stop "$(dm up)"
stop_writers
dmsetup remove "$(dm up)"
check_fs "$(dmdev vol)" a

# the attachment alone holds it, too
mk_zero up "$(sectors "$PART1")"
dmsetup remap start "$(dm up)" "$(dmdev vol)"
fails '[Bb]usy' "$REAL_DMSETUP" remove "$(dm vol)"
attached up
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm vol)"

# its queue is no measure of what is in flight: each write takes three seconds below
mk_dm slow "0 $(sectors "$PART1") delay $PART1 0 0 $PART1 0 3000"
mk_linear vol "$(dmdev slow)"
wrote=$(diskstat "$PART1" 5)
rawio write "$(dmdev vol)" 0 8 1 &
writing=$!
in_flight() {
	local n
	read -r -a n < "/sys/block/$(dm_node vol)/inflight"
	(( n[1] == 1 ))
}
wait_for 20 in_flight
equal "$(diskstat "$PART1" 5)" "$wrote" "writes that have passed the delay"
dmsetup remap start --nolockfs "$(dm up)" "$(dmdev vol)"
equal "$(diskstat "$PART1" 5)" $(( wrote + 1 )) "writes of the original that start has waited for"
equal "$(counter up writes)" 0 "writes that went to the upper"
wait "$writing"
dmsetup remap stop "$(dm up)"
rawio check "$(dmdev vol)" 0 8 1
dmsetup remove "$(dm up)"
dmsetup remove "$(dm vol)"
dmsetup remove "$(dm slow)"
