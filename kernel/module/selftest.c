// SPDX-License-Identifier: GPL-2.0-only
/* When the module is loaded: is a bio diverted, and does it come back as it was? */
#define pr_fmt(fmt) "dm-interpose: " fmt

#include "interpose.h"

#include <linux/module.h>

static atomic_t ip_arrived[2];

static void ip_test_arrive(struct bio *bio, unsigned int at)
{
	atomic_inc(&ip_arrived[at]);
	bio_endio(bio);
}

static void ip_test_original(struct bio *bio)
{
	ip_test_arrive(bio, 0);
}

static void ip_test_upper(struct bio *bio)
{
	ip_test_arrive(bio, 1);
}

static const struct block_device_operations ip_test_ops[2] = {
	{ .owner = THIS_MODULE, .submit_bio = ip_test_original },
	{ .owner = THIS_MODULE, .submit_bio = ip_test_upper },
};

/*
 * Sends a flush to the original; says whether it arrived there (0), at the upper (1), or went
 * wrong.
 */
static int ip_test_send(struct block_device *bdev)
{
	const int before[2] = { atomic_read(&ip_arrived[0]), atomic_read(&ip_arrived[1]) };
	struct bio bio;
	int r, at;

	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC);
	r = submit_bio_wait(&bio);
	at = atomic_read(&ip_arrived[1]) != before[1];
	if (r || bio.bi_bdev != bdev || atomic_read(&ip_arrived[at]) != before[at] + 1 ||
	    atomic_read(&ip_arrived[!at]) != before[!at])
		r = -EIO;
	bio_uninit(&bio);
	return r ?: at;
}

static int ip_test_divert(struct gendisk *original, struct gendisk *upper)
{
	struct ip_att *att = ip_att_alloc(true);
	int r = -ENOMEM;

	if (!att)
		return r;
	att->original.bdev = original->part0;
	att->upper.bdev = upper->part0;
	att->whole = true;
	ip_set_needs(att);
	if (ip_io_pool(att))
		goto out;
	r = ip_hook_get();
	if (r)
		goto out;
	ip_atts[att->index] = att;
	WRITE_ONCE(att->stage, IP_DIVERT);
	ip_publish(att);
	r = ip_test_send(original->part0) == 1 ? 0 : -ENXIO;
	WRITE_ONCE(att->stage, IP_OFF);
	if (!r && ip_test_send(original->part0) != 0)
		r = -ENXIO;
	ip_unpublish(att);
	ip_hook_put();
	synchronize_rcu();
out:
	att->original.bdev = NULL;
	att->upper.bdev = NULL;
	ip_att_free(att);
	return r;
}

/**
 * ip_selftest - interpose one disk of ours on another and look where a bio goes
 *
 * Return: 0, -ENXIO if it does not go where it has to, or what went wrong before.
 */
int ip_selftest(void)
{
	struct gendisk *original, *upper;
	int r;

	original = ip_disk_create(&ip_test_ops[0], "interpose-test0", 8);
	if (IS_ERR(original))
		return PTR_ERR(original);
	upper = ip_disk_create(&ip_test_ops[1], "interpose-test1", 8);
	if (IS_ERR(upper)) {
		ip_disk_destroy(original);
		return PTR_ERR(upper);
	}
	r = ip_test_divert(original, upper);
	ip_disk_destroy(upper);
	ip_disk_destroy(original);
	if (r == -ENXIO)
		pr_err("bios are not diverted in this kernel: not loaded\n");
	return r;
}
