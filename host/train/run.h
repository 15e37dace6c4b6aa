/* run.h - run.json: the whole recipe of a run, enough to repeat it to the bit. */
#ifndef ELB_RUN_H
#define ELB_RUN_H

#include "device/device.h"
#include "io/data.h"
#include "io/json.h"

/* Writes folder/run.json for a run on this data and the context's devices. */
elbow_status elb_run_write(elb_error *err, const char *folder, const elbow_recipe *recipe,
                           const elbow_train_options *options, const elbow_data *data, const elbow_context *context);

/* Adds to an object what elb_run_read reads: run.json but for the devices. */
void elb_run_add(cJSON *root, const elbow_recipe *recipe, const elbow_train_options *options, const elbow_data *data);

/* Reads a run folder's run.json, or a file like it. */
elbow_status elb_run_read(elbow_run *run, elb_error *err, const char *path);

/* path = folder/name. Errors: USAGE if that is too long. */
#define ELB_PATH 2048
elbow_status elb_run_path(char path[ELB_PATH], elb_error *err, const char *folder, const char *name);

/* Whether a folder holds such a file. */
bool elb_run_has(const char *folder, const char *name);

/* A recipe, and how it is trained, as the members of an object, as in run.json. Errors: BAD_FILE. */
void elb_recipe_write(cJSON *to, const elbow_recipe *recipe);
elbow_status elb_recipe_read(elbow_recipe *recipe, elb_error *err, const cJSON *from);
void elb_train_write(cJSON *to, const elbow_train_options *options);
elbow_status elb_train_read(elbow_train_options *options, elb_error *err, const cJSON *from);

/* Digests, 64 hexadecimal digits each, over all of a recipe that a state must share with the run that resumes it;
 * epochs, patience and how often to save may change. The first is the one that is saved; the others are what elbows
 * saved that knew fewer fields, "" where the recipe has what they could not do. */
#define ELB_FINGERPRINTS 4
void elb_run_fingerprints(char hex[ELB_FINGERPRINTS][65], const elbow_recipe *recipe,
                          const elbow_train_options *options, const elbow_data *data);

/* What two runs differ in first, as "\"latent\" 5, not 10" (there, not wanted); "" if they are of one recipe. How often
 * to save, and where the same data lie, may differ. Errors: MEMORY. */
elbow_status elb_run_difference(char *out, size_t size, elb_error *err, const elbow_run *there,
                                const elbow_run *wanted);

#endif
