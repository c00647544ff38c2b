/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share: where they print, how they fail. */
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>

#include <dmremap.hpp>

namespace tools
{

/* Wrong arguments. The caller adds the line that names --help. */
class UsageError : public std::runtime_error
{
	using std::runtime_error::runtime_error;
};

struct Program {
	std::string name; /* of the program and command, for errors and usage: "dmsetup remap" */
	std::ostream &out;
	std::ostream &err;
	/* Makes the context when a command needs one; tests give one over a fake kernel. */
	std::function<dmremap::Context()> make_context;
};

/* On the process's own streams, with the kernel that it runs on. */
Program system_program(const std::string &name);

/* An error is one line. */
void print_error(const Program &program, const std::string &sentence);

} // namespace tools
