// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target "interpose <dev> <offset>": linear, over a device that others use. The device is
 * not claimed, and what goes there is not taken by the hook.
 */
#include "interpose.h"

#include <linux/device-mapper.h>
#include <linux/kernfs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

struct ip_target {
	struct list_head list;	/* in ip_targets */
	struct ip_dev dev;
	struct dm_dev dm_dev;	/* what ->iterate_devices() shows */
	sector_t offset;
	u16 mark;		/* IP_BIO_OWN in the flags of its bios, or nothing */
	struct gendisk *disk;	/* of the mapped device */
	struct kobject *holders; /* of its device */
	bool linked;		/* see ip_link(); ip_links_mutex */
};

/*
 * All there are. Their bios go past whatever is attached: so no target may be over a disk of which
 * a partition is attached, or the other way round.
 */
static LIST_HEAD(ip_targets);

/**
 * ip_target_has_kin - is a target over the disk of a partition, or over a partition of a disk?
 * @bdev: the partition or the disk
 *
 * Context: ip_lock is held.
 */
bool ip_target_has_kin(struct block_device *bdev)
{
	struct ip_target *t;

	list_for_each_entry(t, &ip_targets, list)
		if (ip_is_kin(t->dev.bdev, bdev))
			return true;
	return false;
}

static int ip_target_enlist(struct ip_target *t)
{
	int r = -EBUSY;

	spin_lock(&ip_lock);
	if (!ip_att_has_kin(t->dev.bdev)) {
		list_add(&t->list, &ip_targets);
		r = 0;
	}
	spin_unlock(&ip_lock);
	return r;
}

static void ip_target_delist(struct ip_target *t)
{
	spin_lock(&ip_lock);
	list_del(&t->list);
	spin_unlock(&ip_lock);
}

/* --- links in sysfs --- */

static DEFINE_MUTEX(ip_links_mutex);

/* Is there a target for it that is linked? */
static bool ip_is_linked(const struct ip_target *like)
{
	struct ip_target *t;
	bool found = false;

	spin_lock(&ip_lock);
	list_for_each_entry(t, &ip_targets, list)
		found = found || (t->linked && t->disk == like->disk &&
				  t->dev.bdev == like->dev.bdev);
	spin_unlock(&ip_lock);
	return found;
}

/* Both or none. The mapped device may have claimed it by another target: then they are there. */
static bool ip_links_make(struct ip_target *t)
{
	struct kobject *slaves = t->disk->slave_dir, *bdev = bdev_kobj(t->dev.bdev);
	struct kobject *disk = &disk_to_dev(t->disk)->kobj;

	if (!t->holders || sysfs_create_link_nowarn(slaves, bdev, kobject_name(bdev)))
		return false;
	if (!sysfs_create_link_nowarn(t->holders, disk, kobject_name(disk)))
		return true;
	sysfs_remove_link(slaves, kobject_name(bdev));
	return false;
}

/*
 * The mapped device among the holders of its device, and that among its slaves, where lsblk and
 * others look: as long as the table is live and not suspended. A table that claims the device would
 * make the same links when it is loaded, and there is no other way to tell that it comes.
 */
static void ip_link(struct ip_target *t)
{
	mutex_lock(&ip_links_mutex);
	if (!t->linked)
		t->linked = ip_is_linked(t) || ip_links_make(t);
	mutex_unlock(&ip_links_mutex);
}

static void ip_unlink(struct ip_target *t)
{
	mutex_lock(&ip_links_mutex);
	if (t->linked) {
		t->linked = false;
		if (!ip_is_linked(t)) {
			sysfs_remove_link(t->holders, kobject_name(&disk_to_dev(t->disk)->kobj));
			sysfs_remove_link(t->disk->slave_dir, kobject_name(bdev_kobj(t->dev.bdev)));
		}
	}
	mutex_unlock(&ip_links_mutex);
}

/* While the disk is there: the directory may not go before the link. */
static struct kobject *ip_holders(struct block_device *bdev)
{
	struct kobject *holders = NULL;

	mutex_lock(&bdev->bd_disk->open_mutex);
	if (disk_live(bdev->bd_disk))
		holders = kobject_get(bdev->bd_holder_dir);
	mutex_unlock(&bdev->bd_disk->open_mutex);
	return holders;
}

/**
 * ip_has_claimed - has a mapped device claimed a device, so that it is among its slaves?
 * @disk: of the mapped device
 * @name: of the other device, in sysfs
 *
 * What is below its own devices is not looked at.
 *
 * Context: may sleep.
 */
bool ip_has_claimed(const struct gendisk *disk, const char *name)
{
	struct kernfs_node *kn;
	struct ip_target *t;
	bool shared = false;

	mutex_lock(&ip_links_mutex);
	kn = kernfs_find_and_get(disk->slave_dir->sd, name);
	spin_lock(&ip_lock);
	list_for_each_entry(t, &ip_targets, list)
		shared = shared || (t->linked && t->disk == disk &&
				    !strcmp(kobject_name(bdev_kobj(t->dev.bdev)), name));
	spin_unlock(&ip_lock);
	mutex_unlock(&ip_links_mutex);
	kernfs_put(kn);
	return kn && !shared;
}

/* --- the target --- */

static int ip_target_devno(const char *path, dev_t *devno)
{
	unsigned int major, minor;
	char end;

	if (sscanf(path, "%u:%u%c", &major, &minor, &end) == 2) {
		*devno = MKDEV(major, minor);
		return MAJOR(*devno) == major && MINOR(*devno) == minor ? 0 : -EOVERFLOW;
	}
	return lookup_bdev(path, devno);
}

static int ip_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct mapped_device *md = dm_table_get_md(ti->table);
	unsigned long long offset;
	struct ip_target *t;
	dev_t devno;
	char end;
	int r;

	if (argc != 2) {
		ti->error = "Invalid argument count";
		return -EINVAL;
	}
	if (sscanf(argv[1], "%llu%c", &offset, &end) != 1) {
		ti->error = "Invalid device sector";
		return -EINVAL;
	}
	r = ip_target_devno(argv[0], &devno);
	if (r) {
		ti->error = "Device lookup failed";
		return r;
	}
	if (devno == disk_devt(dm_disk(md))) {
		ti->error = "Device is its own";
		return -ELOOP;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	r = ip_open(devno, NULL, &t->dev);
	if (r) {
		ti->error = "Device lookup failed";
		goto bad;
	}
	if (offset > bdev_nr_sectors(t->dev.bdev) ||
	    ti->len > bdev_nr_sectors(t->dev.bdev) - offset) {
		ti->error = "Device is too small";
		r = -EINVAL;
		goto bad;
	}
	if (bdev_is_zoned(t->dev.bdev)) {
		ti->error = "Zoned devices are not supported";
		r = -EOPNOTSUPP;
		goto bad;
	}
	t->disk = dm_disk(md);
	t->holders = ip_holders(t->dev.bdev);
	t->offset = offset;
	/*
	 * Nothing is attached to any other, and who takes bios itself, as md does, may send this
	 * very one to a device below, where the mark must not be.
	 */
	if (queue_is_mq(bdev_get_queue(t->dev.bdev)))
		t->mark = BIT(IP_BIO_OWN);
	t->dm_dev.bdev = t->dev.bdev;
	t->dm_dev.mode = IP_MODE_RW;
	format_dev_t(t->dm_dev.name, devno);
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->private = t;
	r = ip_target_enlist(t);
	if (r) {
		ti->error = "Something is attached to its disk, or to a partition of it";
		goto bad;
	}
	r = ip_hook_get();
	if (r) {
		ti->error = "Bios cannot be hooked";
		ip_target_delist(t);
		goto bad;
	}
	return 0;
bad:
	kobject_put(t->holders);
	ip_close(&t->dev);
	kfree(t);
	return r;
}

static void ip_dtr(struct dm_target *ti)
{
	struct ip_target *t = ti->private;

	ip_unlink(t);
	ip_hook_put();
	ip_target_delist(t);
	kobject_put(t->holders);
	ip_close(&t->dev);
	kfree(t);
}

/* The mapped device is in sysfs. Memory must not be written to it, which waits for us. */
static void ip_resume(struct dm_target *ti)
{
	const unsigned int noio = memalloc_noio_save();

	ip_link(ti->private);
	memalloc_noio_restore(noio);
}

static void ip_postsuspend(struct dm_target *ti)
{
	const unsigned int noio = memalloc_noio_save();

	ip_unlink(ti->private);
	memalloc_noio_restore(noio);
}

static int ip_map(struct dm_target *ti, struct bio *bio)
{
	struct ip_target *t = ti->private;

	bio->bi_iter.bi_sector = t->offset + dm_target_offset(ti, bio->bi_iter.bi_sector);
	bio->bi_flags |= t->mark;
	bio_set_dev(bio, t->dev.bdev);
	return DM_MAPIO_REMAPPED;
}

static void ip_target_status(struct dm_target *ti, status_type_t type, unsigned int flags,
			     char *result, unsigned int maxlen)
{
	struct ip_target *t = ti->private;
	size_t sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		result[0] = '\0';
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", t->dm_dev.name, (unsigned long long)t->offset);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,start=%llu;", t->dm_dev.name,
		       (unsigned long long)t->offset);
		break;
	}
}

static int ip_prepare_ioctl(struct dm_target *ti, struct block_device **bdev)
{
	struct ip_target *t = ti->private;

	*bdev = t->dev.bdev;
	/* only if the whole device is meant */
	return t->offset || ti->len != bdev_nr_sectors(t->dev.bdev);
}

static int ip_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct ip_target *t = ti->private;

	return fn(ti, &t->dm_dev, t->offset, ti->len, data);
}

static struct target_type ip_target_type = {
	.name = "interpose",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_PASSES_INTEGRITY | DM_TARGET_NOWAIT | DM_TARGET_PASSES_CRYPTO,
	.module = THIS_MODULE,
	.ctr = ip_ctr,
	.dtr = ip_dtr,
	.resume = ip_resume,
	.postsuspend = ip_postsuspend,
	.map = ip_map,
	.status = ip_target_status,
	.prepare_ioctl = ip_prepare_ioctl,
	.iterate_devices = ip_iterate_devices,
};

int ip_target_init(void)
{
	return dm_register_target(&ip_target_type);
}

void ip_target_exit(void)
{
	dm_unregister_target(&ip_target_type);
}
