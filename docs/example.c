/* example.c - trains a VAE on made-up shapes, draws what it imagines, prints its digest.
 *
 *     cc example.c $(pkg-config --cflags --libs elbow) -o example && ./example        (or: ./example native) */
#include <elbow.h>
#include <stdio.h>

static bool show(void *user, const elbow_progress *now)
{
    (void)user;
    if (now->epoch_ends) printf("epoch %u of %u: %.1f nats (test)\n", now->epoch, now->epochs, now->test.elbo);
    return false; /* true would save the state and stop */
}

int main(int argc, char **argv)
{
    elbow_context *context = NULL;
    elbow_data *data = NULL;
    elbow_model *vae = NULL;
    char digest[65] = "";

    elbow_recipe recipe = elbow_recipe_default();
    recipe.hidden[0] = 100, recipe.hidden[1] = 0;
    recipe.latent = 8;
    elbow_train_options options = elbow_train_default();
    options.epochs = 3, options.progress = show;

    elbow_status status = elbow_open(&context, argc > 1 ? argv[1] : "auto");
    if (!status) status = elbow_data_load(&data, context, "shapes", 2000);
    if (!status) status = elbow_model_new(&vae, context, &recipe, data);
    if (!status) status = elbow_train(vae, data, &options);
    if (!status) status = elbow_draw_samples(vae, "samples.png", 8, 8, 1);
    if (!status) status = elbow_model_digest(vae, digest);
    if (status) fprintf(stderr, "%s: %s\n", elbow_status_text(status), context ? elbow_message(context) : "");
    if (!status) printf("samples.png, digest %s\n", digest);
    elbow_model_free(vae);
    elbow_data_free(data);
    elbow_close(context);
    return status != ELBOW_OK;
}
