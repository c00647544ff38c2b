#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What bash offers after some words.
set -uE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
# shellcheck source=tools/completions/dmsetup
. "$srcdir/tools/completions/dmsetup"
status=0

# WANT WORD...: the last word is completed
offers() {
	local want=$1 got
	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(( $# - 1 ))
	COMPREPLY=()
	_dmremap "$1" "${!#}"
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' ')
	[[ $got == "$want" ]] && return
	echo "after '$*': '$got', not '$want'"
	status=1
}

offers "snapshot" dmsetup snapsh
offers "remap remaptab" dmsetup rema
offers "start status stop" dmsetup filter st
offers "start status stop" dmsetup-filter st
offers "start status stop" dmsetup remaptab st
offers "--initramfs" dmsetup remaptab start --i
offers "" dmsetup remaptab start --wait ""
offers "abort finish start status" dmsetup-move ""
offers "--noheadings --nosuffix" dmsetup remap status --no
offers "--nolockfs" dmsetup-remap start --no
offers "" dmsetup snapshot create --no
offers "basic json" dmsetup remap status --reportformat ""
offers "--help" dmsetup cache attach --h
offers "--uuid" dmsetup filter stop --u
exit "$status"
