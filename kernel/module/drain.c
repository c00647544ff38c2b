// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wait for the bios that nobody counts: those that were past the hook before it counted.
 *
 * From the hook on, such a bio is in one of these places:
 *
 *	R	with a task that does not sleep, before it has the queue's reference;
 *	W	with a task that waits in q->mq_freeze_wq for a frozen queue;
 *	U	in the bio_list of a task that holds a reference for the part before it: the rest of
 *		one that was cut. What is cut off that rest passes the hook again, and is counted;
 *	I	it has the reference.
 *
 * synchronize_rcu_tasks() waits until each task has slept of its own will, so that R becomes W,
 * U or I. To freeze the queue waits for I; with it the part before a U ends, which is an R
 * then. So after one round of both, all that is left was R or W when the queue was let go, and
 * W was woken: it is R, unless somebody else freezes the queue. That is seen: every end of a
 * freeze wakes q->mq_freeze_wq, and so an entry of ours there. If ours was the only one and
 * none is under way, the second synchronize_rcu_tasks() leaves nothing but I, and the second
 * freeze waits for that.
 *
 * Two places are left out. What blk-throttle holds is not seen from here: no original with
 * limits is given to a start (the library looks). And bio-based originals have no reference
 * that lasts: they are refused.
 */
#include "interpose.h"

#include <linux/sched/signal.h>

#define IP_ROUNDS	50

struct ip_watch {
	wait_queue_entry_t entry;
	atomic_t woken;
};

static int ip_watch_wake(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	atomic_inc(&container_of(entry, struct ip_watch, entry)->woken);
	return 0;
}

/*
 * Freezes the queue until it is empty; then lets it go, and counts in @watch who is woken from
 * there on.
 */
static int ip_cycle(struct request_queue *q, struct ip_watch *watch)
{
	blk_freeze_queue_start(q);
	while (!blk_mq_freeze_queue_wait_timeout(q, HZ / 10)) {
		if (fatal_signal_pending(current)) {
			blk_mq_unfreeze_queue(q);
			return -EINTR;
		}
	}
	if (watch)
		add_wait_queue(&q->mq_freeze_wq, &watch->entry);
	blk_mq_unfreeze_queue(q);
	return 0;
}

static int ip_drain_rounds(struct request_queue *q)
{
	unsigned int round;
	int r;

	for (round = 0; round < IP_ROUNDS; round++) {
		struct ip_watch watch = { .woken = ATOMIC_INIT(0) };
		bool undisturbed;
		int open;

		/* it is not let go any more, and nothing goes there */
		if (blk_queue_dying(q))
			return -ENODEV;
		init_waitqueue_func_entry(&watch.entry, ip_watch_wake);
		r = ip_cycle(q, &watch);
		if (r)
			return r;
		/* 0: somebody else keeps it frozen */
		open = atomic_read(&watch.woken);
		synchronize_rcu_tasks();
		undisturbed = open && !READ_ONCE(q->mq_freeze_depth) && !blk_queue_pm_only(q) &&
			      atomic_read(&watch.woken) == open;
		remove_wait_queue(&q->mq_freeze_wq, &watch.entry);
		if (undisturbed)
			return ip_cycle(q, NULL);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return -EBUSY;
}

/*
 * To freeze a queue takes a grace period if its references are counted per CPU, in which all that
 * comes has to wait: they are not, meanwhile.
 */
static int ip_drain_queue(struct request_queue *q)
{
	int r;

	percpu_ref_switch_to_atomic_sync(&q->q_usage_counter);
	r = ip_drain_rounds(q);
	percpu_ref_switch_to_percpu(&q->q_usage_counter);
	return r;
}

/* One start at a time for each queue: another one would freeze it under the first. */
static bool ip_drain_begin(struct ip_att *att, struct request_queue *q)
{
	unsigned int i;

	spin_lock(&ip_lock);
	for (i = 0; i < IP_INDEX_MAX; i++)
		if (ip_atts[i] && ip_atts[i]->draining &&
		    bdev_get_queue(ip_atts[i]->original.bdev) == q)
			break;
	att->draining = i == IP_INDEX_MAX;
	spin_unlock(&ip_lock);
	return i == IP_INDEX_MAX;
}

static void ip_drain_end(struct ip_att *att)
{
	spin_lock(&ip_lock);
	att->draining = false;
	spin_unlock(&ip_lock);
	wake_up_all(&ip_changed);
}

/**
 * ip_drain - wait for the bios of some originals that were submitted before they were counted
 * @atts: list of attachments, in stage IP_TRACK, which everybody sees
 *
 * Context: may sleep, for as long as the devices need for the I/O that they have; a fatal
 * signal ends it. Return: 0, -EINTR, -ENODEV if one of them goes away, or -EBUSY if somebody
 * freezes the queue without end.
 */
int ip_drain(struct list_head *atts)
{
	struct ip_att *att, *other;
	int r;

	synchronize_rcu_tasks();
	list_for_each_entry(att, atts, list) {
		struct request_queue *q = bdev_get_queue(att->original.bdev);
		bool done = false;

		list_for_each_entry(other, atts, list) {
			if (other == att)
				break;
			done = done || bdev_get_queue(other->original.bdev) == q;
		}
		if (done)
			continue;
		if (wait_event_killable(ip_changed, ip_drain_begin(att, q)))
			return -EINTR;
		r = ip_drain_queue(q);
		ip_drain_end(att);
		if (r)
			return r;
	}
	return 0;
}
