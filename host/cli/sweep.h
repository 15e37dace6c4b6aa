/* sweep.h - the settings of elbow sweep, shared by sweep.c and sweep_values.c. */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "cli/train.h"

/* Weights, rising. */
typedef struct sweep_betas {
    double value[ELBOW_MAX_BETAS];
    uint32_t count;
} sweep_betas;

extern const cli_own sweep_betas_own;

#endif
