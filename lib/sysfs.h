/* SPDX-License-Identifier: LGPL-2.1-only */
/* Facts about block devices from sysfs. */
#pragma once

#include <optional>
#include <string>

#include "types.h"

namespace dmr
{

class Sysfs
{
public:
	/* @root: where sysfs is mounted; another directory in tests. */
	explicit Sysfs(std::string root = "/sys") : root_(std::move(root)) {}

	/* Nothing: there is no such block device. */
	std::optional<BlockFacts> block(Devno devno) const;

private:
	std::string root_;
};

} // namespace dmr
