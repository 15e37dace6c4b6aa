/* tree.h - vectors summed over the shards of a batch by the one binary tree over the shard's number: its nodes are
 * summed on devices, and what several devices have summed is added on the host. Which device summed what changes no
 * bit. */
#ifndef ELB_TREE_H
#define ELB_TREE_H

#include "math/shards.h"

/* A vector for each level of the binary counter over leaves: up to 2^31 of them. */
#define ELB_TREE_LEVELS 32
/* Nodes that a run of shards consists of at most: two of each level. */
#define ELB_MOST_NODES (2 * ELB_TREE_LEVELS)

/* Room on a device for the sum of a node: a vector for each level of the counter. Its leaves are shards, or runs of
 * shards whose sum is made at once by the same tree. */
typedef struct elb_tree {
    elb_buffer *level[ELB_TREE_LEVELS]; /* those in use: log2 of the leaves, and one */
    uint32_t leaf, length;              /* shards of a leaf; elements of a vector, 0: not open */
} elb_tree;

/* leaf: a power of two. */
elbow_status elb_tree_open(elb_tree *tree, elb_device *dev, uint32_t shards, uint32_t leaf, uint32_t length);
void elb_tree_close(elb_tree *tree);

/* Where the last sum lies: (1, length). */
elb_view elb_tree_sum_of(const elb_tree *tree);

/* Makes the vector of one leaf, (1, length), or of a node that is smaller. */
typedef elbow_status elb_make_vector(void *with, elb_view into, elb_shards run);

/* Sums a node, elb_tree_sum_of. */
elbow_status elb_tree_sum(elb_tree *tree, elb_shards node, elb_make_vector *make, void *with);

/* The node that a run of shards, of S in all, begins with. Of a node that reaches beyond the last shard the missing
 * ones are left out. */
elb_shards elb_first_node(elb_shards run, uint32_t shards);

/* A node's sum, on the device that adds what others have summed. */
typedef struct elb_node {
    elb_shards shards;
    elb_view sum;
} elb_node;

/* Adds nodes of neighbouring runs, in their order, as far as the tree goes: *count are left, those that the whole run
 * consists of. Of all S shards one is left. */
elbow_status elb_nodes_add(elb_node *nodes, uint32_t *count, uint32_t shards);

#endif
