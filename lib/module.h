/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is refused where the module dm-interpose interposes: what the kernel's own interposer sees by
 * itself, and the module cannot. */
#pragma once

#include <string>
#include <vector>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* What follows throws Error; @what is the operation that its sentence names. Nothing happens where
 * the kernel has its own interposer. */

/* EBUSY: the upper is suspended; the original has I/O limits. ELOOP: the
 * upper's tables lead back to the original. */
void refuse_for_module(Kernel &kernel, const std::string &what, const Pair &pair);

/* EBUSY: the upper is suspended. */
void refuse_for_module(Kernel &kernel, const std::string &what, const DmInfo &upper);

/* What a table would do that is to be loaded into an upper attached to @original. ERANGE: it is
 * shorter. ELOOP: it leads back. @table: lines as dmsetup takes them. */
void refuse_table_for_module(Kernel &kernel, const std::string &what, const DmInfo &upper,
			     Devno original, const std::string &table);

} // namespace dmr
