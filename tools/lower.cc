/* SPDX-License-Identifier: GPL-2.0-only */
/* How the tables of a recipe reach a block device past what is attached to it. */
#include "lower.h"

#include <cerrno>

#include "text.h"

namespace tools
{

namespace
{

namespace dm = dmr::device_mapper;
using dmr::Devno;
using dmr::Error;

const char kRole[] = "lower";

/* Somebody else may have been quicker. */
void remove_unless_used(const dmr::DmInfo &device, dm::Udev &udev)
{
	if (device.open_count > 0)
		return;
	try {
		dm::remove(device.name, udev);
	} catch (const Error &error) {
		if (error.errnum() != ENXIO && error.errnum() != EBUSY)
			throw;
	}
}

} // namespace

std::string Lower::noexcl() const
{
	return shared ? " noexcl:" + to_string(device) : "";
}

std::optional<Devno> passed_on_to(const dm::Table &table)
{
	if (table.size() != 1 || table.front().type != "interpose")
		return std::nullopt;
	const auto words = dmr::words_of(table.front().params);
	if (words.size() != 2 || words[1] != "0")
		return std::nullopt;
	return dmr::parse_devno(words[0]);
}

Devno original_of(Devno device)
{
	/* the number of another driver's device may be that of a dm device, but for the major */
	if (!dm::by_devno(device))
		return device;
	return passed_on_to(dm::table(device)).value_or(device);
}

Lower lower_of(const Session &session, const BlockDevice &original, dm::Udev &udev)
{
	const std::string name = name_for(original.name, kRole);
	const std::string head = session.what + ": " + dmr::printable(original.given) + ": ";

	if (session.context.probe().provider != DMREMAP_SUPPORT_MODULE)
		return {original.number, true};
	/* of a command that was killed, perhaps when it had no table yet */
	remove_lower(original.name, udev);
	auto device = dm::by_name(name);
	if (!device) {
		dm::create(name, uuid_for(kRole, original.name),
			   {{0, original.sectors, "interpose", to_string(original.number) + " 0"}},
			   udev);
		udev.wait();
		device = dm::by_name(name);
	}
	if (!device || !is_ours(*device, kRole))
		throw Error(EEXIST,
			    head + "there is a dm device " + name + " already: rename it first");
	if (original_of(device->devno) != original.number)
		throw Error(EBUSY, head + name +
					   " is of a device that is gone, and in use: lsblk /dev/mapper/" +
					   name + " shows by whom: remove that first");
	return {device->devno, false};
}

void remove_lower(const std::string &name, dm::Udev &udev)
{
	if (const auto device = dm::by_uuid(uuid_for(kRole, name)))
		remove_unless_used(*device, udev);
}

void remove_lowers(dm::Udev &udev)
{
	for (const dmr::DmDevice &device : dm::devices())
		if (const auto info = dm::by_devno(device.devno))
			if (is_ours(*info, kRole))
				remove_unless_used(*info, udev);
}

} // namespace tools
