/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /etc/remaptab says, attached at boot: a line each, and a line that is wrong does not keep
 * the others from being attached. A dm device that start has made is known by its UUID, and stop
 * removes it.
 */
#include "cmd_remaptab.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include <unistd.h>

#include "block_device.h"
#include "dm/control.h"
#include "error.h"
#include "noexcl.h"
#include "remaptab.h"
#include "signature.h"
#include "text.h"
#include "undo.h"

namespace tools
{

namespace
{

namespace dm = dmr::device_mapper;
using dmr::Error;

const char kRole[] = "tab";

/* between two looks whether a device has come */
constexpr std::chrono::milliseconds kPause(200);

std::string read_file(const std::string &path)
{
	errno = 0;
	std::ifstream file(path, std::ios::binary);
	const std::string text{std::istreambuf_iterator<char>(file), {}};

	if (!file) {
		const int errnum = errno ? errno : EIO;

		throw Error(errnum, dmr::printable(path) + ": cannot be read: " +
					    std::generic_category().message(errnum));
	}
	return text;
}

std::string place(const Session &session, unsigned int number)
{
	return session.what + ": " + kRemaptab + ":" + std::to_string(number) + ": ";
}

bool exists(const std::string &path)
{
	return access(path.c_str(), F_OK) == 0;
}

/* Whether the devices that the line names are there: for who waits, and so nothing is refused. */
bool has_devices(const RemapLine &line)
{
	if (line.original.front() == '/' ? !exists(line.original)
					 : dmr::device_of_tag(line.original).empty())
		return false;
	if (line.table == "none")
		return dm::by_name(line.upper).has_value();
	if (line.table == "linear" || !exists(line.table))
		return true;
	const std::string table = read_file(line.table);
	for (const auto word : dmr::words_of(table))
		if (word.starts_with("/dev/") && !exists(std::string(word)))
			return false;
	return true;
}

bool contains(const std::vector<std::string> &words, const std::string &word)
{
	return std::find(words.begin(), words.end(), word) != words.end();
}

enum class Lines {
	all,
	automatic, /* as for a boot; those that are named all the same */
	backwards, /* all */
};

bool is_wanted(const Session &session, const std::vector<std::string> &uppers, Lines which,
	       const RemapLine &line)
{
	if (session.initramfs && !line.initramfs)
		return false;
	if (uppers.empty())
		return which != Lines::automatic || !line.noauto;
	return contains(uppers, line.upper);
}

/* Does @act for each line that is wanted, and goes on after one that fails. What has no devices
 * yet comes last. */
template <typename Act>
int for_lines(const Session &session, const std::vector<std::string> &uppers, Lines which, Act act)
{
	int status = 0;
	const auto complain = [&](unsigned int number, const std::string &sentence) {
		print_error(session.program, place(session, number) + sentence);
		status = 1;
	};
	std::vector<RemapLine> lines;

	try {
		lines = parse_remaptab(read_file(kRemaptab), complain);
	} catch (const Error &error) {
		throw Error(error.errnum(), session.what + ": " + error.what());
	}
	if (which == Lines::backwards)
		std::reverse(lines.begin(), lines.end());
	for (const std::string &upper : uppers)
		if (std::none_of(lines.begin(), lines.end(),
				 [&](const RemapLine &line) { return line.upper == upper; })) {
			print_error(session.program, session.what + ": " + dmr::printable(upper) +
							     ": is not in " + kRemaptab);
			status = 1;
		}
	std::erase_if(lines, [&](const RemapLine &line) {
		return !is_wanted(session, uppers, which, line);
	});
	const auto deadline = std::chrono::steady_clock::now() + session.wait;
	for (;;) {
		std::vector<RemapLine> later;
		const bool waits = std::chrono::steady_clock::now() < deadline;

		for (const RemapLine &line : lines) {
			try {
				if (waits && !has_devices(line))
					later.push_back(line);
				else
					act(line);
			} catch (const std::system_error &error) {
				complain(line.number, error.what());
			}
		}
		if (later.empty())
			return status;
		lines = later;
		std::this_thread::sleep_for(kPause);
	}
}

std::string find_original(const RemapLine &line)
{
	if (line.original.front() == '/')
		return line.original;
	const std::string path = dmr::device_of_tag(line.original);
	if (path.empty())
		throw Error(ENOENT,
			    dmr::printable(line.original) +
				    ": no block device has that: blkid shows what they have");
	return path;
}

dm::Table table_of(const Session &session, const RemapLine &line, const std::string &original)
{
	std::string text;

	if (line.table == "linear") {
		const BlockDevice device = find_block_device(line.table, original);

		text = "0 " + std::to_string(device.sectors) + " linear " +
		       dmr::to_string(device.number) + " 0 noexcl\n";
	} else {
		text = read_file(line.table);
	}
	if (has_noexcl(text) && find_provider(session.context).provider == DMREMAP_SUPPORT_MODULE)
		text = for_module(text);
	try {
		return parse_table(text);
	} catch (const Error &error) {
		throw Error(error.errnum(), dmr::printable(line.table) + ": " + error.what());
	}
}

/* What the upper is attached to; nothing when it is not, or not there. */
std::vector<dmremap::Attachment> attachments_of(const Session &session, const std::string &upper)
{
	if (!dm::by_name(upper))
		return {};
	return session.context.status(upper);
}

/* Whether start has made the upper that is there. */
bool is_made_by_start(const RemapLine &line)
{
	const auto info = dm::by_name(line.upper);

	return info && line.table != "none" && is_ours(*info, kRole);
}

void start_line(const Session &session, const RemapLine &line)
{
	dm::Udev udev;
	Undo undo([&](const char *sentence) { print_error(session.program, sentence); });

	if (!attachments_of(session, line.upper).empty()) {
		session.step(line.upper + ": attached already");
		return;
	}
	/* by one that was killed before it was attached */
	if (is_made_by_start(line)) {
		dm::remove(line.upper, udev);
		udev.wait();
	}
	const std::string original = find_original(line);
	if (line.table != "none") {
		if (dm::by_name(line.upper))
			throw Error(EEXIST, line.upper +
						    ": there is such a dm device already: rename "
						    "it, or write none in place of the table");
		dm::create(line.upper, uuid_for(kRole, line.upper),
			   table_of(session, line, original), udev);
		undo.add([&] { dm::remove(line.upper, udev); });
		udev.wait();
	}
	session.context.start(line.mode, {{line.upper, original}},
			      line.nolockfs ? DMREMAP_NOLOCKFS : 0);
	undo.done();
	session.step(line.upper + ": attached to " + original);
}

int run_start(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);

	require_provider(session);
	return for_lines(session, arguments, Lines::automatic,
			 [&](const RemapLine &line) { start_line(session, line); });
}

void stop_upper(const Session &session, const std::string &upper, bool nolockfs, bool made)
{
	dm::Udev udev;

	if (!attachments_of(session, upper).empty()) {
		session.context.stop(upper, nolockfs ? DMREMAP_NOLOCKFS : 0);
		session.step(upper + ": detached");
	}
	if (made)
		dm::remove(upper, udev);
}

/* What start has made for lines that have been taken out of the file since; @uppers are in it. */
int stop_left(const Session &session, const std::vector<std::string> &uppers)
{
	int status = 0;

	for (const auto &device : dm::devices()) {
		const auto info = dm::by_devno(device.devno);

		if (!info || !is_ours(*info, kRole) || contains(uppers, info->name))
			continue;
		try {
			stop_upper(session, info->name, false, true);
		} catch (const std::system_error &error) {
			print_error(session.program, session.what + ": " + error.what());
			status = 1;
		}
	}
	return status;
}

int run_stop(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	std::vector<std::string> uppers;
	const int status =
		for_lines(session, arguments, Lines::backwards, [&](const RemapLine &line) {
			uppers.push_back(line.upper);
			stop_upper(session, line.upper, line.nolockfs, is_made_by_start(line));
		});

	return arguments.empty() ? stop_left(session, uppers) || status : status;
}

int run_status(const Session &session, const std::vector<std::string> &arguments)
{
	return for_lines(session, arguments, Lines::all, [&](const RemapLine &line) {
		const auto attachments = attachments_of(session, line.upper);

		session.program.out << line.upper << ": ";
		if (attachments.empty())
			session.program.out << "not attached\n";
		else
			session.program.out << attachments.front().mode << ' '
					    << attachments.front().original << '\n';
	});
}

const RecipeCommand kCommands[] = {
	{"start", "[--initramfs] [--wait <seconds>] [<dm_device>...]", 0, 1,
	 "attach what /etc/remaptab says, or these of it", run_start, true},
	{"stop", "[<dm_device>...]", 0, 1, "detach it, and remove the dm devices that start made",
	 run_stop},
	{"status", "[<dm_device>...]", 0, 1, "print what of it is attached", run_status},
};

} // namespace

const Recipe kRemaptabCommands = {
	"remaptab",
	"Attach what /etc/remaptab says",
	kCommands,
};

} // namespace tools
