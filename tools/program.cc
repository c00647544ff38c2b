/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share. */
#include "program.h"

#include <iostream>

namespace tools
{

Program system_program(const std::string &name)
{
	return {name, std::cout, std::cerr, [] { return dmremap::Context(); }};
}

void print_error(const Program &program, const std::string &sentence)
{
	/* "dmsetup filter": the sentences of the library name the operation themselves. */
	program.err << program.name.substr(0, program.name.find(' ')) << ": " << sentence
		    << std::endl;
}

} // namespace tools
