/* SPDX-License-Identifier: LGPL-2.1-only */
/* From what the user wrote to devices. */
#include "resolve.h"

#include <cerrno>
#include <system_error>

#include "error.h"
#include "text.h"

namespace dmr
{

namespace
{

constexpr std::string_view kMapperDir = "/dev/mapper/";

[[noreturn]] void refuse(int errnum, const std::string &what, const std::string &given,
			 const std::string &reason)
{
	throw Error(errnum, what + ": " + printable(given) + ": " + reason);
}

/* Throws for everything that is not a block device. */
void require_block_device(const FileFacts &facts, const std::string &what, const std::string &given,
			  const std::string &missing_hint)
{
	using Kind = FileFacts::Kind;

	switch (facts.kind) {
	case Kind::block:
		return;
	case Kind::missing:
		refuse(ENOENT, what, given, "no such file or device" + missing_hint);
	case Kind::inaccessible:
		refuse(facts.errnum, what, given,
		       "cannot be reached: " + std::generic_category().message(facts.errnum));
	case Kind::directory:
		refuse(ENOTBLK, what, given,
		       "is a directory, not a block device: give the device, "
		       "findmnt -T shows which");
	case Kind::regular:
		refuse(ENOTBLK, what, given,
		       "is a regular file, not a block device: make it one with "
		       "losetup --find --show");
	case Kind::character:
		refuse(ENOTBLK, what, given, "is a character device, not a block device");
	case Kind::other:
		break;
	}
	refuse(ENOTBLK, what, given, "is not a block device");
}

} // namespace

DmInfo resolve_upper(Kernel &kernel, const std::string &what, const std::string &given)
{
	const std::string hint = ": dmsetup ls shows those that are there";

	if (given.empty())
		refuse(EINVAL, what, "''", "an empty name is no dm device");
	if (given.find('/') == std::string::npos) {
		if (auto info = kernel.dm_by_name(given))
			return *info;
		if (const auto devno = parse_devno(given))
			if (auto info = kernel.dm_by_devno(*devno))
				return *info;
		refuse(ENXIO, what, given, "no such dm device" + hint);
	}
	const FileFacts facts = kernel.file(given);
	/* Nodes in /dev/mapper are udev's, and udev may be late or not there at all. */
	if (facts.kind == FileFacts::Kind::missing && given.starts_with(kMapperDir)) {
		const std::string name = given.substr(kMapperDir.size());

		if (name.find('/') == std::string::npos && !name.empty())
			if (auto info = kernel.dm_by_name(name))
				return *info;
		refuse(ENXIO, what, given, "no such dm device" + hint);
	}
	require_block_device(facts, what, given, hint);
	if (auto info = kernel.dm_by_devno(facts.devno))
		return *info;
	refuse(ENXIO, what, given, "is a block device, but not one of device-mapper's" + hint);
}

Original resolve_original(Kernel &kernel, const std::string &what, const std::string &given)
{
	const std::string hint = ": lsblk shows the block devices";
	Devno devno;

	if (given.empty())
		refuse(EINVAL, what, "''", "an empty name is no block device");
	const auto number = parse_devno(given);
	if (number) {
		devno = *number;
	} else {
		const FileFacts facts = kernel.file(given);

		if (facts.kind == FileFacts::Kind::missing &&
		    given.find('/') == std::string::npos &&
		    kernel.file("/dev/" + given).kind == FileFacts::Kind::block)
			refuse(ENOENT, what, given,
			       "no such file: do you mean /dev/" + given + "?");
		require_block_device(facts, what, given, hint);
		devno = facts.devno;
	}
	auto facts = kernel.block(devno);
	if (!facts)
		refuse(ENXIO, what, given,
		       "there is no block device with the number " + to_string(devno) + hint);
	return {given, devno, std::move(*facts)};
}

} // namespace dmr
