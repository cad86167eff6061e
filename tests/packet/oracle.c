/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules, random frames: what `explain`, the filter and its counters say is
 * what the oracle says. VW_SEED=N begins with the rules of that seed; a failure
 * prints the seed with which they come first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cleanup.h"
#include "filter.h"
#include "random_frames.h"
#include "random_rules.h"

#define ROUNDS	     120
#define FRAMES	     4000 /* a round */
#define SECONDS	     40	  /* after which no further round begins */
#define SHORTEST     14	  /* the kernel runs the filter on whole Ethernet headers only */
#define LARGE_EVERY  10	  /* rounds */
#define DISSENTS_MAX 10	  /* that are printed */

struct tally {
	uint64_t seed; /* of this round */
	long frames;
	long reasons[VW_REASON_COUNT];
	long dissents;
};

/* What the counters of each seat must have become. */
struct expected {
	struct vw_counters *seats;
	size_t count;
};

static bool same_answer(const struct oracle_answer *a, const struct oracle_answer *b)
{
	return a->reason == b->reason && a->verdict == b->verdict &&
	       (a->reason == VW_REASON_NOT_OURS || strcmp(a->seat, b->seat) == 0);
}

static void print_dissent(struct tally *tally, long number, const struct crafted *frame,
			  const struct oracle_answer *oracle, const struct oracle_answer *explained,
			  uint32_t action)
{
	if (tally->dissents++ >= DISSENTS_MAX)
		return;
	(void)fprintf(stderr,
		      "VW_SEED=%llu, frame %ld: oracle %s %s %s, explain %s %s %s, action %u\n",
		      (unsigned long long)tally->seed, number, filter_reason_label(oracle->reason),
		      filter_verdict_label(oracle->verdict), oracle->seat,
		      filter_reason_label(explained->reason),
		      filter_verdict_label(explained->verdict), explained->seat, action);
	for (size_t i = 0; i < frame->length; i++)
		(void)fprintf(stderr, "%02x", frame->bytes[i]);
	(void)fprintf(stderr, "\n");
}

static size_t seat_of(const struct filter *filter, const char *name)
{
	for (size_t seat = 1; seat < filter->seating.count; seat++)
		if (filter->seating.names[seat] && strcmp(filter->seating.names[seat], name) == 0)
			return seat;
	return IMAGE_SEAT_NODE;
}

static void expect_count(const struct filter *filter, const struct oracle_answer *oracle,
			 size_t length, struct expected *expected)
{
	enum vw_outcome outcome = filter_outcome(oracle->reason, oracle->verdict);
	struct vw_counter *counter = NULL;

	if (oracle->reason == VW_REASON_NOT_OURS)
		return;
	assert_true(outcome < VW_OUTCOME_COUNT);
	counter = &expected->seats[seat_of(filter, oracle->seat)].outcomes[outcome];
	counter->packets++;
	counter->bytes += length;
}

static void ask_about(struct filter *filter, struct tally *tally, long number,
		      const struct crafted *frame, struct expected *expected)
{
	struct oracle_answer oracle = filter_expect(filter, frame), explained = {0};
	uint32_t action = 0;

	assert_true(filter_explain(filter, frame, &explained));
	assert_true(filter_run(filter, frame, &action));
	tally->frames++;
	tally->reasons[oracle.reason]++;
	expect_count(filter, &oracle, frame->length, expected);
	if (!same_answer(&oracle, &explained) || action != filter_action(filter, oracle.verdict))
		print_dissent(tally, number, frame, &oracle, &explained, action);
}

/* Seats that had been given away start from zero, the others go on. */
static void read_counters(struct filter *filter, struct expected *ret_expected)
{
	struct fault fault = {0};

	ret_expected->count = filter->seating.count;
	ret_expected->seats =
		(struct vw_counters *)calloc(ret_expected->count + 1, sizeof(struct vw_counters));
	assert_non_null(ret_expected->seats);
	for (uint32_t seat = 0; seat < ret_expected->count; seat++)
		assert_int_equal(
			loader_counters(filter->loader, seat, &ret_expected->seats[seat], &fault),
			0);
}

static void compare_counters(struct filter *filter, struct tally *tally,
			     const struct expected *expected)
{
	struct expected found = {0};

	read_counters(filter, &found);
	if (memcmp(found.seats, expected->seats, expected->count * sizeof(struct vw_counters)) !=
	    0) {
		(void)fprintf(stderr, "VW_SEED=%llu: the counters differ\n",
			      (unsigned long long)tally->seed);
		tally->dissents++;
	}
	free(found.seats);
}

static void compare_frames(struct filter *filter, struct tally *tally)
{
	cleanup(free_ptr) struct random_frames *frames =
		(struct random_frames *)malloc(sizeof(*frames));
	struct expected expected = {0};
	struct crafted frame;

	assert_non_null(frames);
	random_frames_init(frames, &filter->policy, &filter->node, tally->seed);
	read_counters(filter, &expected);
	for (long i = 0; i < FRAMES; i++) {
		if (i == FRAMES / 2)
			assert_true(filter_set_vlan_tags(filter, !filter->vlan_tags));
		random_frames_next(frames, &frame);
		if (frame.length >= SHORTEST)
			ask_about(filter, tally, i, &frame, &expected);
	}
	compare_counters(filter, tally, &expected);
	free(expected.seats);
}

static void run_round(struct filter *filter, struct tally *tally)
{
	struct random random = {tally->seed};
	struct random_rules made =
		random_rules_make(&random, tally->seed % LARGE_EVERY == LARGE_EVERY - 1);
	bool loaded = filter_load(filter, made.rules, made.node);

	if (!loaded)
		(void)fprintf(stderr, "VW_SEED=%llu\n%s\n%s\n", (unsigned long long)tally->seed,
			      made.rules, made.node);
	free(made.rules);
	free(made.node);
	assert_true(loaded);
	compare_frames(filter, tally);
}

static void filter_and_oracle_agree(void **state)
{
	struct filter *filter = (struct filter *)*state;
	struct tally tally = {.seed = random_seed(1)};
	time_t begin = time(NULL);
	int round = 0;

	print_message("VW_SEED=%llu\n", (unsigned long long)tally.seed);
	for (; round < ROUNDS && time(NULL) - begin < SECONDS; round++, tally.seed++)
		run_round(filter, &tally);
	print_message("%ld frames, %d sets of rules, %ld seconds\n", tally.frames, round,
		      (long)(time(NULL) - begin));
	for (enum vw_reason i = 0; i < VW_REASON_COUNT; i++)
		print_message("  %-18s %ld\n", filter_reason_label(i), tally.reasons[i]);
	assert_int_equal(tally.dissents, 0);
	for (enum vw_reason i = 0; i < VW_REASON_COUNT; i++)
		assert_true(tally.reasons[i] > 0);
}

static int setup(void **state)
{
	static struct filter filter;

	*state = &filter;
	return filter_open(&filter) && filter_steer(&filter) ? 0 : -1;
}

static int teardown(void **state)
{
	filter_close((struct filter *)*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_and_oracle_agree),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
