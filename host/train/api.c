/* api.c - the public API over the layers below: messages, devices, data. Contexts are in context.c. */
#include "device/opencl.h"
#include "elbow_cl.h"
#include "io/data.h"
#include "math/selftest.h"
#include "theory/diagnose.h"
#include "train/context.h"

#include <stdlib.h>

const char *elbow_version(void)
{
    return ELBOW_VERSION; /* given by the build */
}

elbow_recipe elbow_recipe_default(void)
{
    return (elbow_recipe){.model = ELBOW_MLP,
                          .hidden = {400},
                          .latent = 20,
                          .activation = ELBOW_RELU,
                          .likelihood = ELBOW_BERNOULLI,
                          .sigma2 = 1,
                          .spread = ELBOW_SPREAD_FIXED,
                          .output = ELBOW_OUTPUT_AUTO,
                          .pixels = ELBOW_SUM,
                          .latents = ELBOW_SUM,
                          .batch = ELBOW_MEAN,
                          .weight = 1,
                          .objective = ELBOW_OBJECTIVE_ELBO,
                          .samples = 1,
                          .binarise = ELBOW_BINARISE_NONE,
                          .seed = 0};
}

elbow_train_options elbow_train_default(void)
{
    return (elbow_train_options){.epochs = 10,
                                 .batch = 128,
                                 .learning_rate = 1e-3,
                                 .rate = ELBOW_RATE_CONSTANT,
                                 .rate_every = 10,
                                 .rate_factor = 0.5,
                                 .rate_growth = 1,
                                 .schedule = ELBOW_SCHEDULE_CONSTANT,
                                 .schedule_epochs = 5,
                                 .schedule_cycles = 4,
                                 .schedule_ratio = 0.5,
                                 .schedule_gain = 0.005,
                                 .schedule_pull = 1e-4,
                                 .schedule_most = 100,
                                 .free_bits_group = 1,
                                 .shards = 1,
                                 .maths = ELBOW_EXACT,
                                 .nonfinite = ELBOW_NONFINITE_STOP,
                                 .save_every = 60};
}

const char *elbow_message(const elbow_context *context)
{
    return context ? context->err.text : "no memory for a context";
}

void elbow_listen(elbow_context *context, elbow_listener *listener, void *user)
{
    elb_error *err = &context->err;
    err->listener = listener;
    err->user = user;
    if (!listener || !err->unheard[0]) return;
    listener(user, err->unheard);
    err->unheard[0] = 0;
}

elbow_status elbow_devices(elbow_context *context, elbow_device_info **devices, size_t *count)
{
    return elb_discover(elb_begin(context), devices, count);
}

void elbow_devices_free(elbow_device_info *devices)
{
    free(devices);
}

const elbow_device_info *elbow_device(const elbow_context *context)
{
    return context->dev ? &context->dev->info : &context->unknown;
}

elbow_status elbow_data_load(elbow_data **data, elbow_context *context, const char *source, uint32_t limit)
{
    TRY(elb_data_load(data, elb_begin(context), source, limit));
    elb_format((*data)->origin, sizeof(*data)->origin, "%s", source);
    (*data)->limit = limit;
    return ELBOW_OK;
}

elbow_status elbow_data_from_floats(elbow_data **data, elbow_context *context, uint32_t height, uint32_t width,
                                    uint32_t channels, const float *train, uint32_t train_count, const float *test,
                                    uint32_t test_count)
{
    return elb_data_from_floats(data, elb_begin(context), height, width, channels, train, train_count, test,
                                test_count);
}

elbow_status elbow_data_hold_out(elbow_data *data, elbow_context *context, elbow_split split, double share)
{
    TRY(elb_data_hold_out(data, elb_begin(context), split, share));
    data->held_out[split] = share;
    return ELBOW_OK;
}

const elbow_data_info *elbow_data_about(const elbow_data *data)
{
    return &data->info;
}

void elbow_data_free(elbow_data *data)
{
    elb_data_free(data);
}

elbow_status elbow_open_cl(elbow_context **context, cl_context cl, cl_device_id device, cl_command_queue queue)
{
    *context = calloc(1, sizeof **context);
    if (!*context) return ELBOW_MEMORY;
    TRY(elb_opencl_adopt(&(*context)->dev, &(*context)->err, cl, device, queue));
    elb_make_ready(*context);
    return ELBOW_OK;
}

elbow_status elbow_lend_cl(elbow_context *context, cl_context *cl, cl_device_id *device, cl_command_queue *queue)
{
    void *lent[3] = {NULL, NULL, NULL};
    elb_begin(context);
    const elbow_status status = elb_opencl_lend(context->dev, &lent[0], &lent[1], &lent[2]);
    *cl = lent[0], *device = lent[1], *queue = lent[2];
    return status;
}

elbow_status elbow_diagnose(elbow_diagnosis *diagnosis, elbow_context *context, const char *path,
                            const elbow_recipe *loss, bool logits)
{
    return elb_diagnose_file(diagnosis, elb_begin(context), path, loss, logits);
}

elbow_status elbow_selftest(elbow_context *context, elbow_on_verdict *on_verdict, void *user)
{
    elb_begin(context);
    return elb_selftest(context->dev, on_verdict, user);
}
