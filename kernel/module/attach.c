// SPDX-License-Identifier: GPL-2.0-only
/* Start, stop and status. */
#define pr_fmt(fmt) "dm-interpose: " fmt

#include "interpose.h"

#include <linux/device-mapper.h>
#include <linux/kernfs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

/* A file system that start has frozen, or a device that none is on. */
struct ip_frozen {
	struct list_head list;
	struct ip_dev dev;
	bool frozen;
};

/*
 * Pairs with ip_take_slowly(): who has counted with the old stage is seen by what looks at the
 * count next.
 */
static void ip_set_stage(struct ip_att *att, enum ip_stage stage)
{
	spin_lock(&att->lock);
	WRITE_ONCE(att->stage, stage);
	spin_unlock(&att->lock);
	/* pairs with that of ip_take_slowly() */
	smp_mb();
}

/* --- what fits --- */

/*
 * What a reader of /sys/block/dm-N/dm/suspended is told; device-mapper has no other way to ask.
 * It can be out of date at once: what is waited for then can be killed.
 */
static bool ip_is_suspended(struct gendisk *disk)
{
	struct kernfs_node *kn = kernfs_find_and_get(disk_to_dev(disk)->kobj.sd, "dm");
	const struct attribute_group **groups;
	struct attribute **attr;
	struct kobject *kobj;
	bool suspended = false;
	char *page;

	if (!kn)
		return false;
	kobj = kn->priv;
	groups = kobj->ktype->default_groups;
	page = (char *)get_zeroed_page(GFP_KERNEL);
	if (page && groups && *groups)
		for (attr = (*groups)->attrs; *attr; attr++)
			if (!strcmp((*attr)->name, "suspended"))
				suspended = kobj->ktype->sysfs_ops->show(kobj, *attr, page) > 0 &&
					    *page == '1';
	free_page((unsigned long)page);
	kernfs_put(kn);
	return suspended;
}

static int ip_refuse(struct ip_att *att, int r, const char *why)
{
	pr_info("%pg: not attached to %pg: %s\n", att->upper.bdev, att->original.bdev, why);
	return r;
}

static int ip_fits(struct ip_att *att)
{
	struct block_device *o = att->original.bdev, *u = att->upper.bdev;
	struct request_queue *q = bdev_get_queue(o);
	const char *why;

	if (bdev_nr_sectors(u) != bdev_nr_sectors(o))
		return bdev_nr_sectors(u) < bdev_nr_sectors(o) ? -ERANGE : -EFBIG;
	if (ip_is_suspended(u->bd_disk))
		return ip_refuse(att, -EBUSY, "the upper is suspended");
	if (atomic_read(&u->bd_openers) > 1)
		return ip_refuse(att, -EBUSY, "the upper is open");
	if (bdev_nr_sectors(bdev_whole(o)) >= (sector_t)1 << IP_SECTOR_BITS)
		return ip_refuse(att, -EOPNOTSUPP, "the disk is too large");
	if (bdev_read_only(u) != bdev_read_only(o))
		return -EROFS;
	if (!queue_is_mq(q))
		return ip_refuse(att, -EOPNOTSUPP, "not of blk-mq, so it cannot be drained");
	if (queue_is_mq(bdev_get_queue(u)))
		return ip_refuse(att, -EOPNOTSUPP, "the upper is request-based");
	if (o->bd_disk->flags & GENHD_FL_HIDDEN)
		return ip_refuse(att, -EOPNOTSUPP, "it is a path of another disk");
	if (bdev_is_zoned(o))
		return ip_refuse(att, -EOPNOTSUPP, "zoned");
	if (blk_queue_dax(q) || ip_has_rw_page(o))
		return ip_refuse(att, -EOPNOTSUPP, "it can be read and written without a bio");
	if (ip_inline_crypto(o))
		return ip_refuse(att, -EOPNOTSUPP, "inline encryption");
	if (bdev_get_integrity(o))
		return ip_refuse(att, -EOPNOTSUPP, "integrity data");
	why = ip_unfit(att);
	if (why)
		return ip_refuse(att, -EOPNOTSUPP, why);
	return 0;
}

/*
 * The next partition of a disk, behind number @partno: its device number and its name in sysfs; 0
 * if there is none.
 */
static dev_t ip_next_part(struct gendisk *disk, unsigned long *partno, char *name)
{
	struct block_device *part;
	dev_t devno = 0;

	rcu_read_lock();
	(*partno)++;
	part = xa_find(&disk->part_tbl, partno, ULONG_MAX, XA_PRESENT);
	if (part) {
		devno = part->bd_dev;
		strscpy(name, kobject_name(bdev_kobj(part)), BDEVNAME_SIZE);
	}
	rcu_read_unlock();
	return devno;
}

/* An upper that has claimed its original sends each bio back to where it came from. */
static bool ip_is_loop(struct ip_att *att)
{
	struct gendisk *upper = att->upper.bdev->bd_disk;
	char name[BDEVNAME_SIZE];
	unsigned long partno = 0;

	if (ip_has_claimed(upper, kobject_name(bdev_kobj(att->original.bdev))))
		return true;
	while (att->whole && ip_next_part(att->original.bdev->bd_disk, &partno, name))
		if (ip_has_claimed(upper, name))
			return true;
	return false;
}

static int ip_is_mapped(dev_t devno)
{
	struct mapped_device *md = dm_get_md(devno);

	if (!md)
		return -ENXIO;
	dm_put(md);
	return 0;
}

/* --- one attachment --- */

/* Nobody finds it any more, and nothing is counted. */
void ip_att_free(struct ip_att *att)
{
	spin_lock(&ip_lock);
	if (ip_atts[att->index] == att)
		WRITE_ONCE(ip_atts[att->index], NULL);
	spin_unlock(&ip_lock);
	wake_up_all(&ip_changed);
	cancel_work_sync(&att->work);
	mempool_destroy(att->pool);
	free_percpu(att->counts);
	ip_close(&att->upper);
	ip_close(&att->original);
	kfree(att);
}

struct ip_att *ip_att_alloc(bool nolockfs)
{
	struct ip_att *att = kzalloc(sizeof(*att), GFP_KERNEL);

	if (!att)
		return NULL;
	att->nolockfs = nolockfs;
	att->index = IP_INDEX_MAX - 1;
	ratelimit_state_init(&att->complaints, 5 * HZ, 1);
	init_waitqueue_head(&att->wait);
	spin_lock_init(&att->lock);
	INIT_WORK(&att->work, ip_gate_work);
	INIT_LIST_HEAD(&att->route);
	INIT_LIST_HEAD(&att->list);
	INIT_LIST_HEAD(&att->frozen);
	att->counts = alloc_percpu(struct ip_counts);
	if (!att->counts) {
		kfree(att);
		return NULL;
	}
	return att;
}

/**
 * ip_att_has_kin - is something attached to the disk of a partition, or to a partition of a disk?
 * @bdev: the partition or the disk
 *
 * Context: ip_lock is held.
 */
bool ip_att_has_kin(struct block_device *bdev)
{
	unsigned int i;

	for (i = 0; i < IP_INDEX_MAX; i++)
		if (ip_atts[i] && ip_is_kin(ip_atts[i]->original.bdev, bdev))
			return true;
	return false;
}

/* Takes its place, so that from here on nothing else can be attached to its devices. */
static int ip_att_enlist(struct ip_att *att)
{
	unsigned int i, index = IP_INDEX_MAX - 1;
	bool shared, taken;

	spin_lock(&ip_lock);
	shared = ip_target_has_kin(att->original.bdev);
	taken = ip_att_has_kin(att->original.bdev);
	for (i = IP_INDEX_MAX - 1; i--;) {
		const struct ip_att *other = ip_atts[i];

		if (!other)
			index = i;
		else if (other->upper.bdev == att->upper.bdev ||
			 other->original.bdev == att->original.bdev)
			taken = true;
	}
	if (!shared && !taken && index < IP_INDEX_MAX - 1) {
		att->index = index;
		WRITE_ONCE(ip_atts[index], att);
	}
	spin_unlock(&ip_lock);
	if (taken)
		return -EBUSY;
	if (shared)
		return ip_refuse(att, -EBUSY, "a table shares its disk, or a partition of it");
	return index < IP_INDEX_MAX - 1 ? 0 : -E2BIG;
}

static struct ip_att *ip_att_new(const struct ip_pair *pair, bool nolockfs)
{
	struct ip_att *att;
	int r = ip_is_mapped(pair->upper);

	if (r)
		return ERR_PTR(r);
	att = ip_att_alloc(nolockfs);
	if (!att)
		return ERR_PTR(-ENOMEM);
	/* nobody may mount it meanwhile */
	r = ip_open(pair->upper, att, &att->upper);
	if (!r)
		r = ip_open(pair->original, NULL, &att->original);
	if (!r && !bdev_nr_sectors(att->upper.bdev))
		r = -ENODATA;
	if (!r) {
		att->whole = !bdev_is_partition(att->original.bdev);
		if (att->upper.bdev->bd_disk == att->original.bdev->bd_disk || ip_is_loop(att))
			r = -ELOOP;
	}
	if (!r)
		r = ip_att_enlist(att);
	if (!r) {
		ip_set_needs(att);
		r = ip_fits(att);
	}
	if (!r)
		r = ip_io_pool(att);
	if (r) {
		ip_att_free(att);
		return ERR_PTR(r);
	}
	return att;
}

/*
 * Nothing of it is counted any more: its bios were let go by ip_gate_open(). Those that are on
 * their way to the gate, and what is on its way to the original, end by themselves.
 */
static void ip_att_end(struct ip_att *att)
{
	ip_route_del(att);
	ip_unpublish(att);
	/* who has found it has counted, or sees that it is off */
	synchronize_rcu();
	ip_route_put(att);
	wait_event(att->wait, !atomic_read(&att->held) && !atomic_read(&att->below));
	/* the last wakes us under RCU */
	synchronize_rcu();
	ip_att_free(att);
	module_put(THIS_MODULE);
}

/* --- file systems --- */

static int ip_freeze_one(struct ip_att *att, dev_t devno)
{
	struct ip_frozen *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int r;

	if (!f)
		return -ENOMEM;
	r = ip_open(devno, NULL, &f->dev);
	if (r) {
		kfree(f);
		/* a partition that has gone, or an extended one, has none */
		return r == -ENXIO || r == -ENODEV ? 0 : r;
	}
	list_add(&f->list, &att->frozen);
	r = ip_freeze_bdev(f->dev.bdev);
	/* its user has frozen it already, which is as good */
	if (r == -EBUSY)
		return 0;
	f->frozen = !r;
	return r;
}

static void ip_thaw(struct ip_att *att)
{
	struct ip_frozen *f, *next;

	list_for_each_entry_safe(f, next, &att->frozen, list) {
		if (f->frozen)
			ip_thaw_bdev(f->dev.bdev);
		ip_close(&f->dev);
		list_del(&f->list);
		kfree(f);
	}
}

static int ip_freeze(struct ip_att *att)
{
	struct gendisk *disk = att->original.bdev->bd_disk;
	char name[BDEVNAME_SIZE];
	unsigned long partno = 0;
	int r = ip_freeze_one(att, att->original.bdev->bd_dev);

	while (!r && att->whole) {
		dev_t devno = ip_next_part(disk, &partno, name);

		if (!devno)
			break;
		r = ip_freeze_one(att, devno);
	}
	return r;
}

/* --- start --- */

/* With nothing of the pairs in flight, wherever it goes: the point in time. */
static int ip_hold(struct list_head *atts)
{
	struct ip_att *att;
	int r = 0;

	list_for_each_entry(att, atts, list)
		ip_set_stage(att, IP_HOLD);
	list_for_each_entry(att, atts, list)
		r = r ?: wait_event_killable(att->wait, !atomic_read(&att->below));
	return r ? -EINTR : 0;
}

static int ip_attach(struct list_head *atts, bool nolockfs)
{
	struct ip_att *att;
	unsigned int noio;
	int r;

	list_for_each_entry(att, atts, list) {
		ip_set_stage(att, IP_TRACK);
		ip_publish(att);
		r = ip_route_add(att);
		if (r)
			return r;
	}
	synchronize_rcu();
	r = ip_drain(atts);
	if (r)
		return r;
	/* what is frozen must not be written for memory */
	noio = memalloc_noio_save();
	list_for_each_entry(att, atts, list)
		if (!r && !nolockfs)
			r = ip_freeze(att);
	if (!r && fatal_signal_pending(current))
		r = -EINTR;
	if (!r)
		r = ip_hold(atts);
	list_for_each_entry(att, atts, list)
		ip_gate_open(att, r ? IP_OFF : IP_DIVERT);
	list_for_each_entry(att, atts, list)
		ip_thaw(att);
	memalloc_noio_restore(noio);
	return r;
}

/* Tell user space, by an event of the original: the same as the patched kernel's. */
static void ip_uevent(struct device *original, dev_t upper, char *action)
{
	char word[sizeof("INTERPOSE_UPPER=dm-") + 10];
	char *envp[4] = { action, "INTERPOSE_MODE=remap", word };

	snprintf(word, sizeof(word), "INTERPOSE_UPPER=dm-%u", MINOR(upper));
	kobject_uevent_env(&original->kobj, KOBJ_CHANGE, envp);
}

/**
 * ip_start - attach mapped devices to block devices in use, all at one instant or none
 * @pairs: device numbers
 * @nr: how many pairs
 * @nolockfs: do not freeze the file systems of the originals
 *
 * Context: may sleep, without a mapped device's table. Return: 0; -ENXIO or -ENODEV if a device
 * is not there; -ENODATA if an upper has no table; -ERANGE or -EFBIG if it is smaller or larger
 * than the original; -EROFS if one of the two is read-only; -EOPNOTSUPP if kinds or limits do
 * not fit; -EBUSY if one of them is attached already, or the other of disk and partition;
 * -ELOOP, -E2BIG, -ENOMEM; -EINTR for a signal: nothing is attached.
 */
int ip_start(const struct ip_pair *pairs, unsigned int nr, bool nolockfs)
{
	struct ip_att *att, *next;
	LIST_HEAD(atts);
	unsigned int i;
	time64_t now;
	int r;

	r = ip_hook_get();
	if (r)
		return r;
	for (i = 0; i < nr && !r; i++) {
		att = ip_att_new(&pairs[i], nolockfs);
		if (IS_ERR(att)) {
			r = PTR_ERR(att);
			break;
		}
		__module_get(THIS_MODULE);
		list_add_tail(&att->list, &atts);
	}
	if (!r)
		r = ip_attach(&atts, nolockfs);
	if (r) {
		list_for_each_entry(att, &atts, list)
			ip_gate_open(att, IP_OFF);
		list_for_each_entry_safe(att, next, &atts, list)
			ip_att_end(att);
		ip_hook_put();
		return r;
	}
	/* each attachment has its own */
	for (i = 1; i < nr; i++)
		ip_hook_get();
	now = ktime_get_boottime_seconds();
	spin_lock(&ip_lock);
	list_for_each_entry(att, &atts, list) {
		att->since = now;
		att->phase = IP_STARTED;
	}
	spin_unlock(&ip_lock);
	list_for_each_entry(att, &atts, list)
		ip_uevent(&att->original.bdev->bd_device, att->upper.bdev->bd_dev,
			  "INTERPOSE=start");
	spin_lock(&ip_lock);
	list_for_each_entry_safe(att, next, &atts, list) {
		list_del_init(&att->list);
		att->phase = IP_ATTACHED;
	}
	spin_unlock(&ip_lock);
	wake_up_all(&ip_changed);
	return 0;
}

/* --- stop --- */

/* ip_lock is held. */
static struct ip_att *ip_att_of(dev_t upper)
{
	unsigned int i;

	for (i = 0; i < IP_INDEX_MAX; i++)
		if (ip_atts[i] && ip_atts[i]->upper.bdev->bd_dev == upper)
			return ip_atts[i];
	return NULL;
}

/* Makes it the caller's, to stop it: true. NULL: there is none. False: another command has it. */
static bool ip_att_get(dev_t upper, struct ip_att **att)
{
	bool done = true;

	spin_lock(&ip_lock);
	*att = ip_att_of(upper);
	if (*att) {
		done = (*att)->phase == IP_ATTACHED;
		if (done)
			(*att)->phase = IP_STOPPING;
	}
	spin_unlock(&ip_lock);
	return done;
}

static void ip_att_put(struct ip_att *att)
{
	spin_lock(&ip_lock);
	att->phase = IP_ATTACHED;
	spin_unlock(&ip_lock);
	wake_up_all(&ip_changed);
}

/* Has all ended that has come to the upper? No more comes, so true is the last word. */
static bool ip_is_through(struct ip_att *att)
{
	struct ip_counts sum;

	ip_counts_sum(att, &sum);
	return sum.ended == sum.of[READ].ios + sum.of[WRITE].ios;
}

/**
 * ip_stop - detach a mapped device
 * @upper: its device number
 *
 * What the upper has is waited for; what comes meanwhile waits in the gate. Works with an upper
 * that fails. A start of it that is under way is waited for.
 *
 * Context: may sleep, without a mapped device's table. Return: 0, -EALREADY if nothing is
 * attached, -EBUSY if the upper is suspended, -EINTR for a signal: it is still attached.
 */
int ip_stop(dev_t upper)
{
	struct device *original;
	struct ip_att *att;

	if (wait_event_interruptible(ip_changed, ip_att_get(upper, &att)))
		return -EINTR;
	if (!att)
		return -EALREADY;
	if (ip_is_suspended(att->upper.bdev->bd_disk)) {
		ip_att_put(att);
		return -EBUSY;
	}
	ip_set_stage(att, IP_HOLD);
	/* who has seen the other stage has counted; who ends one from here on wakes us */
	synchronize_rcu_expedited();
	if (wait_event_killable(att->wait, ip_is_through(att))) {
		ip_gate_open(att, IP_DIVERT);
		ip_att_put(att);
		return -EINTR;
	}
	ip_gate_open(att, IP_OFF);
	/* what is gone has had its last event */
	original = disk_live(att->original.bdev->bd_disk) ?
			   get_device(&att->original.bdev->bd_device) : NULL;
	ip_att_end(att);
	ip_hook_put();
	if (original) {
		ip_uevent(original, upper, "INTERPOSE=stop");
		put_device(original);
	}
	return 0;
}

/* --- status --- */

void ip_counts_sum(struct ip_att *att, struct ip_counts *sum)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct ip_counts *c = per_cpu_ptr(att->counts, cpu);

		for (i = 0; i < 2; i++) {
			sum->of[i].ios += READ_ONCE(c->of[i].ios);
			sum->of[i].sectors += READ_ONCE(c->of[i].sectors);
		}
		sum->ended += READ_ONCE(c->ended);
	}
}

/* Words with commas between, or a dash. */
static void ip_flags(struct ip_att *att, char *buf, size_t size)
{
	struct block_device *o = att->original.bdev, *u = att->upper.bdev;
	const struct {
		bool set;
		const char *word;
	} flags[] = {
		{ att->nolockfs, "nolockfs" },
		{ !disk_live(o->bd_disk), "gone" },
		{ ip_unfit(att) || bdev_nr_sectors(u) < bdev_nr_sectors(o), "unfit" },
		{ READ_ONCE(att->looped), "loop" },
	};
	unsigned int i;
	size_t at = 0;

	strscpy(buf, "-", size);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].set)
			at += scnprintf(buf + at, size - at, "%s%s", at ? "," : "", flags[i].word);
}

/**
 * ip_status - say what a mapped device is attached to
 * @upper: its device number
 * @buf: for a line, or nothing
 * @size: of it, at least IP_STATUS_MAX
 *
 * Context: may sleep. Return: the length, or -ENXIO if there is no such mapped device.
 */
int ip_status(dev_t upper, char *buf, size_t size)
{
	struct ip_counts sum;
	struct ip_att *att;
	int r = ip_is_mapped(upper);

	if (r)
		return r;
	spin_lock(&ip_lock);
	att = ip_att_of(upper);
	if (att && att->phase != IP_STARTING) {
		char flags[IP_FLAGS_MAX];

		ip_flags(att, flags, sizeof(flags));
		ip_counts_sum(att, &sum);
		r = scnprintf(buf, size, "remap %u:%u %s %llu %llu %llu %llu %d %lld\n",
			      MAJOR(att->original.bdev->bd_dev), MINOR(att->original.bdev->bd_dev),
			      flags, sum.of[READ].ios, sum.of[READ].sectors,
			      sum.of[WRITE].ios, sum.of[WRITE].sectors, atomic_read(&att->held),
			      att->since);
	}
	spin_unlock(&ip_lock);
	return r;
}
