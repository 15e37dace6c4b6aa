/* png_grid.h - images side by side in one PNG. */
#ifndef ELB_IO_PNG_GRID_H
#define ELB_IO_PNG_GRID_H

#include "base/base.h"

typedef struct elb_grid {
    uint32_t rows, columns;           /* images down and across */
    uint32_t height, width, channels; /* of one image; channels 1 (grey) or 3 (RGB) */
    uint32_t gap;                     /* pixels of light grey between and around the images, after scaling */
    uint32_t scale;                   /* each pixel becomes scale x scale; 0: what makes small images readable */
} elb_grid;

/* Writes rows x columns images (row major; each (height, width, channels) in 0..1, values outside are cut, NaN is 0),
 * whole or not at all. Errors: USAGE (a size out of range), IO, MEMORY. */
elbow_status elb_png_grid(elb_error *err, const char *path, const float *images, const elb_grid *grid);

#endif
