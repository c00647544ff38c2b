/* SPDX-License-Identifier: LGPL-2.1-only */
/* A pair that is to be attached, and what can be said against it before the kernel is asked. */
#pragma once

#include <string>
#include <vector>

#include "kernel.h"
#include "resolve.h"
#include "types.h"

namespace dmr
{

struct Pair {
	DmInfo upper;
	Original original;
};

/* "dm-noexcl on /dev/vda1" */
std::string describe(const Pair &pair);

/* "vda1 (254:1)" */
std::string describe(const Original &original);

/* What follows throws Error; @what is the operation that its sentence names. */

/* EINVAL when a device is there twice in one role. */
void refuse_duplicates(const std::string &what, const std::vector<Pair> &pairs);

/* ELOOP (the upper is its original), ENODATA (no live table). */
void refuse_unusable(const std::string &what, const Pair &pair);

/* ERANGE or EFBIG when the sizes differ. */
void refuse_unequal(Kernel &kernel, const std::string &what, const Pair &pair);

} // namespace dmr
