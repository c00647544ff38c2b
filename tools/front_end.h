/* SPDX-License-Identifier: GPL-2.0-only */
/* The program under dmsetup's name: our command words are ours, everything else goes to the
 * distribution's dmsetup as it came. */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "noexcl.h"

namespace tools
{

/* What dmsetup would make of its command line. */
struct CommandLine {
	size_t command = 0;     /* index of the command word in argv; 0: there is none */
	bool understood = true; /* false: an option that dmsetup does not have, or of a newer one */
	bool help = false;      /* --help before the command word */
};

/* Finds the command word as dmsetup does: the first word that is neither an option nor the
 * value of one. @argv includes the program's name. */
CommandLine find_command_word(const std::vector<std::string> &argv);

/* Finds the table that the command line loads, if it does. @argv includes the program's name. */
TableSource find_table(const std::vector<std::string> &argv);

/* Becomes the program at @path; returns only when that failed, with a sentence. */
std::string execute(const std::string &path, char **argv);

/* Runs the program at @path and waits for its end. Returns its exit status; 128 and the signal
 * when one ended it; the sentence in @error when it could not be run. */
int run_and_wait(const std::string &path, char **argv, std::string &error);

/* @dmsetup: absolute path of the distribution's. Returns the exit status. */
int front_end_main(int argc, char **argv, const std::string &dmsetup);

} // namespace tools
