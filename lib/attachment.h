/* SPDX-License-Identifier: LGPL-2.1-only */
/* The answer to @interpose_status, and who says it. */
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel.h"
#include "types.h"

namespace dmr
{

/* What is attached to one original, as the kernel tells it. */
struct Attachment {
	std::string mode;
	Devno original;
	std::string flags; /* "-" or words with commas between */
	uint64_t reads;
	uint64_t read_sectors;
	uint64_t writes;
	uint64_t write_sectors;
	uint64_t held;
	std::optional<uint64_t> since; /* seconds of CLOCK_BOOTTIME; older kernels do not tell */
};

/* Whether the original was unplugged: its number may be another device's by now. */
bool is_gone(const Attachment &attachment);

/* One line; words after the known ones are of later kernels and ignored. Nothing: malformed. */
std::optional<Attachment> parse_attachment(std::string_view line);

/* What one dm device is attached to: usually nothing or one. Error: of the message, or EPROTO
 * for an answer that is not understood; @what is the operation that its sentence names. */
std::vector<Attachment> attachments_of(Kernel &kernel, const std::string &what, const DmDevice &dm);

/* An upper and what it is attached to. */
struct Attached {
	DmDevice upper;
	Attachment attachment;
};

/* Of all dm devices. Devices that disappear meanwhile are left out. */
std::vector<Attached> all_attachments(Kernel &kernel, const std::string &what);

} // namespace dmr
