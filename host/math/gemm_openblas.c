/* gemm_openblas.c - products by OpenBLAS, on native and, without a copy, on OpenCL devices that share memory. */
#include "math/provider.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"

typedef struct openblas {
    elb_provider provider;
    __typeof__(&cblas_sgemm) sgemm;
} openblas;

static elbow_status gemm(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b)
{
    const openblas *own = (const openblas *)provider;
    elb_host_product p;
    TRY(elb_host_map(&p, dev, c, a, trans_a, b, trans_b));
    own->sgemm(CblasRowMajor, p.trans_a ? CblasTrans : CblasNoTrans, p.trans_b ? CblasTrans : CblasNoTrans, p.m, p.n,
               p.k, 1, p.a, p.a_row, p.b, p.b_row, 0, p.c, p.c_row);
    return elb_host_unmap(&p, dev);
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." begins its configuration with its name and number. */
static void describe(char *name, size_t size, const char *config, const char *core)
{
    const size_t number = strncmp(config, "OpenBLAS ", 9) == 0 ? 9 + strcspn(config + 9, " ") : 0;
    elb_format(name, size, "%.*s (%s)", number ? (int)number : 8, number ? config : "OpenBLAS", core);
}

elbow_status elb_openblas_open(elb_provider **provider, elb_device *dev)
{
    __typeof__(&openblas_set_num_threads) set_threads = NULL;
    __typeof__(&openblas_get_config) get_config = NULL;
    __typeof__(&openblas_get_corename) get_core = NULL;
    openblas *own;
    *provider = NULL;
    if (!elb_shares_floats(dev)) return ELBOW_OK;
    TRY(elb_new(dev->err, &own, 1, sizeof *own, "OpenBLAS"));
    const elb_symbol symbols[] = {{"cblas_sgemm", &own->sgemm},
                                  {"openblas_set_num_threads", &set_threads},
                                  {"openblas_get_config", &get_config},
                                  {"openblas_get_corename", &get_core}};
    if (!elb_library("libopenblas.so.0", symbols, COUNT(symbols))) {
        free(own);
        return ELBOW_OK;
    }
    set_threads((int)elb_threads());
    own->provider.gemm = gemm;
    describe(own->provider.name, sizeof own->provider.name, get_config(), get_core());
    /* Old versions take processors that they do not know for the oldest that they do. */
    if (elb_cpu_has("avx512") && strcmp(get_core(), "Prescott") == 0)
        elb_remark(dev->err, "OpenBLAS takes this processor for a Prescott: set OPENBLAS_CORETYPE=SKYLAKEX");
    else if (elb_cpu_has("avx2") && strcmp(get_core(), "Prescott") == 0)
        elb_remark(dev->err, "OpenBLAS takes this processor for a Prescott: set OPENBLAS_CORETYPE=HASWELL");
    *provider = &own->provider;
    return ELBOW_OK;
}
