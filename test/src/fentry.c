// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has ftrace call a program of BPF directly, at the entry of a function, as bpftrace does for "fentry": says "attached",
 * and holds it until stdin ends. Exit status 3: somebody else has the function (EBUSY).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "fentry: %s: %s\n", what, strerror(errno));
	exit(errno == EBUSY ? 3 : 1);
}

/* What a type has behind it, in bytes */
static size_t more(const struct btf_type *t)
{
	const size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return n * 8;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return n * 12;
	}
	return 0;
}

/* The number of the function among the types of the kernel */
static unsigned int find(const char *function)
{
	const int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);
	size_t room = 64 << 20, size = 0;
	char *btf = malloc(room);
	ssize_t r;

	if (fd < 0 || !btf)
		die("/sys/kernel/btf/vmlinux");
	while ((r = read(fd, btf + size, room - size)) > 0)
		size += r;
	close(fd);

	const struct btf_header *h = (const void *)btf;
	const char *at = btf + h->hdr_len + h->type_off, *end = at + h->type_len;
	const char *strings = btf + h->hdr_len + h->str_off;

	for (unsigned int id = 1; at < end; id++) {
		const struct btf_type *t = (const void *)at;

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && !strcmp(strings + t->name_off, function)) {
			free(btf);
			return id;
		}
		at += sizeof(*t) + more(t);
	}
	errno = ENOENT;
	die(function);
	return 0;
}

int main(int argc, char **argv)
{
	/* r0 = 0; exit */
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int prog;
	char c;

	if (argc != 2) {
		fputs("usage: fentry FUNCTION\n", stderr);
		return 2;
	}
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_TRACING;
	attr.expected_attach_type = BPF_TRACE_FENTRY;
	attr.attach_btf_id = find(argv[1]);
	attr.insns = (unsigned long)insns;
	attr.insn_cnt = sizeof(insns) / sizeof(*insns);
	attr.license = (unsigned long)"GPL";
	prog = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog < 0)
		die("BPF_PROG_LOAD");
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.prog_fd = prog;
	if (syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr)) < 0)
		die("it is not called");
	puts("attached");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
