#include "train/world.h"

/* Nobody has a world: elb_world_join is the only way to one. */

elbow_status elb_world_join(elb_world **world, elb_error *err)
{
    *world = NULL;
    return elb_fail(err, ELBOW_UNSUPPORTED,
                    "this build has no MPI: install OpenMPI's development files and build anew, or leave mpirun out");
}

void elb_world_leave(elb_world *world)
{
    (void)world;
}

uint32_t elb_world_rank(const elb_world *world)
{
    (void)world;
    return 0;
}

uint32_t elb_world_size(const elb_world *world)
{
    (void)world;
    return 1;
}

elbow_status elb_world_meet(elb_word *words, elb_world *world, elb_error *err, const elb_word *mine)
{
    (void)words, (void)world, (void)mine;
    return elb_fail(err, ELBOW_UNSUPPORTED, "this build has no MPI");
}

elbow_status elb_world_send(elb_world *world, elb_error *err, const void *from, size_t bytes, uint32_t to_rank)
{
    (void)world, (void)from, (void)bytes, (void)to_rank;
    return elb_fail(err, ELBOW_UNSUPPORTED, "this build has no MPI");
}

elbow_status elb_world_receive(elb_world *world, elb_error *err, void *to, size_t bytes, uint32_t from_rank)
{
    (void)world, (void)to, (void)bytes, (void)from_rank;
    return elb_fail(err, ELBOW_UNSUPPORTED, "this build has no MPI");
}

elbow_status elb_world_spread(elb_world *world, elb_error *err, void *bytes, size_t count, uint32_t from_rank)
{
    (void)world, (void)bytes, (void)count, (void)from_rank;
    return elb_fail(err, ELBOW_UNSUPPORTED, "this build has no MPI");
}
