/* check_look.c - which grey a number has in a picture. */
#include "base/file.h"
#include "io/image.h"
#include "walsh.h"

static elbow_context *context;

#define GOES(call) ck_assert_msg((call) == ELBOW_OK, "%s", elbow_message(context))

/* Draws an image of 2x4 pixels, 1/2 + sqrt(made) times `scale`, above what an untrained model makes of it, and returns
 * the image's greys. */
static void draw(unsigned char greys[8], float scale)
{
    float images[2 * 8];
    elbow_data *data = NULL;
    elbow_model *model = NULL;
    elb_image image;
    void *file;
    size_t size;
    elbow_recipe recipe = elbow_recipe_default();
    for (int i = 0; i < 16; i++) images[i] = (float)(0.5 + (i < 8 ? 1 : -1) * sqrt(made[i % 8])) * scale;
    recipe.model = ELBOW_LINEAR;
    recipe.hidden[0] = 0;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.latent = 2;
    GOES(elbow_data_from_floats(&data, context, 2, 4, 1, images, 2, NULL, 0));
    GOES(elbow_model_new(&model, context, &recipe, data));
    GOES(elbow_draw_reconstructions(model, data, in_folder("pair.png"), 1, 1));
    WORKS(elb_file_read(&err, &file, &size, in_folder("pair.png"), 1 << 20));
    WORKS(elb_png_image(&image, &err, file, size));
    /* A gap of 2, enlarged as the grid pleases: each pixel's middle. */
    ck_assert_uint_eq(image.channels, 1);
    for (uint32_t j = 0; j < 8; j++) {
        const uint32_t zoom = image.width / 8, row = 2 + j / 4 * ((image.height - 6) / 4) + zoom / 2,
                       column = 2 + j % 4 * ((image.width - 4) / 4) + zoom / 2;
        greys[j] = image.pixels[row * image.width + column];
    }
    free(image.pixels);
    free(file);
    elbow_model_free(model);
    elbow_data_free(data);
}

START_TEST(contrast)
{
    unsigned char greys[8];
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
    draw(greys, 1);
    for (int j = 0; j < 8; j++) ck_assert_int_eq(greys[j], (int)lround(255 * (0.5 + sqrt(made[j]))));
    draw(greys, 2); /* oversteps by less than 1: black and white stay 0 and 1 */
    for (int j = 0; j < 8; j++) ck_assert_int_eq(greys[j], 255);
    draw(greys, 100); /* the largest is white, the others lie between by their differences */
    ck_assert_int_eq(greys[0], 255);
    ck_assert_int_lt(greys[7], 200);
    for (int j = 0; j < 8; j++) {
        const double share = (sqrt(made[j]) - sqrt(made[7])) / (sqrt(made[0]) - sqrt(made[7]));
        ck_assert_double_eq_tol(greys[j], greys[7] + share * (255 - greys[7]), 1.01);
    }
    elbow_close(context);
}
END_TEST

MAIN(contrast)
