#include "train/tree.h"

#include "nn/update.h"

/* Levels that a binary counter over so many leaves needs. */
static uint32_t levels(uint32_t leaves)
{
    uint32_t count = 1;
    while (count < ELB_TREE_LEVELS && (UINT64_C(1) << (count - 1)) < leaves) count++;
    return count;
}

elbow_status elb_tree_open(elb_tree *tree, elb_device *dev, uint32_t shards, uint32_t leaf, uint32_t length)
{
    tree->leaf = leaf;
    tree->length = length;
    for (uint32_t level = 0; level < levels((shards - 1) / leaf + 1); level++)
        TRY(elb_buffer_new(&tree->level[level], dev, length * dev->real_size));
    return ELBOW_OK;
}

void elb_tree_close(elb_tree *tree)
{
    for (uint32_t level = 0; level < ELB_TREE_LEVELS; level++) elb_buffer_free(tree->level[level]);
}

static elb_view level_of(const elb_tree *tree, uint32_t level)
{
    return elb_matrix(tree->level[level], 0, 1, tree->length);
}

elb_view elb_tree_sum_of(const elb_tree *tree)
{
    return level_of(tree, 0);
}

/* Where a node of so many shards that begins at first ends. */
static uint32_t end_of(uint32_t first, uint64_t size, uint32_t shards)
{
    return first + size < shards ? (uint32_t)(first + size) : shards;
}

/* The tree is a binary counter: level l holds the sum of a finished run of leaves, and two runs of the same length are
 * added, left += right. Runs left over at the end (S no power of two) are added from the right, as if the missing
 * shards were 0. */
elbow_status elb_tree_sum(elb_tree *tree, elb_shards node, elb_make_vector *make, void *with)
{
    elb_device *dev = tree->level[0]->dev;
    uint32_t held = 0, made = 0;
    for (elb_shards run = {node.first, node.first}; run.end < node.end; run.first = run.end) {
        run.end = end_of(run.first, tree->leaf, node.end);
        TRY(make(with, level_of(tree, held++), run));
        for (uint32_t runs = ++made; runs % 2 == 0; runs /= 2, held--)
            TRY(elb_add(dev, level_of(tree, held - 2), level_of(tree, held - 1)));
    }
    for (; held > 1; held--) TRY(elb_add(dev, level_of(tree, held - 2), level_of(tree, held - 1)));
    return ELBOW_OK;
}

elb_shards elb_first_node(elb_shards run, uint32_t shards)
{
    uint64_t size = 1;
    while (run.first % (2 * size) == 0 && end_of(run.first, size, shards) < run.end &&
           end_of(run.first, 2 * size, shards) <= run.end)
        size *= 2;
    return (elb_shards){run.first, end_of(run.first, size, shards)};
}

/* Whether two neighbours are the halves of one node. */
static bool are_halves(elb_shards left, elb_shards right, uint32_t shards)
{
    const uint32_t size = left.end - left.first;
    return left.first % (2 * (uint64_t)size) == 0 && right.end == end_of(left.end, size, shards);
}

elbow_status elb_nodes_add(elb_node *nodes, uint32_t *count, uint32_t shards)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < *count; i++) {
        nodes[held++] = nodes[i];
        for (; held > 1 && are_halves(nodes[held - 2].shards, nodes[held - 1].shards, shards); held--) {
            elb_node *left = &nodes[held - 2];
            const elb_node *right = &nodes[held - 1];
            TRY(elb_add(left->sum.buffer->dev, left->sum, right->sum));
            left->shards.end = right->shards.end;
        }
    }
    *count = held;
    return ELBOW_OK;
}
