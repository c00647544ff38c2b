/* SPDX-License-Identifier: GPL-2.0-only */
/* The file /etc/remaptab: what is to be attached at boot, a line each. */
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <dmremap.hpp>

#include "dm/control.h"

namespace tools
{

inline constexpr char kRemaptab[] = "/etc/remaptab";

struct RemapLine {
	unsigned int number; /* of the line, from 1 */
	std::string upper;
	std::string table;    /* "linear", "none", or the path of a file */
	std::string original; /* a path, or UUID=... and the like */
	dmremap_mode mode;
	bool nolockfs = false;
	bool noauto = false;    /* only where it is named */
	bool initramfs = false; /* before the root file system is mounted */
};

/* Returns the lines that are right, and tells @complain what is wrong with each other one. */
std::vector<RemapLine> parse_remaptab(
	const std::string &text,
	const std::function<void(unsigned int number, const std::string &sentence)> &complain);

/* A table as dmsetup reads it. Throws Error (EINVAL), a sentence about the line. */
dmr::device_mapper::Table parse_table(const std::string &text);

} // namespace tools
