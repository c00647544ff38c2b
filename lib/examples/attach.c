/* SPDX-License-Identifier: LGPL-2.1-only */
/* Attaches a dm device until standard input ends, and tells what it got. */
#include <inttypes.h>
#include <stdio.h>

#include <dmremap.h>

static int show(struct dmremap_context *context, const char *upper)
{
	struct dmremap_list *list;
	int r = dmremap_status(context, upper, &list);

	if (r < 0)
		return r;
	for (size_t i = 0; i < dmremap_list_count(list); i++) {
		const struct dmremap_attachment *a = dmremap_list_at(list, i);

		printf("%s: %s reads %" PRIu64 " writes %" PRIu64 "\n",
		       a->upper, a->original, a->reads, a->writes);
	}
	dmremap_list_free(list);
	return 0;
}

/* After an error the sentence is in the context. */
static int attach(struct dmremap_context *context,
		  const struct dmremap_pair *pair)
{
	int r = dmremap_start(context, DMREMAP_MODE_REMAP, pair, 1, 0);

	if (r < 0)
		return r;
	while (getchar() != EOF)
		;
	r = show(context, pair->upper);
	if (r < 0)
		return r;
	return dmremap_stop(context, pair->upper, 0);
}

int main(int argc, char *argv[])
{
	struct dmremap_context *context;
	struct dmremap_pair pair;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: attach UPPER ORIGINAL\n");
		return 1;
	}
	pair.upper = argv[1];
	pair.original = argv[2];
	if (dmremap_new(&context) < 0) {
		fprintf(stderr, "attach: out of memory\n");
		return 1;
	}
	/* libdevmapper is not to print errors of its own */
	r = dmremap_take_devmapper_log(context);
	if (r == 0)
		r = attach(context, &pair);
	if (r < 0)
		fprintf(stderr, "%s\n", dmremap_last_error(context));
	dmremap_free(context);
	return r < 0;
}
