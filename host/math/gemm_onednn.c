/* gemm_onednn.c - products by oneDNN, on native and, without a copy, on OpenCL devices that share memory. */
#include "math/provider.h"

#include <dnnl.h>
#include <stdlib.h>

#include "device/native.h"

typedef struct onednn {
    elb_provider provider;
    __typeof__(&dnnl_sgemm) sgemm;
} onednn;

static elbow_status gemm(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b)
{
    const onednn *own = (const onednn *)provider;
    elb_host_product p;
    TRY(elb_host_map(&p, dev, c, a, trans_a, b, trans_b));
    const dnnl_status_t code = own->sgemm(p.trans_a ? 'T' : 'N', p.trans_b ? 'T' : 'N', p.m, p.n, p.k, 1, p.a, p.a_row,
                                          p.b, p.b_row, 0, p.c, p.c_row);
    TRY(elb_host_unmap(&p, dev));
    if (code == dnnl_success) return ELBOW_OK;
    return elb_fail(dev->err, ELBOW_DEVICE, "device %s: dnnl_sgemm of %d x %d x %d: status %d", dev->info.id, p.m, p.n,
                    p.k, (int)code);
}

elbow_status elb_onednn_open(elb_provider **provider, elb_device *dev)
{
    __typeof__(&dnnl_version) version = NULL;
    void (*set_threads)(int) = NULL;
    onednn *own;
    char file[32];
    *provider = NULL;
    if (!elb_shares_floats(dev)) return ELBOW_OK;
    TRY(elb_new(dev->err, &own, 1, sizeof *own, "oneDNN"));
    const elb_symbol symbols[] = {{"dnnl_sgemm", &own->sgemm}, {"dnnl_version", &version}};
    elb_format(file, sizeof file, "libdnnl.so.%d", DNNL_VERSION_MAJOR);
    if (!elb_library(file, symbols, COUNT(symbols))) {
        free(own);
        return ELBOW_OK;
    }
    own->provider.gemm = gemm;
    /* oneDNN asks OpenMP, where it is built on it, how many threads it may use. */
    const elb_symbol openmp = {"omp_set_num_threads", &set_threads};
    if (elb_library(file, &openmp, 1)) set_threads((int)elb_threads());
    elb_format(own->provider.name, sizeof own->provider.name, "oneDNN %d.%d.%d", version()->major, version()->minor,
               version()->patch);
    *provider = &own->provider;
    return ELBOW_OK;
}
