/* cache.h - small files on disk, found by a key: built programs and verdicts about them.
 *
 * They lie in $XDG_CACHE_HOME/elbow (or ~/.cache/elbow), each named by its key. An entry is written whole or not at all
 * and carries its key, its length and a digest of its bytes, so that any number of processes may use the folder at once
 * and a cut, changed or foreign file counts as absent. ELBOW_CACHE=off in the environment does without. */
#ifndef ELB_CACHE_H
#define ELB_CACHE_H

#include "base/base.h"
#include "base/sha256.h"

typedef struct elb_cache_key {
    unsigned char bytes[ELB_SHA256_BYTES];
} elb_cache_key;

/* Whether there is a cache: the user may want none, or have no home for it. */
bool elb_cache_is_on(void);

/* Reads an entry into new memory, freed with free(). False, for whatever reason, means: make it again. */
bool elb_cache_get(void **bytes, size_t *size, const elb_cache_key *key);

/* Writes an entry. A failure is worth a remark and no more: give an err whose message nobody needs. */
elbow_status elb_cache_put(elb_error *err, const elb_cache_key *key, const void *bytes, size_t size);

/* Keeps other processes that ask for the same name waiting until unlocked: drivers' own caches race. Gives -1, which
 * unlock takes, where there is no cache to lock. */
int elb_cache_lock(const char *name);
void elb_cache_unlock(int lock);

#endif
