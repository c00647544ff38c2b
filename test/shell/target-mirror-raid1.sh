#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A mounted partition gets a second leg under load, by mirror and by raid1: when they are in sync both legs are the
# same. The second leg may fail, and the file system does not notice; where mirror holds writes until somebody
# looks after it, they are not lost. Neither may be there before start, when others still write past it.
# timeout: 240
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 24M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
slice leg 24
slice meta0 4
slice meta1 4
leg=$(dmdev leg)
start_writers a -n 4 -b 128

same_legs() {
	local sum
	fsfreeze -f "$TESTDIR/a"
	dmsetup remap stop "$(dm up)"
	sum=$(md5_of "$SMALL")
	equal "$(md5_of "$leg")" "$sum" "the second leg"
	fsfreeze -u "$TESTDIR/a"
	more_ops 50
	# and from here on it is a copy of that moment
	[[ $(md5_of "$SMALL") != "$sum" ]] || fail "nothing was written: this test proves nothing"
	dmsetup remove "$(dm up)"
}

fail_leg() {
	become leg "0 $size error"
}

mend_leg() {
	become leg "$leg_table"
}
leg_table=$("$REAL_DMSETUP" table "$(dm leg)")

# --- mirror
mirror() {
	echo "mirror core 1 512 2 $SMALL 0 $leg 0 $1 noexcl:$SMALL"
}

in_sync() {
	[[ $(word up "$1") =~ ^([0-9]+)/([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
}

mk_dm up "0 $size $(mirror "1 handle_errors")"
refused "its mirror has copied from $SMALL while others wrote there" dmsetup remap start "$(dm up)" "$SMALL"
dmsetup remove "$(dm up)"
put_up "$(mirror "1 handle_errors")"
wait_for 100 in_sync 4
more_ops 50
says up 6 AA || fail "status: $(target_says up)"
same_legs

# it goes on without the leg
put_up "$(mirror "2 handle_errors keep_log")"
wait_for 100 in_sync 4
fail_leg
more_ops 60
says up 6 AD || fail "the mirror has not noticed: $(target_says up)"
take_down
more_ops 50
mend_leg

# it waits for us, and with the old table no write ends: whatever goes wrong here, it must not stay so
at_end() {
	[[ $("$REAL_DMSETUP" table "$(dm up)" 2>&1) == *mirror* ]] || return 0
	end_hold
}

end_hold() {
	# a suspend with flush would turn the writes into errors
	reload up "0 $size linear $SMALL 0 noexcl"
	dmsetup suspend --noflush "$(dm up)"
	dmsetup resume "$(dm up)"
}
put_up "$(mirror "1 handle_errors")"
wait_for 100 in_sync 4
event=$("$REAL_DMSETUP" info -c --noheadings -o events "$(dm up)")
fail_leg
"$REAL_DMSETUP" wait "$(dm up)" "$event"
says up 6 AD || fail "the mirror has not noticed: $(target_says up)"
held() {
	local was
	was=$(ops)
	holds 1 true
	[[ $(ops) == "$was" ]]
}
wait_for 60 held
# stop waits for these writes, and can be killed
bg dmsetup remap stop "$(dm up)"
stopping=$BG
waits_for_bios() {
	[[ $(< "/proc/$stopping/wchan") == @(dm_wait_for_bios_completion|ip_stop) ]]
}
wait_for 30 waits_for_bios
kill -KILL "$stopping"
wait "$stopping" && fail "stop has ended while writes were held"
attached up
end_hold
more_ops 50
take_down
more_ops 50
mend_leg

# --- raid1
raid1() {
	dd if=/dev/zero of="$(dmdev meta0)" bs=1M count=1 oflag=direct status=none
	dd if=/dev/zero of="$(dmdev meta1)" bs=1M count=1 oflag=direct status=none
	echo "raid raid1 7 0 rebuild 1 region_size 512 min_recovery_rate 100000" \
		"2 $(dmdev meta0) $SMALL $(dmdev meta1) $leg noexcl:$SMALL"
}

rebuilt() {
	says up 3 AA && in_sync 4 && says up 5 idle
}

mk_dm up "0 $size $(raid1)"
refused "its raid has copied from $SMALL while others wrote there" dmsetup remap start "$(dm up)" "$SMALL"
dmsetup remove "$(dm up)"
put_up "$(raid1)"
says up 3 Aa || echo "rebuilt already: $(target_says up)"
wait_for 100 rebuilt
more_ops 50
same_legs

put_up "$(raid1)"
wait_for 100 rebuilt
fail_leg
more_ops 60
says up 3 AD || fail "raid1 has not noticed: $(target_says up)"
take_down
more_ops 50
mend_leg

stop_writers
check_fs "$SMALL" a
