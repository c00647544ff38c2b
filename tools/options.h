/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that our commands take; a subset of dmsetup's, with the same meaning. */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <dmremap.hpp>

#include "report.h"

namespace tools
{

struct Options {
	bool help = false;
	bool version = false;
	bool nolockfs = false;
	bool force = false;
	bool initramfs = false;
	int verbose = 0;
	std::optional<uint32_t> wait; /* seconds */
	std::optional<std::string> uuid;
	std::optional<dmremap::DeviceNumber> number;
	ReportOptions report;
	std::vector<std::string> arguments; /* what is not an option */

	/* The upper is named by an option. */
	bool names_upper() const { return uuid || number; }
};

/* @arguments: without the program's name. Options and arguments may be mixed; "--" ends the
 * options. Throws UsageError; @word begins its sentences. */
Options parse_options(const std::string &word, const std::vector<std::string> &arguments);

} // namespace tools
