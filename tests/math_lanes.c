/* math_lanes.c - cl/math.h and cl/special.h at the WIDTH and instruction set it is compiled for, under the name
 * LANES_NAME. */
#include "math_lanes.h"

#include "../cl/random.h"
#include "../cl/special.h"

#define EACH_VECTOR(name, call)                                                                                        \
    static void name(float *y, const float *a, const float *b, const float *c, size_t n)                               \
    {                                                                                                                  \
        (void)a, (void)b, (void)c;                                                                                     \
        for (size_t i = 0; i < n; i += WIDTH) call;                                                                    \
    }

#define ONE(name)   store(y + i, name(load(a + i)))
#define TWO(name)   store(y + i, name(load(a + i), load(b + i)))
#define THREE(name) store(y + i, name(load(a + i), load(b + i), load(c + i)))

EACH_VECTOR(run_exp, ONE(vexp))
EACH_VECTOR(run_expm1, ONE(vexpm1))
EACH_VECTOR(run_log, ONE(vlog))
EACH_VECTOR(run_log1p, ONE(vlog1p))
EACH_VECTOR(run_tanh, ONE(vtanh))
EACH_VECTOR(run_sigmoid, ONE(vsigmoid))
EACH_VECTOR(run_softplus, ONE(vsoftplus))
EACH_VECTOR(run_reciprocal, ONE(vreciprocal))
EACH_VECTOR(run_sqrt, ONE(vsqrt))
EACH_VECTOR(run_log_sinhc, ONE(vlog_sinhc))
EACH_VECTOR(run_langevin, ONE(vlangevin))
EACH_VECTOR(run_stirling, store(y + i, vstirling(load(a + i), vlog(load(a + i)))))
EACH_VECTOR(run_stirling_slope, store(y + i, vstirling_slope(load(a + i), vlog(load(a + i)))))
EACH_VECTOR(run_divide, TWO(vdivide))
EACH_VECTOR(run_fma, THREE(vfma))
EACH_VECTOR(run_software_fma, THREE(software_fma))
EACH_VECTOR(run_canonical, ONE(canonical))
EACH_VECTOR(run_max, TWO(vmax))
EACH_VECTOR(run_min, TWO(vmin))
EACH_VECTOR(run_normals, store(y + i, normals(0x123456789abcdef0u, SAMPLING, 7, 3, (uint)i)))
EACH_VECTOR(run_uniforms, store(y + i, uniforms(0x123456789abcdef0u, BINARISATION, 7, 3, (uint)i)))

static vreal sinpi(vreal x)
{
    vreal s, c;
    vsincospi(&s, &c, x);
    return s;
}

static vreal cospi(vreal x)
{
    vreal s, c;
    vsincospi(&s, &c, x);
    return c;
}

EACH_VECTOR(run_sinpi, ONE(sinpi))
EACH_VECTOR(run_cospi, ONE(cospi))

static void run_row_sum(float *y, const float *a, const float *b, const float *c, size_t n)
{
    (void)b, (void)c;
    const uint count = (uint)n - 5;
    float scratch[LANES];
    lanes sums;
    lanes_zero(&sums);
    for (uint t = 0; row_at(t) < count; t++) lanes_add(&sums, load_part(a + row_at(t), count - row_at(t)), t);
    y[0] = lanes_total(&sums, scratch);
}

extern const math_lanes LANES_NAME;
const math_lanes LANES_NAME = {WIDTH,
                               {[LANES_EXP] = run_exp,
                                [LANES_EXPM1] = run_expm1,
                                [LANES_LOG] = run_log,
                                [LANES_LOG1P] = run_log1p,
                                [LANES_TANH] = run_tanh,
                                [LANES_SIGMOID] = run_sigmoid,
                                [LANES_SOFTPLUS] = run_softplus,
                                [LANES_SINPI] = run_sinpi,
                                [LANES_COSPI] = run_cospi,
                                [LANES_RECIPROCAL] = run_reciprocal,
                                [LANES_SQRT] = run_sqrt,
                                [LANES_LOG_SINHC] = run_log_sinhc,
                                [LANES_LANGEVIN] = run_langevin,
                                [LANES_STIRLING] = run_stirling,
                                [LANES_STIRLING_SLOPE] = run_stirling_slope,
                                [LANES_DIVIDE] = run_divide,
                                [LANES_FMA] = run_fma,
                                [LANES_SOFTWARE_FMA] = run_software_fma,
                                [LANES_CANONICAL] = run_canonical,
                                [LANES_MAX] = run_max,
                                [LANES_MIN] = run_min,
                                [LANES_ROW_SUM] = run_row_sum,
                                [LANES_NORMALS] = run_normals,
                                [LANES_UNIFORMS] = run_uniforms}};
