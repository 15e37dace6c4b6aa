/* diagnose_file.c - the four arrays of an .npz file, and whether their shapes fit together. */
#include "theory/diagnose.h"

#include "io/npz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { X, X_HAT, MU, LOGVAR, ARRAYS };
static const char *const names[ARRAYS] = {"x", "x_hat", "mu", "logvar"};

static elbow_status differ(elb_error *err, const elb_npy *array, int a, int b, const char *what)
{
    char one[ELB_NPY_SHAPE], other[ELB_NPY_SHAPE];
    return elb_fail(err, ELBOW_BAD_DATA, "%s is %s and %s is %s: %s", names[a],
                    elb_npy_shape(one, array[a].axes, array[a].shape), names[b],
                    elb_npy_shape(other, array[b].axes, array[b].shape), what);
}

/* Whether two shapes of equally many values are the same but for axes of size 1. */
static bool same_order(const elb_npy *a, const elb_npy *b)
{
    uint32_t j = 0;
    for (uint32_t i = 0; i < a->axes; i++) {
        if (a->shape[i] == 1) continue;
        while (j < b->axes && b->shape[j] == 1) j++;
        if (j == b->axes || b->shape[j++] != a->shape[i]) return false;
    }
    return true;
}

static elbow_status check_shapes(elb_error *err, const elb_npy *array)
{
    for (int i = 0; i < ARRAYS; i++) {
        char text[ELB_NPY_SHAPE];
        if (array[i].axes < 2 || !array[i].count)
            return elb_fail(err, ELBOW_BAD_DATA,
                            "%s is %s: it needs a first axis for the data and one or more after it", names[i],
                            elb_npy_shape(text, array[i].axes, array[i].shape));
        if (array[i].shape[0] != array[X].shape[0])
            return differ(err, array, X, i, "the first axis is the data, and must be the same: save one batch of both");
        if (array[i].count / array[i].shape[0] > UINT32_MAX || array[i].shape[0] > UINT32_MAX)
            return elb_fail(err, ELBOW_BAD_DATA, "%s is %s: too large to be measured", names[i],
                            elb_npy_shape(text, array[i].axes, array[i].shape));
    }
    if (array[X].count != array[X_HAT].count) return differ(err, array, X, X_HAT, "they must hold the same pixels");
    if (array[X].axes > 2 && array[X_HAT].axes > 2 && !same_order(&array[X], &array[X_HAT]))
        return differ(err, array, X, X_HAT, "their axes come in another order; transpose one of them");
    if (array[MU].count != array[LOGVAR].count)
        return differ(err, array, MU, LOGVAR, "they must hold the same latents");
    return ELBOW_OK;
}

static elbow_status read_arrays(elb_npy array[ARRAYS], elb_error *err, const char *path)
{
    elb_npz npz;
    elbow_status status;
    TRY_DONE(elb_npz_read(&npz, err, path));
    for (int i = 0; i < ARRAYS; i++) {
        status = elb_npz_array(&array[i], err, &npz, names[i]);
        if (status != ELBOW_OK) {
            elb_blame(err, "%s", path);
            break;
        }
    }
done:
    elb_npz_free(&npz);
    return status;
}

elbow_status elb_diagnose_file(elbow_diagnosis *out, elb_error *err, const char *path, const elbow_recipe *loss,
                               bool logits)
{
    elb_npy array[ARRAYS] = {0};
    elbow_status status = read_arrays(array, err, path);
    if (status == ELBOW_OK && (status = check_shapes(err, array)) != ELBOW_OK) elb_blame(err, "%s", path);
    if (status == ELBOW_OK) {
        const size_t n = (size_t)array[X].shape[0];
        const elb_saved saved = {array[X].values,
                                 array[X_HAT].values,
                                 array[MU].values,
                                 array[LOGVAR].values,
                                 n,
                                 (uint32_t)(array[X].count / n),
                                 (uint32_t)(array[MU].count / n),
                                 logits};
        status = elb_diagnose(out, err, &saved, loss);
    }
    for (int i = 0; i < ARRAYS; i++) free(array[i].values);
    return status;
}
