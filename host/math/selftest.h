/* selftest.h - every kernel on a device against the same kernel on native, byte for byte: all of them when asked, and
 * each one that a run uses at its first use.
 *
 * A kernel's row says how to try it: some inputs, one launch, the outputs to compare. The rows stand in
 * selftest_rows*.c; a kernel without one does not link. */
#ifndef ELB_SELFTEST_H
#define ELB_SELFTEST_H

#include "device/device.h"

#define ELB_TRIAL_BUFFERS 16

/* One launch on one device, with the memory it works on. Inputs are made from the trial's own random stream: two trials
 * of the same seed make the same ones. */
typedef struct elb_trial {
    elb_device *dev;
    elbow_status status; /* of the first failure; all that follows it does nothing */
    uint64_t drawn;      /* random numbers so far */
    uint32_t size;       /* which of the row's sizes: the row decides what that means */
    uint32_t count;
    struct {
        elb_buffer *buffer;
        size_t bytes;
        bool compared, reals;
    } memory[ELB_TRIAL_BUFFERS];
} elb_trial;

/* Inputs: reals uniform in [low, high) (canonical), bytes, and unsigned integers below a bound. */
elb_view elb_trial_reals(elb_trial *trial, uint32_t rows, uint32_t cols, double low, double high);
elb_view elb_trial_bytes(elb_trial *trial, uint32_t rows, uint32_t cols);
elb_view elb_trial_uints(elb_trial *trial, uint32_t count, uint32_t below);
/* Outputs: filled with a pattern first, so that an element that is not written, or one outside that is, shows. */
elb_view elb_trial_out(elb_trial *trial, uint32_t rows, uint32_t cols);
elb_view elb_trial_out_uints(elb_trial *trial, uint32_t count);
/* Filled with the pattern and not compared: what is laid out as the device's own shape wants it, and so may have
 * another size on native. It takes no random numbers. */
elb_view elb_trial_work(elb_trial *trial, uint32_t rows, uint32_t cols);
/* An input that is also compared: what a kernel changes in place. */
void elb_trial_compare(elb_trial *trial, elb_view view);
/* Writes one real or one unsigned integer of a view: special values. */
void elb_trial_set(elb_trial *trial, elb_view view, uint32_t at, double value);
void elb_trial_set_uint(elb_trial *trial, elb_view view, uint32_t at, uint32_t value);

typedef struct elb_row {
    /* Makes inputs and outputs and launches. Called for size 0 ... sizes - 1 and every sensible combination. */
    elbow_status (*run)(elb_trial *trial, const void *options);
    uint32_t sizes;
    /* A text of the kernel's own source and what a defect makes of it, for the test that selftest catches it at the
     * shape that native has on the baseline instruction set. */
    const char *sound, *defect;
    /* Whether anybody may want this combination of options: one with an option that the others leave without effect
     * is another one's program once more, and need not be compiled. NULL: all. */
    bool (*sensible)(const void *options);
} elb_row;

/* By kernel index. */
extern const elb_row *const elb_selftest_rows[];

/* Tries one kernel with one set of options on dev against native: fills the verdict. */
elbow_status elb_selftest_kernel(elbow_verdict *verdict, elb_device *dev, elb_device *native, const elb_kernel *kernel,
                                 const void *options);

bool elb_options_sensible(const elb_kernel *kernel, const void *options);

/* Calls visit for every sensible combination of a kernel's options: all choices, 0 and 1, two reals. */
typedef elbow_status elb_on_options(void *user, const elb_kernel *kernel, const void *options);
elbow_status elb_each_options(const elb_kernel *kernel, elb_on_options *visit, void *user);

/* All kernels, all options. Returns WRONG_BITS, with the first in the message, if any verdict is wrong. */
elbow_status elb_selftest(elb_device *dev, elbow_on_verdict *on_verdict, void *user);

/* From now on each program that the device builds is tried on all of its row's sizes before its first use, unless that
 * was done before (the result is kept with the program): one that is not the same as native's fails with WRONG_BITS.
 * The native device is what others are compared with, and is never tried itself. ELBOW_VERIFY=off in the environment
 * does without. */
void elb_selftest_install(elb_device *dev);

/* How far two words are apart: 0 the same, 1 ulp ..., UINT64_MAX no distance at all (not reals, or one a NaN). NaNs
 * compare as a class, but for the pattern of what nobody has written. */
uint64_t elb_ulp_apart(uint32_t a, uint32_t b, bool reals);

/* "LIKELIHOOD=GAUSSIAN PRECISION=1": for verdicts and messages. */
void elb_options_text(char *out, size_t size, const elb_kernel *kernel, const void *options);

#endif
