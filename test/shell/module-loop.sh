#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An upper whose table leads back to its original without the target "interpose" is refused by start where it claims
# the original itself. Where that is further down, or came by another table, each I/O ends by an error, soon: status
# and the kernel's log say why, and stop works under load.
# timeout: 120
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# past the library, which looks at all of the stack
start() {
	"$REAL_DMSETUP" message "$(dm up)" 0 "@interpose_start remap $(devno "$1")"
}

stop() {
	"$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
}

flagged() {
	[[ ,$(counter up flags), == *,$1,* ]]
}

# what goes through the upper of DEV fails
goes_round() {
	local dev=$1
	log_mark
	equal "$(timeout 60 oneio write "$dev" 64 || :)" EIO "a write"
	equal "$(timeout 60 oneio read "$dev" 64 || :)" EIO "a read"
	equal "$(timeout 60 oneio flush "$dev" || :)" EIO "a flush"
	flagged loop || fail "flags: $(counter up flags)"
	log_since "dm-interpose: .*I/O of $(basename "$dev") fails: it comes back"
}

nr=$(sectors "$PART2")
mk_dm up "0 $nr linear $PART2 0"
fails 'Too many levels' start "$PART2"
fails 'Too many levels' start "$DISK1"
not attached up
dmsetup remove "$(dm up)"

# below another device; in the context of the submitter, and by a worker that sends it later
for target in "linear BASE 0" "delay BASE 0 5" "flakey BASE 0 60 0"; do
	mk_dm base "0 $nr linear $PART2 0"
	mk_dm up "0 $nr ${target/BASE/$(dmdev base)}"
	start "$PART2"
	goes_round "$PART2"
	bg rawio hammer -c "$TESTDIR/hammer" -w "$PART2" 0 2
	timeout 60 "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop || fail "stop: status $?"
	end_bg "$BG" || :
	rawio write "$PART2" 0 128 1
	dmsetup remove "$(dm up)"
	dmsetup remove "$(dm base)"
done

# by another table, and back
mk_upper up "$PART2"
start "$PART2"
rawio write "$PART2" 0 128 2
mk_dm base "0 $nr linear $PART2 0"
printf '0 %s linear %s 0\n' "$nr" "$(dmdev base)" | "$REAL_DMSETUP" load "$(dm up)"
not flagged loop
"$REAL_DMSETUP" resume "$(dm up)"
goes_round "$PART2"
become up "0 $nr linear $PART2 0 noexcl"
rawio check "$PART2" 0 128 2
rawio write "$PART2" 0 128 3
stop
rawio check "$PART2" 0 128 3

# that way it is no loop: other devices have uppers, too
nr=$(sectors "$DISK3")
mk_upper two "$DISK3"
"$REAL_DMSETUP" message "$(dm two)" 0 "@interpose_start remap $(devno "$DISK3")"
mk_dm base2 "0 $nr linear $DISK3 0"
become up "0 $nr linear $(dmdev base2) 0"
start "$DISK2"
rawio write "$DISK2" 0 128 4
rawio check "$DISK3" 0 128 4
equal "$(counter two writes)" 1
not flagged loop
stop
