/* SPDX-License-Identifier: LGPL-2.1-only */
/* The answer to @interpose_status, and who says it. */
#include "attachment.h"

#include <algorithm>
#include <cerrno>

#include "error.h"
#include "text.h"

namespace dmr
{

namespace
{

enum Field {
	kMode,
	kOriginal,
	kFlags,
	kReads,
	kReadSectors,
	kWrites,
	kWriteSectors,
	kHeld,
	kFields,
	kSince = kFields, /* not of all kernels */
};

} // namespace

std::optional<Attachment> parse_attachment(std::string_view line)
{
	const auto words = words_of(line);

	if (words.size() < kFields)
		return std::nullopt;
	const auto original = parse_devno(words[kOriginal]);
	const auto reads = parse_number(words[kReads]);
	const auto read_sectors = parse_number(words[kReadSectors]);
	const auto writes = parse_number(words[kWrites]);
	const auto write_sectors = parse_number(words[kWriteSectors]);
	const auto held = parse_number(words[kHeld]);
	if (!original || !reads || !read_sectors || !writes || !write_sectors || !held)
		return std::nullopt;
	return Attachment{std::string(words[kMode]),
			  *original,
			  std::string(words[kFlags]),
			  *reads,
			  *read_sectors,
			  *writes,
			  *write_sectors,
			  *held,
			  words.size() > kSince ? parse_number(words[kSince]) : std::nullopt};
}

bool is_gone(const Attachment &attachment)
{
	std::string_view flags = attachment.flags;

	while (!flags.empty()) {
		const size_t end = std::min(flags.find(','), flags.size());

		if (flags.substr(0, end) == "gone")
			return true;
		flags.remove_prefix(std::min(end + 1, flags.size()));
	}
	return false;
}

std::vector<Attachment> attachments_of(Kernel &kernel, const std::string &what, const DmDevice &dm)
{
	std::vector<Attachment> result;
	const std::string answer = kernel.message(dm.devno, "@interpose_status");

	for (const auto line : lines_of(answer)) {
		auto attachment = parse_attachment(line);

		if (!attachment)
			throw Error(EPROTO,
				    what + ": " + dm.name +
					    ": the kernel's answer is not understood: '" +
					    printable(line) +
					    "': use the library that belongs to this kernel");
		result.push_back(std::move(*attachment));
	}
	return result;
}

std::vector<Attached> all_attachments(Kernel &kernel, const std::string &what)
{
	std::vector<Attached> result;

	for (const DmDevice &dm : kernel.dm_devices()) {
		try {
			for (Attachment &attachment : attachments_of(kernel, what, dm))
				result.push_back({dm, std::move(attachment)});
		} catch (const Error &error) {
			if (error.errnum() != ENXIO && error.errnum() != ENODEV)
				throw;
		}
	}
	return result;
}

} // namespace dmr
