#include "train/world.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

struct elb_world {
    MPI_Comm ranks;
    int rank, size;
    bool begun; /* by elb_world_join */
};

/* Bytes of one message: MPI counts in int. */
enum { PIECE = 1 << 30 };

static elbow_status check(elb_error *err, int code, const char *call)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS) return ELBOW_OK;
    MPI_Error_string(code, text, &length);
    return elb_fail(err, ELBOW_DEVICE, "%s: %.200s", call, text);
}

static elbow_status join(elb_world *w, elb_error *err)
{
    int there = 0, threads;
    TRY(check(err, MPI_Initialized(&there), "MPI_Initialized"));
    if (!there) {
        TRY(check(err, MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &threads), "MPI_Init_thread"));
        w->begun = true;
    }
    TRY(check(err, MPI_Comm_dup(MPI_COMM_WORLD, &w->ranks), "MPI_Comm_dup"));
    TRY(check(err, MPI_Comm_set_errhandler(w->ranks, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    TRY(check(err, MPI_Comm_rank(w->ranks, &w->rank), "MPI_Comm_rank"));
    return check(err, MPI_Comm_size(w->ranks, &w->size), "MPI_Comm_size");
}

elbow_status elb_world_join(elb_world **world, elb_error *err)
{
    elb_world *w;
    *world = NULL;
    TRY(elb_new(err, &w, 1, sizeof *w, "a job's ranks"));
    w->ranks = MPI_COMM_NULL;
    const elbow_status status = join(w, err);
    if (status == ELBOW_OK)
        *world = w;
    else
        elb_world_leave(w);
    return status;
}

void elb_world_leave(elb_world *w)
{
    if (!w) return;
    if (w->ranks != MPI_COMM_NULL) MPI_Comm_free(&w->ranks);
    if (w->begun) MPI_Finalize();
    free(w);
}

uint32_t elb_world_rank(const elb_world *w)
{
    return (uint32_t)w->rank;
}

uint32_t elb_world_size(const elb_world *w)
{
    return (uint32_t)w->size;
}

elbow_status elb_world_meet(elb_word *words, elb_world *w, elb_error *err, const elb_word *mine)
{
    const int size = sizeof *mine;
    TRY(check(err, MPI_Allgather(mine, size, MPI_BYTE, words, size, MPI_BYTE, w->ranks), "MPI_Allgather"));
    for (int i = 0; i < w->size; i++)
        if (words[i].status != ELBOW_OK)
            return elb_fail(err, (elbow_status)words[i].status, "%s%.231s",
                            i == w->rank ? "" : "another rank: ", words[i].why);
    return ELBOW_OK;
}

elbow_status elb_world_send(elb_world *w, elb_error *err, const void *from, size_t bytes, uint32_t to_rank)
{
    for (const char *at = from; bytes;) {
        const size_t part = bytes < PIECE ? bytes : PIECE;
        TRY(check(err, MPI_Send(at, (int)part, MPI_BYTE, (int)to_rank, 0, w->ranks), "MPI_Send"));
        at += part;
        bytes -= part;
    }
    return ELBOW_OK;
}

elbow_status elb_world_receive(elb_world *w, elb_error *err, void *to, size_t bytes, uint32_t from_rank)
{
    for (char *at = to; bytes;) {
        const size_t part = bytes < PIECE ? bytes : PIECE;
        TRY(check(err, MPI_Recv(at, (int)part, MPI_BYTE, (int)from_rank, 0, w->ranks, MPI_STATUS_IGNORE), "MPI_Recv"));
        at += part;
        bytes -= part;
    }
    return ELBOW_OK;
}

elbow_status elb_world_spread(elb_world *w, elb_error *err, void *bytes, size_t count, uint32_t from_rank)
{
    for (char *at = bytes; count;) {
        const size_t part = count < PIECE ? count : PIECE;
        TRY(check(err, MPI_Bcast(at, (int)part, MPI_BYTE, (int)from_rank, w->ranks), "MPI_Bcast"));
        at += part;
        count -= part;
    }
    return ELBOW_OK;
}
