#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# /etc/remaptab: what its lines say is attached under a mounted file system with verifying writers, and a line that is
# wrong, or whose device is not there, is told by its number and does not keep the others from being attached. Run
# again, start changes nothing; what a killed one has left it takes over; stop leaves nothing.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

tab=/etc/remaptab
[[ ! -e $tab ]] || broken "there is $tab already"
at_end() {
	rm -f "$tab"
}

# LINE SENTENCE: what the last command has said about it
told() {
	grep -qE "^dmsetup: remaptab [a-z]+: $tab:$1: $2" "$TESTDIR/said" || { cat "$TESTDIR/said"; fail "line $1: not told: $2"; }
}

fail_with "$tab: cannot be read: No such file" dmsetup remaptab start

label=dmr-$$
mk_ext4 "$PART1" a -L "$label"
uuid=$(blkid -o value -s UUID "$PART1")
before=$(state)
start_writers a
echo "0 $(sectors "$PART2") linear $PART2 0 noexcl" > "$TESTDIR/a table"
named="$(dm named) linear $PART3 remap noauto"
cat > "$tab" <<-END
	# what is attached at boot

	$(dm gone) linear UUID=$uuid-x remap
	$(dm up) linear LABEL=$label remap
	$(dm broken) linear $PART2 replace
	$(dm second) ${TESTDIR//\//\\057}/a\\040table $PART2 remap nolockfs
	$named
	$(dm there) none $DISK2 remap
	$(dm small) $TESTDIR/small $DISK3 remap
END
echo "0 8 zero" > "$TESTDIR/small"
not dmsetup remaptab start 2> "$TESTDIR/said"
told 3 "UUID=$uuid-x: no block device has that: blkid"
told 5 "unknown mode 'replace'"
told 8 ".*$(dm there): no such dm device"
told 9 ".*$(dm small).*"
equal "$(wc -l < "$TESTDIR/said")" 4 "sentences: $(cat "$TESTDIR/said")"
equal "$(dmsetup remaptab status 2> "$TESTDIR/said")" "$(dm gone): not attached
$(dm up): remap $(basename "$PART1")
$(dm second): remap $(basename "$PART2")
$(dm named): not attached
$(dm there): not attached
$(dm small): not attached"
told 5 "unknown mode 'replace'"
[[ ! -e $(dmdev small) ]] || fail "what was made for a line that failed is still there"
equal "$(counter second flags)" nolockfs
more_ops 100
(( $(counter up writes) > 10 )) || fail "not diverted: $(counters up)"

# again, by the UUID, which the upper has as well
sed -i "4s/LABEL=[^ ]*/UUID=$uuid/; 3d; /broken\|there\|small/d" "$tab"
attached_now=$(state)
dmsetup remaptab start
equal "$(state)" "$attached_now" "the second start has changed something"
echo "$(dm again) linear UUID=$uuid remap noauto" >> "$tab"
refused "remaptab:[0-9]+: .*attached to" dmsetup remaptab start "$(dm again)"
sed -i '$d' "$tab"
dmsetup remaptab stop "$(dm up)"
not attached up
equal "$(dmsetup remaptab status | grep -c 'not attached')" 2
# and with the upper of a start that was killed
"$REAL_DMSETUP" create "$(dm up)" -u "DMREMAP-tab-$(dm up)" --table "0 $(sectors "$PART1") zero"
dmsetup remaptab start
equal "$(dmsetup remaptab status "$(dm up)")" "$(dm up): remap $(basename "$PART1")"
more_ops 100

dmsetup remaptab start "$(dm named)"
attached named || fail "the line that was named is not attached"
fail_with "$(dm other): is not in $tab" dmsetup remaptab start "$(dm other)"

# somebody else's dm device is not taken
mk_zero other "$(sectors "$DISK2")"
echo "$(dm other) linear $DISK2 remap" >> "$tab"
refused "remaptab:[0-9]+: $(dm other): there is such a dm device already" dmsetup remaptab start "$(dm other)"
sed -i '$d' "$tab"
dmsetup remove "$(dm other)"

# what the initramfs attaches: those lines only
cp "$tab" "$TESTDIR/kept"
dmsetup remaptab stop
cat > "$tab" <<-END
	$(dm up) linear $PART1 remap initramfs
	$(dm second) linear $PART2 remap
	$(dm gone) linear /dev/$(dm gone) remap initramfs
END
fail_with "remaptab:3: .*No such file" dmsetup remaptab start --initramfs
attached up || fail "a line with initramfs is not attached"
not attached second
dmsetup remaptab stop
[[ ! -e $(dmdev up) ]]

# a device that comes later is waited for, and keeps none of those that are there
late=/dev/$(dm late)
sed -i "s,/dev/$(dm gone),$late," "$tab"
bg dmsetup remaptab start --wait 60
waiting=$BG
wait_for 30 attached second
not attached gone
ln -s "$PART3" "$late"
wait "$waiting" || fail "waiting has failed"
attached gone || fail "the line of a device that came later is not attached"
dmsetup remaptab stop
rm "$late"
# but not for ever, and not for what is not to be attached
before_wait=$SECONDS
fail_with "remaptab:3: .*No such file" dmsetup remaptab start --wait 2
(( SECONDS - before_wait >= 2 )) || fail "not waited"
dmsetup remaptab stop
sed -i '3s/initramfs/noauto/' "$tab"
before_wait=$SECONDS
dmsetup remaptab start --wait 60
(( SECONDS - before_wait < 50 )) || fail "waited for a line with noauto"
dmsetup remaptab stop
# what start has made goes with stop, although its line has gone
equal "$(dmsetup remaptab status "$(dm up)")" "$(dm up): not attached"
dmsetup remaptab start "$(dm up)"
sed -i 1d "$tab"
dmsetup remaptab stop
[[ ! -e $(dmdev up) ]] || fail "what has no line any more is still there"
cp "$TESTDIR/kept" "$tab"

# one that is there is attached, and stays
mk_upper there "$DISK2"
echo "$(dm there) none $DISK2 remap" >> "$tab"
dmsetup remaptab start
attached there || fail "the dm device that was there is not attached"

dmsetup remaptab stop
not attached there
dmsetup remove "$(dm there)"
equal "$(state)" "$before" "not as it was before"
more_ops 50

if native "a filter"; then
	echo "$(dm up) linear $PART1 filter" > "$tab"
	dmsetup remaptab start
	equal "$(dmsetup remaptab status)" "$(dm up): filter $(basename "$PART1")"
	dmsetup remaptab stop
fi
stop_writers
check_fs "$PART1" a
