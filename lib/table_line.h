/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the lines of tables and of their status have in common. */
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel.h"

namespace dmr
{

using Words = std::vector<std::string_view>;

/* Whether the table line shares this device with its users: "noexcl" at its end is for all
 * devices, "noexcl:254:1,254:2" for those. */
bool shares(const Words &words, Devno devno);

bool has_word(const Words &words, std::string_view word);

/* Whether a device is the original, or a dm device over it. */
bool leads_to(Kernel &kernel, Devno devno, Devno original);

/* Whether the live table of a dm device claims one of these devices for itself. */
bool claims(Kernel &kernel, Devno dm, const std::vector<Devno> &devices);

/* The dm device and all dm devices below it. */
std::set<Devno> stack_of(Kernel &kernel, Devno dm);

/* "vda1 (254:1)"; the number alone when there is no such device. */
std::string full_name(Kernel &kernel, Devno devno);

} // namespace dmr
