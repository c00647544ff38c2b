// SPDX-License-Identifier: GPL-2.0-only
/*
 * What udev is told by the kernel of block devices, a line each, until TERM: action, name of the device, the flags
 * that libdevmapper passes to udev's rules with its cookie, in hex, 0 without a cookie; and what is told of an
 * interposer: action, mode and upper, or "-".
 */
#define _GNU_SOURCE 1
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FLAGS_SHIFT	16	/* as libdevmapper has it */

static const char *value(const char *message, const char *end, const char *key)
{
	size_t length = strlen(key);

	for (; message < end; message += strlen(message) + 1)
		if (!strncmp(message, key, length) && message[length] == '=')
			return message + length + 1;
	return NULL;
}

int main(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int space = 4 << 20;
	static char message[16384];
	ssize_t n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof(space)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("uevents");
		return 2;
	}
	printf("listening\n");
	fflush(stdout);
	while ((n = recv(fd, message, sizeof(message) - 1, 0)) > 0) {
		const char *end = message + n, *subsystem, *action, *device, *cookie, *interpose, *mode,
			*upper;

		message[n] = '\0';
		subsystem = value(message, end, "SUBSYSTEM");
		if (!subsystem || strcmp(subsystem, "block"))
			continue;
		action = value(message, end, "ACTION");
		device = value(message, end, "DEVNAME");
		cookie = value(message, end, "DM_COOKIE");
		interpose = value(message, end, "INTERPOSE");
		mode = value(message, end, "INTERPOSE_MODE");
		upper = value(message, end, "INTERPOSE_UPPER");
		printf("%s %s %x ", action ? action : "-", device ? device : "-",
		       cookie ? (unsigned int)strtoul(cookie, NULL, 0) >> FLAGS_SHIFT : 0);
		if (interpose)
			printf("%s:%s:%s\n", interpose, mode ? mode : "", upper ? upper : "");
		else
			printf("-\n");
		fflush(stdout);
	}
	/* one that was lost would make a test pass that must not */
	perror("uevents");
	return 1;
}
