/* SPDX-License-Identifier: LGPL-2.1-only */
/* The module dm-interpose: is it there, and how it is talked to. */
#include "module.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../error.h"
#include "../file_descriptor.h"
#include "../text.h"
#include "device_mapper.h"

namespace dmr::module
{

namespace
{

const char kNode[] = "/dev/mapper/interpose";

} // namespace

bool is_loaded()
{
	return access(kNode, F_OK) == 0;
}

bool load()
{
	return is_loaded() || (device_mapper::has_target("interpose") && is_loaded());
}

bool is_installed(const std::string &modules)
{
	utsname kernel;
	std::string line;

	if (uname(&kernel))
		return false;
	std::ifstream file(modules + "/" + kernel.release + "/modules.dep");
	while (std::getline(file, line))
		if (line.substr(0, line.find(':')).find("/dm-interpose.ko") != std::string::npos)
			return true;
	return false;
}

std::string message(Devno dm, const std::string &text)
{
	const FileDescriptor fd(open(kNode, O_RDWR | O_CLOEXEC));
	const std::string request = to_string(dm) + " " + text;
	char answer[256];

	if (!fd || write(fd.get(), request.data(), request.size()) < 0)
		throw Error(errno, "message to " + to_string(dm) + ": " +
					   std::generic_category().message(errno));
	const ssize_t length = read(fd.get(), answer, sizeof(answer));
	if (length < 0)
		throw Error(errno,
			    std::string(kNode) + ": " + std::generic_category().message(errno));
	return {answer, static_cast<size_t>(length)};
}

void name_as_linear(DmTarget &target)
{
	if (target.type != "interpose")
		return;
	target.type = "linear";
	target.params += " noexcl";
}

} // namespace dmr::module
