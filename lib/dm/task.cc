/* SPDX-License-Identifier: LGPL-2.1-only */
/* One libdevmapper task, from its creation to its answer. */
#include "task.h"

#include <cerrno>
#include <utility>

#include "../error.h"

namespace dmr
{

void check(int libdm_result, int errnum, const std::string &what)
{
	if (libdm_result)
		return;
	if (errnum == EACCES || errnum == EPERM)
		throw Error(EPERM,
			    what + ": not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	throw Error(errnum, what + ": " + std::generic_category().message(errnum));
}

DmTask::DmTask(int type, std::string what) : what_(std::move(what)), task_(dm_task_create(type))
{
	/* It fails for lack of memory, and where libdevmapper finds no driver of its version. */
	check(task_ != nullptr, ENODEV, what_);
	check(dm_task_enable_checks(task_.get()), EINVAL, what_);
}

void DmTask::set_name(const std::string &name)
{
	check(dm_task_set_name(task_.get(), name.c_str()), EINVAL, what_);
}

void DmTask::set_uuid(const std::string &uuid)
{
	check(dm_task_set_uuid(task_.get(), uuid.c_str()), EINVAL, what_);
}

void DmTask::set_devno(Devno devno)
{
	check(dm_task_set_major_minor(task_.get(), static_cast<int>(devno.major),
				      static_cast<int>(devno.minor), 0),
	      EINVAL, what_);
}

void DmTask::set_message(const std::string &text)
{
	check(dm_task_set_sector(task_.get(), 0), EINVAL, what_);
	check(dm_task_set_message(task_.get(), text.c_str()), ENOMEM, what_);
}

void DmTask::set_no_flush()
{
	check(dm_task_no_flush(task_.get()), EINVAL, what_);
}

void DmTask::run()
{
	if (dm_task_run(task_.get()))
		return;
	/* 0: it failed before the ioctl, which is when /dev/mapper/control cannot be opened. */
	const int errnum = dm_task_get_errno(task_.get());
	check(0, errnum ? errnum : ENODEV, what_);
}

bool DmTask::run_if_exists()
{
	if (!dm_task_run(task_.get())) {
		const int errnum = dm_task_get_errno(task_.get());

		if (errnum == ENXIO || errnum == ENODEV)
			return false;
		check(0, errnum ? errnum : EIO, what_);
	}
	dm_info info;
	return dm_task_get_info(task_.get(), &info) && info.exists;
}

} // namespace dmr
