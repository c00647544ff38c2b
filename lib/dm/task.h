/* SPDX-License-Identifier: LGPL-2.1-only */
/* One libdevmapper task, from its creation to its answer. */
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <libdevmapper.h>

#include "../types.h"

namespace dmr
{

/* libdm's functions return 1 for success and 0 for failure: 0 becomes an Error with @errnum
 * and a sentence made of @what. */
void check(int libdm_result, int errnum, const std::string &what);

class DmTask
{
public:
	/* @what names operation and device for errors: "message to 254:1". Throws Error. */
	DmTask(int type, std::string what);

	void set_name(const std::string &name);
	void set_uuid(const std::string &uuid);
	void set_devno(Devno devno);
	void set_message(const std::string &text);
	void set_no_flush();

	/* Throws Error with the kernel's errno. */
	void run();

	/* As run(), but false when there is no such device. */
	bool run_if_exists();

	dm_task *get() const { return task_.get(); }

private:
	struct Deleter {
		void operator()(dm_task *task) const { dm_task_destroy(task); }
	};

	std::string what_;
	std::unique_ptr<dm_task, Deleter> task_;
};

} // namespace dmr
