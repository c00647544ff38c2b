/* SPDX-License-Identifier: GPL-2.0-only */
/* How far something is that takes long, and the end that somebody wants of it. */
#include "progress.h"

#include <array>
#include <csignal>
#include <ctime>
#include <ostream>
#include <utility>

#include <unistd.h>

namespace tools
{

namespace
{

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t end_wanted;
std::array<struct sigaction, kSignals.size()> before;

void want_end(int)
{
	end_wanted = 1;
}

} // namespace

Progress::Progress(const Program &program, std::string what)
    : program_(program), what_(std::move(what)), terminal_(isatty(STDOUT_FILENO))
{
}

Progress::~Progress()
{
	if (terminal_ && shown_ >= 0)
		program_.out << std::endl;
}

void Progress::show(uint64_t done, uint64_t all)
{
	/* in this order: a device of all sizes */
	const int percent =
		all ? static_cast<int>(static_cast<double>(done) * 100 / static_cast<double>(all))
		    : 100;
	const int step = terminal_ ? 1 : 10;

	if (shown_ >= 0 && percent / step == shown_ / step)
		return;
	shown_ = percent;
	if (terminal_)
		program_.out << '\r' << what_ << ' ' << percent << " %" << std::flush;
	else
		program_.out << what_ << ' ' << percent << " %" << std::endl;
}

Interruptible::Interruptible()
{
	struct sigaction action = {};

	end_wanted = 0;
	action.sa_handler = want_end;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < kSignals.size(); i++)
		sigaction(kSignals.at(i), &action, &before.at(i));
}

Interruptible::~Interruptible()
{
	for (size_t i = 0; i < kSignals.size(); i++)
		sigaction(kSignals.at(i), &before.at(i), nullptr);
}

bool Interruptible::wanted()
{
	return end_wanted != 0;
}

void Interruptible::sleep_ms(unsigned int ms)
{
	const timespec time = {ms / 1000, static_cast<long>(ms % 1000) * 1000000};

	if (!end_wanted)
		nanosleep(&time, nullptr);
}

} // namespace tools
