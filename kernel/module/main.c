// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "dm-interpose: " fmt

#include "interpose.h"

#include <linux/module.h>

static const struct {
	int (*init)(void);
	void (*exit)(void);
} ip_parts[] = {
	{ ip_hook_init, ip_hook_exit },
	{ ip_route_init, ip_route_exit },
	{ ip_gate_init, ip_gate_exit },
	{ ip_selftest },
	{ ip_control_init, ip_control_exit },
	{ ip_target_init, ip_target_exit },
};

static void ip_end(unsigned int nr)
{
	while (nr--)
		if (ip_parts[nr].exit)
			ip_parts[nr].exit();
}

static int __init ip_init(void)
{
	unsigned int i;
	int r;

	for (i = 0; i < ARRAY_SIZE(ip_parts); i++) {
		r = ip_parts[i].init();
		if (r) {
			ip_end(i);
			return r;
		}
	}
	return 0;
}

/* Nothing is attached and there is no table: both hold the module. */
static void __exit ip_exit(void)
{
	ip_end(ARRAY_SIZE(ip_parts));
	/*
	 * Who has ended the last bio may still be in our text, but does not sleep there: a task, or
	 * an interrupt, also of a processor that is idle.
	 */
	synchronize_rcu_tasks();
	synchronize_rcu();
}

module_init(ip_init);
module_exit(ip_exit);
MODULE_DESCRIPTION("Interpose a mapped device on a block device in use");
MODULE_AUTHOR("dm-remap developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
