// SPDX-License-Identifier: GPL-2.0-only
/*
 * A command to device-mapper, by ioctl, again and again: the first time its first allocation fails, then the
 * second one, and so on, until it has done all that it needs and none has failed. Each time it succeeds or says
 * ENOMEM, with nothing half done, and without a failure it succeeds at once.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BUFFER	(16 * 1024)
#define TOO_MANY	2000

static const char usage[] =
	"usage: failnth start NAME START STOP [OTHER]    two messages, to a device that is not attached;\n"
	"                                                OTHER: is attached by the same start\n"
	"       failnth stop NAME START STOP\n"
	"       failnth load NAME SECTORS TARGET PARAMS  a table, to a device without an inactive one\n"
	"       failnth swap NAME SECTORS TARGET PARAMS  suspend, and resume with it\n"
	"prints how many allocations there were, and how many of them it could do without\n";

static int control = -1, nth = -1;
static unsigned char request[BUFFER];
static const char *name, *other;

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "failnth: %s: %m\n", what);
	exit(2);
}

static struct dm_ioctl *frame(void)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;

	memset(request, 0, sizeof(request));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = sizeof(request);
	io->data_start = sizeof(*io);
	strncpy(io->name, name, sizeof(io->name) - 1);
	return io;
}

static int message(const char *text)
{
	struct dm_target_msg *m = (struct dm_target_msg *)(frame() + 1);

	strcpy(m->message, text);
	return ioctl(control, DM_TARGET_MSG, request) ? errno : 0;
}

static bool is_attached(void)
{
	struct dm_ioctl *io = (struct dm_ioctl *)request;

	if (message("@interpose_status"))
		die("@interpose_status");
	return io->flags & DM_DATA_OUT_FLAG && request[io->data_start];
}

static void swap_names(void)
{
	const char *n = name;

	name = other;
	other = n;
}

/* Both or none: of several pairs. */
static bool attached(void)
{
	bool first = is_attached(), second = first;

	if (other) {
		swap_names();
		second = is_attached();
		swap_names();
	}
	if (first == second)
		return first;
	fprintf(stderr, "failnth: half done: %s is attached, %s is not\n", first ? name : other,
		first ? other : name);
	exit(1);
}

static char **table;

static int load(void)
{
	struct dm_ioctl *io = frame();
	struct dm_target_spec *spec = (struct dm_target_spec *)(io + 1);

	io->target_count = 1;
	spec->length = strtoull(table[0], NULL, 0);
	strncpy(spec->target_type, table[1], sizeof(spec->target_type) - 1);
	strcpy((char *)(spec + 1), table[2]);
	return ioctl(control, DM_TABLE_LOAD, request) ? errno : 0;
}

static int clear(void)
{
	frame();
	return ioctl(control, DM_TABLE_CLEAR, request) ? errno : 0;
}

static int suspend(bool on)
{
	frame()->flags = on ? DM_SUSPEND_FLAG : 0;
	return ioctl(control, DM_DEV_SUSPEND, request) ? errno : 0;
}

static uint32_t status(void)
{
	struct dm_ioctl *io = frame();

	if (ioctl(control, DM_DEV_STATUS, request))
		die("status");
	return io->flags;
}

static const char *start_text, *stop_text;

static int do_start(void)
{
	return message(start_text);
}

static int do_stop(void)
{
	int error = message(stop_text);

	if (error || !other)
		return error;
	swap_names();
	error = message(stop_text);
	swap_names();
	return error;
}

static bool loaded(void)
{
	return status() & DM_INACTIVE_PRESENT_FLAG;
}

static bool suspended(void)
{
	return status() & DM_SUSPEND_FLAG;
}

static int do_suspend(void)
{
	return suspend(true);
}

/* A table that cannot be made live is gone then: the one before it stays. */
static int do_resume(void)
{
	return suspend(false);
}

static int load_and_suspend(void)
{
	int error = load();

	return error ? error : suspend(true);
}

static void arm(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth, text, length, 0) != length)
		die("fail-nth");
}

static unsigned int left(void)
{
	char text[16] = "";

	if (pread(nth, text, sizeof(text) - 1, 0) < 1)
		die("fail-nth");
	return strtoul(text, NULL, 10);
}

struct step {
	const char *what;
	int (*run)(void);
	int (*undo)(void);
	bool (*is)(void);	/* what run() makes true */
	bool becomes;
};

static void must(int error, const char *what, unsigned int n)
{
	if (!error)
		return;
	fprintf(stderr, "failnth: allocation %u failed; %s, without a failure: %s\n", n, what,
		strerrorname_np(error));
	exit(1);
}

static void must_be(const struct step *s, bool done, unsigned int n, int error)
{
	if (s->is() == (done == s->becomes))
		return;
	fprintf(stderr, "failnth: allocation %u failed, %s said %s, and it is%s\n", n, s->what,
		error ? strerrorname_np(error) : "OK", done ? " not done" : " done");
	exit(1);
}

static int each(const struct step *s)
{
	unsigned int n, without = 0;

	for (n = 1; n < TOO_MANY; n++) {
		unsigned int rest;
		int error;

		arm(n);
		error = s->run();
		rest = left();
		arm(0);
		if (error && (error != ENOMEM || rest)) {
			fprintf(stderr, "failnth: %s, allocation %u%s: %s\n", s->what, n,
				rest ? " did not fail" : "", strerrorname_np(error));
			return 1;
		}
		must_be(s, !error, n, error);
		if (error)
			must(s->run(), s->what, n);
		else if (!rest)
			without++;
		must_be(s, true, n, 0);
		must(s->undo(), "to undo it", n);
		must_be(s, false, n, 0);
		if (rest) {
			printf("%u %u\n", n - 1, without);
			return n == 1;
		}
	}
	fprintf(stderr, "failnth: %s: no end of allocations\n", s->what);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		goto usage;
	name = argv[2];
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0)
		die("/dev/mapper/control");
	nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth < 0)
		die("/proc/thread-self/fail-nth");
	start_text = argv[3];
	stop_text = argv[4];
	table = argv + 3;
	if (!strcmp(argv[1], "start") && (argc == 5 || argc == 6)) {
		other = argv[5];
		return each(&(struct step){ "start", do_start, do_stop, attached, true });
	}
	if (!strcmp(argv[1], "stop") && argc == 5) {
		must(do_start(), "start", 0);
		if (each(&(struct step){ "stop", do_stop, do_start, attached, false }))
			return 1;
		must(do_stop(), "stop", 0);
		return 0;
	}
	if (!strcmp(argv[1], "load") && argc == 6)
		return each(&(struct step){ "load", load, clear, loaded, true });
	if (!strcmp(argv[1], "swap") && argc == 6) {
		if (each(&(struct step){ "suspend", do_suspend, do_resume, suspended, true }))
			return 1;
		must(load_and_suspend(), "suspend", 0);
		if (each(&(struct step){ "resume", do_resume, load_and_suspend, suspended, false }))
			return 1;
		must(do_resume(), "resume", 0);
		return 0;
	}
usage:
	fputs(usage, stderr);
	return 2;
}
