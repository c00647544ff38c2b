/* SPDX-License-Identifier: GPL-2.0-only */
/* How far something is that takes long: one line that changes on a terminal, else a line for
 * every tenth. */
#pragma once

#include <cstdint>
#include <string>

#include "program.h"

namespace tools
{

class Progress
{
public:
	/* @what: "vda1: copied" */
	Progress(const Program &program, std::string what);
	~Progress();
	Progress(const Progress &) = delete;
	Progress &operator=(const Progress &) = delete;

	void show(uint64_t done, uint64_t all);

private:
	const Program &program_;
	std::string what_;
	bool terminal_;
	int shown_ = -1; /* per cent */
};

/* From its construction to its end SIGINT, SIGTERM and SIGHUP only say that somebody wants an end.
 */
class Interruptible
{
public:
	Interruptible();
	~Interruptible();
	Interruptible(const Interruptible &) = delete;
	Interruptible &operator=(const Interruptible &) = delete;

	static bool wanted();

	/* Sleeps that long, or less when a signal comes. */
	static void sleep_ms(unsigned int ms);
};

} // namespace tools
