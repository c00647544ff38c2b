/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables with noexcl for a kernel that has the module dm-interpose in place of it: linear becomes
 * the module's target. */
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tools
{

/* Where dmsetup would take a table from. */
struct TableSource {
	enum class Kind { none, option, file, input };
	Kind kind = Kind::none;
	size_t index = 0;  /* in argv: of the option's value, of the file's name */
	size_t offset = 0; /* of the value in its word: "--table=VALUE" */

	/* The device that it is for. */
	std::string name;
	std::string uuid;
	std::string major;
	std::string minor;
};

/* Whether a line of the table asks for a shared device. */
bool has_noexcl(const std::string &table);

/* The table as the module has it. Throws dmr::Error (EOPNOTSUPP) for a target that is not linear.
 */
std::string for_module(const std::string &table);

/* Replaces the table of a command that loads one, if it has noexcl and the kernel has the module,
 * or can load it. @argv: the command line; what it points to may change, and standard input too.
 * Returns the table that dmsetup is given, as far as that is known. Throws dmr::Error. */
std::string adapt_table(std::vector<std::string> &argv, const TableSource &source);

} // namespace tools
