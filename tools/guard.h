/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody who makes good what a killed program leaves: a child process that sleeps until its
 * parent is done with a dangerous stretch, or dead. In that stretch file systems are frozen, the
 * root perhaps; so both keep all their memory in RAM and start no program.
 */
#pragma once

#include <functional>

#include <sys/types.h>

namespace tools
{

class Guard
{
public:
	/* From here on @make_good runs in a process of its own if this one dies before the
	 * destructor. Throws std::system_error. One thread only. */
	explicit Guard(const std::function<void()> &make_good);
	~Guard();
	Guard(const Guard &) = delete;
	Guard &operator=(const Guard &) = delete;

private:
	int pipe_ = -1;
	pid_t child_ = -1;
};

} // namespace tools
