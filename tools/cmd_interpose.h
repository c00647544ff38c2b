/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remap start|stop|status, and the same of dmsetup filter: one implementation, which is
 * told by which word it was called. */
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

/* A command word of dmsetup that is ours. */
struct CommandWord {
	const char *name; /* "remap" */
	dmremap_mode mode;
	const char *summary; /* as in the NAME of its page */
};

std::span<const CommandWord> our_words();

/* Null: not ours. */
const CommandWord *find_our_word(const std::string &name);

/* A row of the table that parsing, --help and the test of the man page go by. */
struct Command {
	const char *name;
	const char *options;   /* as in the usage; "" for none */
	const char *arguments; /* as in the usage */
	size_t least;          /* number of arguments */
	size_t unit;           /* arguments come in groups of so many */
	bool takes_nolockfs;
	bool takes_force;
	bool reports; /* takes the options of ReportOptions */
	const char *summary;
	/* Returns the exit status. */
	int (*run)(const Program &program, dmremap_mode mode, dmremap::Context &context,
		   const Options &options);
};

/* Each word has all of them. */
std::span<const Command> commands();

/* For the help of dmsetup: one line for each command of each word, each after @prefix. */
void print_commands(std::ostream &out, const std::string &prefix);

/* @arguments: what came after the word. Returns the exit status. */
int interpose_main(const CommandWord &word, const Program &program,
		   const std::vector<std::string> &arguments);

} // namespace tools
