/* data.h - data sets: images with a training, a validation and a test split. The public functions elbow_data_* are
 * these with a context's elb_error.
 *
 * Pixels never move after loading: a split is a list of rows of one pixel array, so holding images out costs nothing
 * and the random streams, keyed by the row, do not change. A datum is (height, width, channels), row major. */
#ifndef ELB_IO_DATA_H
#define ELB_IO_DATA_H

#include "base/base.h"

#define ELB_MAX_FACTORS 5

/* Images as they came from the source. */
typedef struct elb_images {
    void *pixels;     /* (count, pixels) of uint8_t (value / 255) or of canonical float, see info.bytes */
    uint32_t count;   /* images */
    uint8_t *labels;  /* (count), or NULL */
    uint8_t *factors; /* (count, factors), or NULL: the made-up data's known factors */
} elb_images;

/* One split: rows of `images`. */
typedef struct elb_part {
    const elb_images *images;
    uint32_t *rows; /* (count), upward; the sample index in the random streams */
    uint32_t count;
} elb_part;

struct elbow_data {
    elbow_data_info info;
    char origin[1024];    /* as given to elbow_data_load; "" for data from memory: what run.json repeats */
    uint32_t limit;       /* likewise */
    double held_out[3];   /* the share moved to each split; 0: none */
    elb_images source[2]; /* what the source calls training and test */
    elb_part part[3];     /* by elbow_split; the test part is the training part where the source has no other */
    uint32_t factors;     /* known factors, 0 for real data */
    const char *factor[ELB_MAX_FACTORS];     /* their names */
    uint32_t factor_values[ELB_MAX_FACTORS]; /* how many values each takes */
};

/* As the public functions, which see for the errors. *data is NULL after a failure. */
elbow_status elb_data_load(elbow_data **data, elb_error *err, const char *source, uint32_t limit);
elbow_status elb_data_from_floats(elbow_data **data, elb_error *err, uint32_t height, uint32_t width, uint32_t channels,
                                  const float *train, uint32_t train_count, const float *test, uint32_t test_count);
elbow_status elb_data_hold_out(elbow_data *data, elb_error *err, elbow_split split, double share);
void elb_data_free(elbow_data *data);

/* The rows of a split; count is 0 where it has none (validation). */
static inline const elb_part *elb_data_part(const elbow_data *data, elbow_split split)
{
    return &data->part[split];
}

/* The pixels of one datum of a split as floats in 0..1 (bytes / 255, rounded to float32), into out (pixels). */
void elb_data_datum(float *out, const elbow_data *data, elbow_split split, uint32_t index);

/* ---- for the readers of sources ---- */

/* Images as a reader hands them over. */
typedef struct elb_block {
    uint32_t size[4]; /* count, height, width, channels */
    bool flat;        /* rows of numbers without a height: size is count, 1, numbers, 1 */
    bool bytes;       /* values are uint8_t (value / 255), else canonical float */
    void *values;     /* row major, newly allocated */
} elb_block;

/* Makes a block the training images (which 0) or those of the test (1); its values are data's, whatever is returned.
 * Flat rows whose number is a square of 16 or more become square images, which a remark says. Errors: BAD_DATA: test
 * images of another size or kind than the training images. */
elbow_status elb_data_take(elbow_data *data, elb_error *err, int which, const char *path, const elb_block *block);

/* Takes images that a source has filled into data->source and info's sizes; finishes the splits, numbers and hash.
 * Errors: BAD_DATA (constant, or all images the same), MEMORY. */
elbow_status elb_data_finish(elbow_data *data, elb_error *err);

/* Recomputes minimum, maximum, mean, grey and counts over the training split. */
void elb_data_measure(elbow_data *data);

/* The fixed hash of an index that orders made-up images and chooses those held out (splitmix64). */
static inline uint64_t elb_index_hash(uint64_t index)
{
    uint64_t x = (index + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* A data set of so many images of noise, the same on every host, to measure speed where there are no data: bytes, or
 * counts as real numbers. */
elbow_status elb_data_made_up(elbow_data **data, elb_error *err, uint32_t height, uint32_t width, uint32_t count,
                              bool counts);

/* The 32x32 grey images of known factors; limit as for loading. */
elbow_status elb_shapes_make(elbow_data *data, elb_error *err, uint32_t limit);

/* ---- the readers: each fills data from a path; limit as for loading ---- */

typedef elbow_status elb_reader(elbow_data *data, elb_error *err, const char *path, uint32_t limit);

elb_reader elb_idx_folder, elb_idx_single;                           /* folder.c */
elb_reader elb_npy_single, elb_npz_single;                           /* arrays.c */
elb_reader elb_csv_single;                                           /* csv.c */
elb_reader elb_cifar_folder, elb_cifar_100_folder, elb_cifar_single; /* cifar.c */
elb_reader elb_pictures_folder;                                      /* pictures.c */

/* Which reader a folder is for, by what it holds; NULL if for none. */
elb_reader *elb_folder_reader(const char *folder);

/* Whether a path is by its name one of the images that elb_pictures_folder reads. */
bool elb_is_picture(const char *path);

/* Whether a sub-folder holds such images, as where each class has one. */
bool elb_has_pictures_below(const char *folder);

/* Where a data set's name or path leads: *path is newly allocated and is a folder or a file. Errors: NOT_FOUND with the
 * places that were searched. */
elbow_status elb_data_find(char **path, elb_error *err, const char *source);

#endif
