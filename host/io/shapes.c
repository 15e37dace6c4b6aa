/* shapes.c - images whose factors of variation are known, made by integers alone, so that every host makes the same
 * bytes: 3 shapes x 6 scales x 12 rotations x 8 x 8 places = 13,824 grey images of 32x32.
 *
 * A sprite is drawn once per shape, scale and rotation, with 8x8 samples a pixel, and moved by whole pixels. Rotations
 * are 0 to 82.5 degrees: within these no two of a square, an ellipse and a triangle look alike, so every image has one
 * answer. The order is that of a fixed hash; the first tenth is the test split. */
#include "io/data.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, SHAPES = 3, SCALES = 6, ROTATIONS = 12, PLACES = 8 };
enum { SPRITES = SHAPES * SCALES * ROTATIONS, IMAGES = SPRITES * PLACES * PLACES, TEST = IMAGES / 10 };
enum { SQUARE, ELLIPSE, TRIANGLE };

/* 2^14 times cosine of 0, 7.5, ..., 90 degrees; the sine is the same list backwards. */
static const int cosines[ROTATIONS + 1] = {16384, 16244, 15826, 15137, 14189, 12998, 11585,
                                           9974,  8192,  6270,  4240,  2139,  0};

/* Whether the point (u, v), turned into the shape's own axes, lies in it; r is the circle around it, in the same unit.
 */
static bool inside(int shape, int64_t u, int64_t v, int64_t r)
{
    switch (shape) {
    case SQUARE:
        return 10 * llabs(u) <= 7 * r && 10 * llabs(v) <= 7 * r;
    case ELLIPSE:
        return u * u + 4 * v * v <= r * r;
    default:
        return 2 * v <= r && 1000 * (v + r) >= 1732 * llabs(u);
    }
}

/* Positions are counted in sixteenths of a pixel: the samples of a pixel lie at 1, 3, ..., 15. */
static uint8_t coverage(int shape, int scale, int rotation, int row, int column)
{
    const int64_t c = cosines[rotation], s = cosines[ROTATIONS - rotation];
    const int64_t r = (int64_t)(56 + 16 * scale) * 16384; /* 3.5 to 8.5 pixels */
    int hits = 0;
    for (int i = 1; i < 16; i += 2)
        for (int j = 1; j < 16; j += 2) {
            const int64_t y = 16 * (row - SIDE / 2) + i, x = 16 * (column - SIDE / 2) + j;
            hits += inside(shape, c * x + s * y, c * y - s * x, r);
        }
    return (uint8_t)((hits * 255 + 32) / 64);
}

static void draw_sprites(uint8_t *sprites)
{
    for (int k = 0; k < SPRITES; k++)
        for (int row = 0; row < SIDE; row++)
            for (int column = 0; column < SIDE; column++)
                *sprites++ = coverage(k / (SCALES * ROTATIONS), k / ROTATIONS % SCALES, k % ROTATIONS, row, column);
}

/* Image number `index` in the order of its factors: a sprite moved by -7, -5, ..., 7 pixels each way. */
static void place(uint8_t *image, uint8_t *factors, const uint8_t *sprites, uint32_t index)
{
    const uint32_t y = index % PLACES, x = index / PLACES % PLACES, sprite = index / (PLACES * PLACES);
    const uint8_t known[ELB_MAX_FACTORS] = {(uint8_t)(sprite / (SCALES * ROTATIONS)),
                                            (uint8_t)(sprite / ROTATIONS % SCALES), (uint8_t)(sprite % ROTATIONS),
                                            (uint8_t)x, (uint8_t)y};
    memcpy(factors, known, sizeof known);
    const int down = 2 * (int)y - 7, right = 2 * (int)x - 7;
    const uint8_t *from = sprites + (size_t)sprite * SIDE * SIDE;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const int i = row - down, j = column - right;
            const bool in = i >= 0 && i < SIDE && j >= 0 && j < SIDE;
            image[row * SIDE + column] = in ? from[i * SIDE + j] : 0;
        }
}

typedef struct ordered {
    uint64_t hash;
    uint32_t index;
} ordered;

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const ordered *)a)->hash, y = ((const ordered *)b)->hash;
    return (x > y) - (x < y);
}

static elbow_status fill(elb_images *images, elb_error *err, const uint8_t *sprites, const ordered *order,
                         uint32_t count)
{
    TRY(elb_new(err, &images->pixels, count, SIDE * SIDE, "the shapes"));
    TRY(elb_new(err, &images->factors, count, ELB_MAX_FACTORS, "the shapes' factors"));
    images->count = count;
    for (uint32_t i = 0; i < count; i++)
        place((uint8_t *)images->pixels + (size_t)i * SIDE * SIDE, images->factors + (size_t)i * ELB_MAX_FACTORS,
              sprites, order[i].index);
    return ELBOW_OK;
}

elbow_status elb_shapes_make(elbow_data *data, elb_error *err, uint32_t limit)
{
    static const char *const names[ELB_MAX_FACTORS] = {"shape", "scale", "rotation", "x", "y"};
    static const uint32_t values[ELB_MAX_FACTORS] = {SHAPES, SCALES, ROTATIONS, PLACES, PLACES};
    memcpy(data->factor, names, sizeof names);
    memcpy(data->factor_values, values, sizeof values);
    data->factors = ELB_MAX_FACTORS;
    data->info.height = data->info.width = SIDE;
    data->info.channels = 1;
    data->info.bytes = true;
    uint8_t *sprites = NULL;
    ordered *order = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &sprites, SPRITES, SIDE * SIDE, "the shapes"));
    TRY_DONE(elb_new(err, &order, IMAGES, sizeof *order, "the shapes"));
    draw_sprites(sprites);
    for (uint32_t i = 0; i < IMAGES; i++) order[i] = (ordered){elb_index_hash(i), i};
    qsort(order, IMAGES, sizeof *order, by_hash);
    const uint32_t train = IMAGES - TEST;
    TRY_DONE(fill(&data->source[1], err, sprites, order, TEST));
    TRY_DONE(fill(&data->source[0], err, sprites, order + TEST, limit && limit < train ? limit : train));
done:
    free(sprites);
    free(order);
    return status;
}
