/* SPDX-License-Identifier: LGPL-2.1-only */
/* The module dm-interpose: interposes in a kernel that has it not built in. What the kernel's own
 * interposer does by itself has to be asked for here, and refused where the module cannot see it.
 */
#pragma once

#include <string>
#include <vector>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

namespace module
{

/* Whether it is loaded. */
bool is_loaded();

/* The kernel's messages, with its errnos, which Error has. */
std::string message(Devno dm, const std::string &text);

/* Its target is linear with a shared device: what a table says of it, as the kernel's own
 * interposer would say it. Others are not changed. */
void name_as_linear(DmTarget &target);

} // namespace module

/* What follows throws Error; @what is the operation that its sentence names. Nothing happens where
 * the kernel has its own interposer. */

/* EOPNOTSUPP: a filter. EBUSY: the upper is suspended; the original has I/O limits. ELOOP: the
 * upper's tables lead back to the original. */
void refuse_for_module(Kernel &kernel, const std::string &what, const Pair &pair);

/* EBUSY: the upper is suspended. */
void refuse_for_module(Kernel &kernel, const std::string &what, const DmInfo &upper);

} // namespace dmr
