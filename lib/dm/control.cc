/* SPDX-License-Identifier: LGPL-2.1-only */
/* What changes dm devices, over libdevmapper. */
#include "control.h"

#include <cerrno>

#include "../text.h"
#include "task.h"

namespace dmr::device_mapper
{

namespace
{

constexpr uint16_t kHidden = DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG |
			     DM_UDEV_DISABLE_DISK_RULES_FLAG | DM_UDEV_DISABLE_OTHER_RULES_FLAG;

DmTask task_for(int type, const std::string &verb, const std::string &name)
{
	DmTask task(type, verb + " " + printable(name));

	task.set_name(name);
	return task;
}

void run_with_udev(DmTask &task, const std::string &what, Udev &udev)
{
	check(dm_task_set_cookie(task.get(), udev.cookie(), kHidden), ENOMEM, what);
	task.run();
}

void add_targets(DmTask &task, const Table &table, const std::string &what)
{
	for (const DmTarget &target : table)
		check(dm_task_add_target(task.get(), target.start, target.sectors,
					 target.type.c_str(), target.params.c_str()),
		      ENOMEM, what);
}

} // namespace

void Udev::wait()
{
	if (cookie_)
		dm_udev_wait(cookie_);
	cookie_ = 0;
}

void create(const std::string &name, const std::string &uuid, const Table &table, Udev &udev)
{
	DmTask task = task_for(DM_DEVICE_CREATE, "create", name);

	task.set_uuid(uuid);
	add_targets(task, table, "create " + printable(name));
	run_with_udev(task, "create " + printable(name), udev);
}

void load(const std::string &name, const Table &table)
{
	DmTask task = task_for(DM_DEVICE_RELOAD, "load a table into", name);

	add_targets(task, table, "load a table into " + printable(name));
	task.run();
}

void clear(const std::string &name)
{
	task_for(DM_DEVICE_CLEAR, "clear", name).run();
}

void suspend(const std::string &name, Flush flush)
{
	DmTask task = task_for(DM_DEVICE_SUSPEND, "suspend", name);

	if (flush == Flush::no) {
		task.set_no_flush();
		check(dm_task_skip_lockfs(task.get()), EINVAL, "suspend " + printable(name));
	}
	task.run();
}

void resume(const std::string &name, Udev &udev)
{
	DmTask task = task_for(DM_DEVICE_RESUME, "resume", name);

	run_with_udev(task, "resume " + printable(name), udev);
}

void replace(const std::string &name, const Table &table, Udev &udev, Flush flush)
{
	load(name, table);
	try {
		suspend(name, flush);
		resume(name, udev);
	} catch (...) {
		clear(name);
		resume(name, udev);
		throw;
	}
}

void remove(const std::string &name, Udev &udev)
{
	DmTask task = task_for(DM_DEVICE_REMOVE, "remove", name);

	check(dm_task_retry_remove(task.get()), EINVAL, "remove " + printable(name));
	run_with_udev(task, "remove " + printable(name), udev);
}

} // namespace dmr::device_mapper
