/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the library asks of device-mapper, over libdevmapper. */
#include "device_mapper.h"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "../file_descriptor.h"
#include "../text.h"
#include "task.h"

namespace dmr::device_mapper
{

namespace
{

std::optional<DmInfo> info_of(DmTask &task)
{
	dm_info info;

	if (!task.run_if_exists())
		return std::nullopt;
	check(dm_task_get_info(task.get(), &info), EINVAL, "device-mapper: info");
	const char *name = dm_task_get_name(task.get());
	const char *uuid = dm_task_get_uuid(task.get());
	return DmInfo{
		.name = name ? name : "",
		.uuid = uuid ? uuid : "",
		.devno = {info.major, info.minor},
		.suspended = info.suspended != 0,
		.live_table = info.live_table != 0,
		.read_only = info.read_only != 0,
		.open_count = info.open_count,
	};
}

/* What comes with a target at each line of the answer: its table, or its status. */
std::vector<DmTarget> targets_of(DmTask &task, Devno dm)
{
	std::vector<DmTarget> result;

	task.set_devno(dm);
	if (!task.run_if_exists())
		return result;
	void *next = nullptr;
	do {
		uint64_t start = 0;
		uint64_t sectors = 0;
		char *type = nullptr;
		char *params = nullptr;

		next = dm_get_next_target(task.get(), next, &start, &sectors, &type, &params);
		if (type)
			result.push_back({start, sectors, type, params ? params : ""});
	} while (next);
	return result;
}

} // namespace

bool has_target(const std::string &type)
{
	struct {
		dm_ioctl io;
		char room[256];
	} request = {};
	const FileDescriptor control(open("/dev/mapper/control", O_RDWR | O_CLOEXEC));

	/* not by libdevmapper, which tells everybody that there is none */
	request.io.version[0] = DM_VERSION_MAJOR;
	request.io.data_size = sizeof(request);
	request.io.data_start = offsetof(decltype(request), room);
	type.copy(request.io.name, sizeof(request.io.name) - 1);
	return control && ioctl(control.get(), DM_GET_TARGET_VERSION, &request) == 0;
}

std::string message(Devno dm, const std::string &text)
{
	DmTask task(DM_DEVICE_TARGET_MSG, "device-mapper: message to " + to_string(dm));

	task.set_devno(dm);
	task.set_message(text);
	task.run();
	const char *answer = dm_task_get_message_response(task.get());
	return answer ? answer : "";
}

std::vector<DmDevice> devices()
{
	DmTask task(DM_DEVICE_LIST, "device-mapper: list of devices");
	std::vector<DmDevice> result;

	task.run();
	const dm_names *entry = dm_task_get_names(task.get());
	/* An empty list is one entry without device number. */
	if (!entry || !entry->dev)
		return result;
	for (;;) {
		result.push_back({entry->name, {major(entry->dev), minor(entry->dev)}});
		if (!entry->next)
			return result;
		entry = reinterpret_cast<const dm_names *>(reinterpret_cast<const char *>(entry) +
							   entry->next);
	}
}

std::optional<DmInfo> by_name(const std::string &name)
{
	/* Longer names cannot exist, and libdevmapper would log an error. */
	if (name.size() >= DM_NAME_LEN)
		return std::nullopt;
	DmTask task(DM_DEVICE_INFO, "device-mapper: info of " + printable(name));
	task.set_name(name);
	return info_of(task);
}

std::optional<DmInfo> by_uuid(const std::string &uuid)
{
	if (uuid.size() >= DM_UUID_LEN)
		return std::nullopt;
	DmTask task(DM_DEVICE_INFO, "device-mapper: info of " + printable(uuid));
	task.set_uuid(uuid);
	return info_of(task);
}

std::optional<DmInfo> by_devno(Devno devno)
{
	DmTask task(DM_DEVICE_INFO, "device-mapper: info of " + to_string(devno));

	task.set_devno(devno);
	auto info = info_of(task);
	/* The kernel looks at the minor number only where the major is another driver's. */
	if (info && info->devno != devno)
		return std::nullopt;
	return info;
}

std::vector<DmTarget> table(Devno dm)
{
	DmTask task(DM_DEVICE_TABLE, "device-mapper: table of " + to_string(dm));

	return targets_of(task, dm);
}

std::vector<DmTarget> status(Devno dm)
{
	DmTask task(DM_DEVICE_STATUS, "device-mapper: status of " + to_string(dm));

	task.set_no_flush();
	return targets_of(task, dm);
}

std::vector<Devno> deps(Devno dm)
{
	DmTask task(DM_DEVICE_DEPS, "device-mapper: deps of " + to_string(dm));
	std::vector<Devno> result;

	task.set_devno(dm);
	if (!task.run_if_exists())
		return result;
	const dm_deps *list = dm_task_get_deps(task.get());
	if (!list)
		return result;
	for (uint32_t i = 0; i < list->count; i++)
		result.push_back({major(list->device[i]), minor(list->device[i])});
	return result;
}

} // namespace dmr::device_mapper
