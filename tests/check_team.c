/* check_team.c - several devices share a step: the bits of one device, whoever computes what. */
#include "train/team.h"

#include "device/native.h"
#include "suite.h"
#include "train/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char folder[] = "/tmp/elbow-team-XXXXXX";

/* ---- the tree ---- */

enum { LENGTH = 37 };

static elb_error err;
static float shard_vectors[64][LENGTH];

static elbow_status make_vector(void *with, elb_view into, elb_shards one)
{
    (void)with;
    return elb_write_reals(into, shard_vectors[one.first]);
}

/* Sums whose rounding depends on the order. */
static void fill_vectors(void)
{
    srand(3);
    for (int i = 0; i < 64; i++)
        for (int e = 0; e < LENGTH; e++)
            shard_vectors[i][e] = (float)(rand() - RAND_MAX / 2) / (float)(1 << (rand() % 30));
}

/* A leaf of several shards, by the tree over them. */
static elbow_status make_leaf(void *with, elb_view into, elb_shards run)
{
    elb_tree *inner = with;
    TRY(elb_tree_sum(inner, run, make_vector, NULL));
    return elb_copy(into.buffer, 0, inner->level[0], 0, LENGTH * sizeof(float));
}

/* Cuts S shards at random into runs, as for that many devices. leaf: shards that each of them sums at once. */
static void sum_in_runs(float *sum, elb_device *dev, uint32_t shards, uint32_t runs, uint32_t leaf)
{
    elb_tree tree = {0}, inner = {0};
    elb_node nodes[64 * 2];
    elb_buffer *buffer[64 * 2];
    uint32_t count = 0;
    ck_assert_int_eq(elb_tree_open(&tree, dev, shards, leaf, LENGTH), ELBOW_OK);
    ck_assert_int_eq(elb_tree_open(&inner, dev, leaf, 1, LENGTH), ELBOW_OK);
    for (uint32_t from = 0, left = runs; from<shards; left -= left> 1) {
        elb_shards run = {from, left > 1 ? from + (uint32_t)rand() % (shards - from + 1) : shards};
        from = run.end;
        for (; run.first < run.end; run.first = nodes[count++].shards.end) {
            ck_assert_int_eq(elb_buffer_new(&buffer[count], dev, LENGTH * sizeof(float)), ELBOW_OK);
            nodes[count] = (elb_node){elb_first_node(run, shards), elb_matrix(buffer[count], 0, 1, LENGTH)};
            ck_assert_int_eq(elb_tree_sum(&tree, nodes[count].shards, make_leaf, &inner), ELBOW_OK);
            ck_assert_int_eq(elb_copy(buffer[count], 0, tree.level[0], 0, LENGTH * sizeof(float)), ELBOW_OK);
        }
    }
    const uint32_t made = count;
    ck_assert_uint_le(made, shards);
    ck_assert_int_eq(elb_nodes_add(nodes, &count, shards), ELBOW_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(elb_read_reals(sum, elb_matrix(buffer[0], 0, 1, LENGTH)), ELBOW_OK);
    for (uint32_t i = 0; i < made; i++) elb_buffer_free(buffer[i]);
    elb_tree_close(&tree);
    elb_tree_close(&inner);
}

START_TEST(a_tree_does_not_depend_on_who_sums_which_nodes)
{
    elb_device *dev;
    float whole[LENGTH], parts[LENGTH];
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    fill_vectors();
    for (uint32_t shards = 1; shards <= 64; shards++) {
        sum_in_runs(whole, dev, shards, 1, 1);
        for (uint32_t runs = 1; runs < 8; runs++) {
            sum_in_runs(parts, dev, shards, runs, 1u << runs % 5);
            ck_assert_mem_eq(whole, parts, sizeof whole);
        }
    }
    elb_device_close(dev);
}
END_TEST

START_TEST(the_vectors_of_the_test_show_the_order)
{
    float backwards[LENGTH] = {0}, tree[LENGTH];
    elb_device *dev;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    fill_vectors();
    sum_in_runs(tree, dev, 64, 1, 1);
    for (int i = 64; i-- > 0;)
        for (int e = 0; e < LENGTH; e++) backwards[e] += shard_vectors[i][e];
    ck_assert_mem_ne(tree, backwards, sizeof tree);
    elb_device_close(dev);
}
END_TEST

/* A run of shards consists of at most two nodes of each level, and a run that is a node of one. */
START_TEST(runs_are_few_nodes)
{
    for (uint32_t shards = 1; shards <= 64; shards++) {
        const elb_shards all = elb_first_node((elb_shards){0, shards}, shards);
        ck_assert(all.first == 0 && all.end == shards);
    }
    const elb_shards quarter = elb_first_node((elb_shards){48, 64}, 64), odd = elb_first_node((elb_shards){3, 64}, 64);
    ck_assert(quarter.first == 48 && quarter.end == 64);
    ck_assert(odd.first == 3 && odd.end == 4);
    const elb_shards cut = elb_first_node((elb_shards){4, 7}, 7);
    ck_assert(cut.first == 4 && cut.end == 7);
}
END_TEST

/* What one rank of several has: shards 1, 2 and 3 are no node, 2 and 3 are. */
START_TEST(parts_of_a_tree_are_added_as_far_as_it_goes)
{
    elb_device *dev;
    elb_node nodes[3];
    uint32_t count = 3;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    for (uint32_t i = 0; i < 3; i++) {
        elb_buffer *buffer;
        ck_assert_int_eq(elb_buffer_new(&buffer, dev, sizeof(float)), ELBOW_OK);
        nodes[i] = (elb_node){{i + 1, i + 2}, elb_matrix(buffer, 0, 1, 1)};
    }
    elb_buffer *const made[] = {nodes[0].sum.buffer, nodes[1].sum.buffer, nodes[2].sum.buffer};
    ck_assert_int_eq(elb_nodes_add(nodes, &count, 8), ELBOW_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert(nodes[0].shards.first == 1 && nodes[0].shards.end == 2);
    ck_assert(nodes[1].shards.first == 2 && nodes[1].shards.end == 4);
    for (size_t i = 0; i < COUNT(made); i++) elb_buffer_free(made[i]);
    elb_device_close(dev);
}
END_TEST

/* ---- shares ---- */

/* The least time that any way of giving out the shards has. */
static double best_time(const double *speed, uint32_t devices, uint32_t shards, double so_far)
{
    double best = 1e300;
    if (devices == 1) return shards / speed[0] > so_far ? shards / speed[0] : so_far;
    for (uint32_t mine = 0; mine <= shards; mine++) {
        const double own = mine / speed[0];
        const double time = best_time(speed + 1, devices - 1, shards - mine, own > so_far ? own : so_far);
        if (time < best) best = time;
    }
    return best;
}

START_TEST(shares_end_as_soon_as_possible)
{
    srand(1);
    for (int i = 0; i < 300; i++) {
        double speed[4];
        uint32_t counts[4], sum = 0;
        const uint32_t devices = 1 + (uint32_t)rand() % 4, shards = 1 + (uint32_t)rand() % 16;
        for (uint32_t d = 0; d < devices; d++) speed[d] = 1 + rand() % 1000 / 7.0;
        elb_shares(counts, speed, devices, shards);
        for (uint32_t d = 0; d < devices; d++) sum += counts[d];
        ck_assert_uint_eq(sum, shards);
        ck_assert_double_eq(elb_shares_time(counts, speed, devices), best_time(speed, devices, shards, 0));
    }
}
END_TEST

START_TEST(shares_are_in_proportion)
{
    uint32_t counts[3];
    elb_shares(counts, (const double[]){1, 3, 4}, 3, 8);
    ck_assert(counts[0] == 1 && counts[1] == 3 && counts[2] == 4);
    elb_shares(counts, (const double[]){1, 1000, 1000}, 3, 8);
    ck_assert(counts[0] == 0 && counts[1] == 4 && counts[2] == 4);
}
END_TEST

/* ---- digests ---- */

typedef struct bench {
    elbow_context *context;
    elbow_data *data;
    elbow_model *model;
    uint32_t remarks;
    char remark[768];
} bench;

static void on_remark(void *user, const char *remark)
{
    bench *b = user;
    b->remarks++;
    elb_format(b->remark, sizeof b->remark, "%s", remark);
}

static void open_bench(bench *b, const char *team, const elbow_recipe *recipe)
{
    *b = (bench){0};
    ck_assert_msg(elbow_open(&b->context, team) == ELBOW_OK, "%s: %s", team, elbow_message(b->context));
    elbow_listen(b->context, on_remark, b);
    ck_assert_int_eq(elbow_data_load(&b->data, b->context, "shapes", 300), ELBOW_OK);
    ck_assert_int_eq(elbow_model_new(&b->model, b->context, recipe, b->data), ELBOW_OK);
}

static void close_bench(bench *b)
{
    elbow_model_free(b->model);
    elbow_data_free(b->data);
    elbow_close(b->context);
}

static elbow_recipe small_recipe(void)
{
    elbow_recipe recipe = elbow_recipe_default();
    memset(recipe.hidden, 0, sizeof recipe.hidden);
    recipe.hidden[0] = 33;
    recipe.latent = 3;
    recipe.seed = 5;
    return recipe;
}

static elbow_train_options small_options(uint32_t shards)
{
    elbow_train_options options = elbow_train_default();
    options.epochs = 2;
    options.batch = 64;
    options.shards = shards;
    return options;
}

static void train(char digest[65], const char *team, const elbow_recipe *recipe, const elbow_train_options *options)
{
    bench b;
    open_bench(&b, team, recipe);
    ck_assert_msg(elbow_train(b.model, b.data, options) == ELBOW_OK, "%s: %s", team, elbow_message(b.context));
    ck_assert_int_eq(elbow_model_digest(b.model, digest), ELBOW_OK);
    close_bench(&b);
}

static const char *const teams[] = {"native,native:baseline", "native:baseline,native"};

static void same_on_all_teams(const elbow_recipe *recipe, const elbow_train_options *options)
{
    char alone[65], together[65];
    train(alone, "native", recipe, options);
    for (size_t i = 0; i < COUNT(teams); i++) {
        train(together, teams[i], recipe, options);
        ck_assert_str_eq(alone, together);
    }
}

START_TEST(a_team_gives_the_digest_of_one)
{
    static const uint32_t shards[] = {2, 5, 64}; /* 64: the last batch has empty ones */
    const elbow_recipe recipe = small_recipe();
    for (size_t i = 0; i < COUNT(shards); i++) {
        const elbow_train_options options = small_options(shards[i]);
        same_on_all_teams(&recipe, &options);
    }
}
END_TEST

/* What the whole batch decides before it goes back. */
START_TEST(a_team_decides_as_one)
{
    elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(7);
    options.free_bits = 0.1;
    options.clip = 1;
    same_on_all_teams(&recipe, &options);
    options.free_bits = 0;
    options.schedule = ELBOW_SCHEDULE_CAPACITY;
    options.schedule_target = 5;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.spread = ELBOW_SPREAD_OPTIMAL;
    same_on_all_teams(&recipe, &options);
}
END_TEST

START_TEST(shards_are_part_of_the_recipe)
{
    char one[65], eight[65];
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(1);
    train(one, "native", &recipe, &options);
    options.shards = 8;
    train(eight, "native", &recipe, &options);
    ck_assert_str_ne(one, eight);
}
END_TEST

static bool stop_soon(void *user, const elbow_progress *progress)
{
    (void)user;
    return progress->step >= 3;
}

/* A run of one team goes on with another, what controls its weight included. */
START_TEST(another_team_resumes)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(8);
    char whole[65], parts[65];
    bench b;
    options.epochs = 3;
    options.schedule = ELBOW_SCHEDULE_GECO;
    options.schedule_target = 100;
    train(whole, "native", &recipe, &options);
    options.out = folder;
    options.save_every = 1e-9;
    options.progress = stop_soon;
    open_bench(&b, "native,native:baseline", &recipe);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_STOPPED);
    close_bench(&b);
    options.resume = true;
    options.progress = NULL;
    train(parts, "native:baseline,native", &recipe, &options);
    ck_assert_str_eq(whole, parts);
}
END_TEST

/* Steps that are skipped are counted once, however many replicas there are. */
START_TEST(a_team_skips_as_one)
{
    elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(4);
    options.learning_rate = 1e18;
    options.nonfinite = ELBOW_NONFINITE_SKIP;
    same_on_all_teams(&recipe, &options);
}
END_TEST

START_TEST(a_team_names_what_is_not_finite)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(4);
    char alone[768];
    bench b;
    options.learning_rate = 1e18;
    open_bench(&b, "native", &recipe);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_NOT_FINITE);
    elb_format(alone, sizeof alone, "%s", elbow_message(b.context));
    close_bench(&b);
    open_bench(&b, teams[0], &recipe);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_NOT_FINITE);
    ck_assert_str_eq(elbow_message(b.context), alone);
    close_bench(&b);
}
END_TEST

/* A device that breaks after so many launches: in its first steps, of two dozen each, or two where it has no shards. */
enum { MOST_LAUNCHES = 50 };

static elb_device_ops broken;
static const elb_device_ops *sound;
static uint32_t launches;

static elbow_status launch_until_broken(elb_device *dev, const elb_kernel *kernel, const void *options,
                                        elb_range groups, const elb_value *values)
{
    if (++launches <= MOST_LAUNCHES) return sound->launch(dev, kernel, options, groups, values);
    return elb_fail(dev->err, ELBOW_DEVICE, "it is broken");
}

static void break_later(elb_device *dev)
{
    sound = dev->ops;
    broken = *sound;
    broken.launch = launch_until_broken;
    dev->ops = &broken;
    launches = 0;
}

/* The one device that is left does the rest of the first epoch, which is five steps, and the second. */
START_TEST(a_device_fails)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(8);
    char alone[65], left[65];
    train(alone, "native", &recipe, &options);
    for (int first = 0; first < 2; first++) {
        bench b;
        open_bench(&b, teams[0], &recipe);
        break_later(first ? b.context->dev : b.context->mates[0]->dev);
        ck_assert_msg(elbow_train(b.model, b.data, &options) == ELBOW_OK, "%s", elbow_message(b.context));
        ck_assert_msg(strstr(b.remark, ": it is broken") != NULL, "%s", b.remark);
        ck_assert_int_eq(elbow_model_digest(b.model, left), ELBOW_OK);
        ck_assert_str_eq(alone, left);
        close_bench(&b);
    }
}
END_TEST

static elbow_status read_slowly(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    return sound->read(dev, to, buffer, at, bytes);
}

/* What a step sends takes many times as long as what it computes: either device is quicker without the other. */
START_TEST(a_team_that_does_not_pay)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options(8);
    options.epochs = 16;
    bench b;
    open_bench(&b, teams[0], &recipe);
    sound = b.context->dev->ops;
    broken = *sound;
    broken.read = read_slowly;
    b.context->dev->ops = b.context->mates[0]->dev->ops = &broken;
    ck_assert_msg(elbow_train(b.model, b.data, &options) == ELBOW_OK, "%s", elbow_message(b.context));
    ck_assert_msg(strncmp(b.remark, "the team takes ", 15) == 0 && strstr(b.remark, " alone would take about ") &&
                      strstr(b.remark, ": --device native"),
                  "%s", b.remark);
    close_bench(&b);
}
END_TEST

/* ---- lists of devices ---- */

START_TEST(lists_of_devices_are_read)
{
    elbow_context *context;
    ck_assert_int_eq(elbow_open(&context, "native,native:baseline"), ELBOW_OK);
    ck_assert_str_eq(elbow_team_device(context, 0)->id, "native");
    ck_assert_str_eq(elbow_team_device(context, 1)->id, "native:baseline");
    ck_assert_ptr_null(elbow_team_device(context, 2));
    elbow_close(context);
    static const char *const wrong[] = {"native,", ",native", "native,,native:baseline", "native,native",
                                        "native,nativ"};
    static const char *const why[] = {"a team is a list", "a team is a list", "a team is a list", "named twice",
                                      "no device \"nativ\""};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ck_assert_int_ne(elbow_open(&context, wrong[i]), ELBOW_OK);
        ck_assert_msg(strstr(elbow_message(context), why[i]) != NULL, "%s: %s", wrong[i], elbow_message(context));
        elbow_close(context);
    }
}
END_TEST

START_TEST(teams_do_not_join_teams)
{
    elbow_context *context, *team;
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
    ck_assert_int_eq(elbow_open(&team, "native,native:baseline"), ELBOW_OK);
    ck_assert_int_eq(elbow_join(context, team), ELBOW_USAGE);
    ck_assert_int_eq(elbow_join(context, context), ELBOW_USAGE);
    ck_assert_int_eq(elbow_join(team, context), ELBOW_OK);
    ck_assert_str_eq(elbow_team_device(team, 2)->id, "native");
    elbow_close(team);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_tree_does_not_depend_on_who_sums_which_nodes,
                                  the_vectors_of_the_test_show_the_order,
                                  runs_are_few_nodes,
                                  parts_of_a_tree_are_added_as_far_as_it_goes,
                                  shares_end_as_soon_as_possible,
                                  shares_are_in_proportion,
                                  a_team_gives_the_digest_of_one,
                                  a_team_decides_as_one,
                                  shards_are_part_of_the_recipe,
                                  another_team_resumes,
                                  a_team_skips_as_one,
                                  a_team_names_what_is_not_finite,
                                  a_device_fails,
                                  a_team_that_does_not_pay,
                                  lists_of_devices_are_read,
                                  teams_do_not_join_teams};
    char command[64];
    if (!mkdtemp(folder)) return 1;
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    for (size_t i = 0; i < COUNT(tests); i++) tcase_add_test(all, tests[i]);
    const int failed = run_case("team", all);
    elb_format(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 || failed != 0;
}
