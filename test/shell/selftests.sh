#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the series adds to the kernel's own selftests passes in that kernel, with nothing skipped, and leaves nothing
# behind. test/vm/run takes it out of the patches.
# timeout: 180
# kernel: patched
# native: the module is not in the kernel's tree
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

[[ $(uname -r) =~ ^[0-9]+\.[0-9]+ ]]
tree=/test/selftests/${BASH_REMATCH[0]}/tools/testing/selftests
[[ ${BASH_REMATCH[0]} != 6.1 ]] || skip "the series for Linux 6.1 brings no selftest, for want of ktap_helpers.sh there"
[[ -r $tree/kselftest/ktap_helpers.sh ]] || broken "no $tree/kselftest/ktap_helpers.sh: there was no source archive"

# there are devices of init's
left() {
	"$REAL_DMSETUP" info -c --noheadings -o name | sort
	losetup -nlO NAME,BACK-FILE
	findmnt -rno TARGET
	ls /tmp
}
left > before

shopt -s nullglob
scripts=("$tree"/dm/*.sh)
(( ${#scripts[@]} )) || broken "no scripts in $tree/dm"
for s in "${scripts[@]}"; do
	rc=0
	# without the front end, as anybody would run it
	PATH=${REAL_DMSETUP%/*}:$PATH "$s" > out 2> err || rc=$?
	cat out err
	[[ $(head -n 1 out) == "TAP version 13" ]] || fail "${s##*/}: no TAP"
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' out)
	(( planned > 0 )) || fail "${s##*/}: no plan"
	! grep -E '^not ok|# SKIP' out || fail "${s##*/}: not all of it"
	equal "$(grep -c '^ok ' out)" "$planned" "${s##*/}: tests that passed"
	equal "$rc" 0 "${s##*/}: status"
done

rm out err
left > after
diff before after || fail "something was left behind"
