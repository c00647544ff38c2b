/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remap start|stop|status. */
#pragma once

#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "options.h"
#include "program.h"

namespace tools
{

/* A row of the table that parsing, --help and the test of the man page go by. */
struct RemapCommand {
	const char *name;
	const char *options;   /* as in the usage; "" for none */
	const char *arguments; /* as in the usage */
	size_t least;          /* number of arguments */
	size_t unit;           /* arguments come in groups of so many */
	bool takes_nolockfs;
	const char *summary;
	/* Returns the exit status. */
	int (*run)(const Program &program, dmremap::Context &context, const Options &options);
};

std::span<const RemapCommand> remap_commands();

/* One line for each command, each after @prefix. */
void print_remap_commands(std::ostream &out, const std::string &prefix);

/* @arguments: what came after "remap". Returns the exit status. */
int remap_main(const Program &program, const std::vector<std::string> &arguments);

} // namespace tools
