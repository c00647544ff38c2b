/* SPDX-License-Identifier: LGPL-2.1-only */
/* The module dm-interpose: interposes in a kernel that has it not built in. */
#pragma once

#include <string>

#include "../types.h"

namespace dmr::module
{

/* Whether it is loaded. */
bool is_loaded();

/* Has the kernel load it. Returns whether it is loaded now. */
bool load();

/* Whether depmod(8) knows one for the running kernel. @modules: another directory in tests. */
bool is_installed(const std::string &modules = "/lib/modules");

/* The kernel's messages, with its errnos, which Error has. */
std::string message(Devno dm, const std::string &text);

/* Its target is linear with a shared device: what a table says of it, as the kernel's own
 * interposer would say it. Others are not changed. */
void name_as_linear(DmTarget &target);

} // namespace dmr::module
