/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the library asks of device-mapper, over libdevmapper. All functions throw Error. */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../types.h"

namespace dmr::device_mapper
{

/* Whether the driver has a target of that type; the kernel loads its module for the question. */
bool has_target(const std::string &type);

/* The answer to a message to sector 0; empty when there is none. */
std::string message(Devno dm, const std::string &text);

std::vector<DmDevice> devices();
std::optional<DmInfo> by_name(const std::string &name);
std::optional<DmInfo> by_uuid(const std::string &uuid);
std::optional<DmInfo> by_devno(Devno devno);
std::vector<DmTarget> table(Devno dm);

/* Asking changes nothing: no target commits its metadata for it. */
std::vector<DmTarget> status(Devno dm);
std::vector<Devno> deps(Devno dm);

} // namespace dmr::device_mapper
