/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share. */
#include "program.h"

#include <ostream>

namespace tools
{

void print_error(const Program &program, const std::string &sentence)
{
	/* "dmsetup remap": the sentences of the library name the operation themselves. */
	program.err << program.name.substr(0, program.name.find(' ')) << ": " << sentence
		    << std::endl;
}

} // namespace tools
