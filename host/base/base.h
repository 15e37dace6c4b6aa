/* base.h - what every file of the library uses: statuses with messages, checked memory, checked sizes. */
#ifndef ELB_BASE_H
#define ELB_BASE_H

#include "elbow.h"

/* The message of the last failure, and the listener that hears remarks. One lives in each context; whoever can fail
 * is given a pointer to it. */
typedef struct elb_error {
    elbow_status status;
    char text[768];
    elbow_listener *listener;
    void *user;
    char unheard[768]; /* the first remark made before there was a listener */
} elb_error;

/* Records a failure and returns its status, so that a failing function ends with  return elb_fail(...). One line, no
 * newline: what failed, on what, where, what to do. */
elbow_status elb_fail(elb_error *err, elbow_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The status comes back in sight of the compiler and the analysers, which then know that what fails is never OK. */
static inline elbow_status elb_failed_(elbow_status recorded, elbow_status status)
{
    (void)recorded;
    return status;
}
#define elb_fail(err, status, ...) elb_failed_(elb_fail(err, status, __VA_ARGS__), status)

/* Puts words in front of the message of a failure that passes through: a file's name, a layer's. Returns its status. */
elbow_status elb_blame(elb_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts words behind it: what to do, where only the caller knows. */
elbow_status elb_cure(elb_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells the listener something that is no failure. The first remark without a listener is kept for the one to come. */
void elb_remark(elb_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the function with the status of a call that failed. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const elbow_status try_ = (call);                                                                              \
        if (try_ != ELBOW_OK) return try_;                                                                             \
    } while (0)

/* Jumps to the label `done`, where what was acquired is released and `status` returned. */
#define TRY_DONE(call)                                                                                                 \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != ELBOW_OK) goto done;                                                                             \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Zeroed memory for count items of size bytes into *out; the product is checked. Freed with free(). what names it in
 * the message: "the training images". */
elbow_status elb_new(elb_error *err, void *out, size_t count, size_t size, const char *what);

/* *out = a b, or false if that does not fit. */
bool elb_times(size_t *out, size_t a, size_t b);

/* snprintf that always ends the string and never fails on a cut. */
void elb_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "1.9 GiB", "31,234": for messages. Both write into out and return it. */
char *elb_bytes_text(char out[32], uint64_t bytes);
char *elb_count_text(char out[32], uint64_t count);

/* Smallest first; none is NaN. */
void elb_sort(double *values, size_t count);

/* Seconds from a clock that only goes forward. */
double elb_seconds(void);

#endif
