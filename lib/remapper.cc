/* SPDX-License-Identifier: LGPL-2.1-only */
/* Start, stop and status. */
#include "remapper.h"

#include <cerrno>

#include "error.h"
#include "explain.h"
#include "pair.h"
#include "text.h"
#include "usage.h"

namespace dmr
{

namespace
{

std::string start_message(const std::vector<Pair> &pairs, bool nolockfs)
{
	std::string text = "@interpose_start remap " + to_string(pairs.front().original.devno);

	if (nolockfs)
		text += " nolockfs";
	for (size_t i = 1; i < pairs.size(); i++)
		text += " and " + to_string(pairs[i].upper.devno) + " " +
			to_string(pairs[i].original.devno);
	return text;
}

const char kNoDeviceMapper[] = "this kernel has no device-mapper: load it with modprobe dm_mod, "
			       "or boot a kernel that is built with CONFIG_BLK_DEV_DM";

} // namespace

void Remapper::require_device_mapper(const std::string &what)
{
	switch (kernel_.availability()) {
	case Availability::ready:
		return;
	case Availability::not_permitted:
		throw Error(EPERM,
			    what + ": not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	case Availability::missing:
		throw Error(ENOSYS, what + ": " + kNoDeviceMapper);
	}
}

void Remapper::require_interposer(const std::string &what, const DmInfo &upper)
{
	try {
		kernel_.message(upper.devno, "@interpose_status");
	} catch (const Error &error) {
		if (error.errnum() == EINVAL)
			throw Error(ENOSYS, no_interposer(what, upper.name));
		throw Error(error.errnum(), explain_any(what, upper.name, error.errnum()));
	}
}

Support Remapper::probe()
{
	switch (kernel_.availability()) {
	case Availability::not_permitted:
		throw Error(EPERM, "probe: not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	case Availability::missing:
		return {Support::Kind::none, kNoDeviceMapper};
	case Availability::ready:
		break;
	}
	for (const DmDevice &dm : kernel_.dm_devices()) {
		try {
			kernel_.message(dm.devno, "@interpose_status");
			return {Support::Kind::native, "the kernel has the interposer built in"};
		} catch (const Error &error) {
			if (error.errnum() == EINVAL)
				return {Support::Kind::none,
					"this kernel has no interposer: boot a kernel "
					"that is built "
					"with CONFIG_DM_INTERPOSE"};
			if (error.errnum() != ENXIO && error.errnum() != ENODEV)
				throw Error(error.errnum(),
					    explain_any("probe", dm.name, error.errnum()));
		}
	}
	return {Support::Kind::unknown,
		"there is no dm device that could be asked: create one first"};
}

/* Only to keep the time short in which the kernel holds the file systems frozen: what goes wrong
 * here is told and does not end the start. */
void Remapper::write_out(const Original &original)
{
	for (const Mount &mount : mounts_on(kernel_, original)) {
		log_(LogLevel::step, "writing out the " + mount.type + " file system on " +
					     printable(mount.directory));
		try {
			kernel_.sync(mount.directory);
		} catch (const Error &error) {
			log_(LogLevel::warning, error.what());
		}
	}
}

void Remapper::start(const std::vector<PairNames> &names, bool nolockfs)
{
	static const std::string kWhat = "remap start";
	std::vector<Pair> pairs;

	require_device_mapper(kWhat);
	for (const PairNames &name : names) {
		pairs.push_back({resolve_upper(kernel_, kWhat, name.upper),
				 resolve_original(kernel_, kWhat, name.original)});
		refuse_unusable(pairs.back());
	}
	refuse_duplicates(pairs);
	require_interposer(kWhat, pairs.front().upper);
	for (const Pair &pair : pairs) {
		const std::string users = users_of(kernel_, pair.original);

		log_(LogLevel::step, pair.upper.name + " (" + to_string(pair.upper.devno) +
					     ") goes to " + describe(pair.original) +
					     (users.empty() ? "" : ": " + users));
		refuse_unequal(kernel_, pair);
		refuse_member(kernel_, kWhat, pair.original);
	}
	if (!nolockfs)
		for (const Pair &pair : pairs)
			write_out(pair.original);

	const std::string text = start_message(pairs, nolockfs);
	log_(LogLevel::step, "sending to " + pairs.front().upper.name + ": " + text);
	try {
		kernel_.message(pairs.front().upper.devno, text);
	} catch (const Error &error) {
		throw Error(error.errnum(), explain_start(kernel_, pairs, error.errnum()));
	}
	for (const Pair &pair : pairs)
		log_(LogLevel::step, "attached: " + describe(pair));
}

void Remapper::stop(const std::string &given, bool nolockfs)
{
	static const std::string kWhat = "remap stop";

	require_device_mapper(kWhat);
	const DmInfo upper = resolve_upper(kernel_, kWhat, given);
	const std::string text = nolockfs ? "@interpose_stop nolockfs" : "@interpose_stop";
	log_(LogLevel::step, "sending to " + upper.name + ": " + text);
	try {
		kernel_.message(upper.devno, text);
	} catch (const Error &error) {
		throw Error(error.errnum(), explain_stop(kernel_, upper, error.errnum()));
	}
	log_(LogLevel::step, "detached: " + upper.name);
}

std::vector<Attached> Remapper::status()
{
	static const std::string kWhat = "remap status";

	require_device_mapper(kWhat);
	try {
		return all_attachments(kernel_);
	} catch (const Error &error) {
		if (error.errnum() == EINVAL)
			throw Error(ENOSYS, no_interposer(kWhat, "all dm devices"));
		throw;
	}
}

std::vector<Attached> Remapper::status(const std::string &given)
{
	static const std::string kWhat = "remap status";
	std::vector<Attached> result;

	require_device_mapper(kWhat);
	const DmInfo upper = resolve_upper(kernel_, kWhat, given);
	require_interposer(kWhat, upper);
	const DmDevice dm = {upper.name, upper.devno};
	for (Attachment &attachment : attachments_of(kernel_, dm))
		result.push_back({dm, std::move(attachment)});
	return result;
}

std::string Remapper::name_from_uuid(const std::string &uuid)
{
	require_device_mapper("find a dm device");
	if (auto info = kernel_.dm_by_uuid(uuid))
		return info->name;
	throw Error(ENXIO, "no dm device has the UUID '" + printable(uuid) +
				   "': dmsetup info -c shows those that are there");
}

std::string Remapper::name_from_devno(Devno devno)
{
	require_device_mapper("find a dm device");
	if (auto info = kernel_.dm_by_devno(devno))
		return info->name;
	throw Error(ENXIO, "no dm device has the number " + to_string(devno) +
				   ": dmsetup info -c shows those that are there");
}

} // namespace dmr
