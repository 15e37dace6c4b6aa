/* special_libm.h - special.h's functions in double, lane by lane: for the float64 build, in which tests take
 * differences. */
#ifndef SPECIAL_LIBM_H
#define SPECIAL_LIBM_H

#if WIDTH == 1
#define LANE_(v, l) (v)
#else
#define LANE_(v, l) (v)[l]
#endif

/* Where the closed forms would cancel, the first terms of the series. */
static inline double log_sinhc_(double v)
{
    const double u = v * v;
    if (u < 1e-4) return u * (1.0 / 6 - u * (1.0 / 180 - u * (1.0 / 2835 - u / 37800)));
    return log(sinh(v) / v);
}

static inline double langevin_(double v)
{
    const double u = v * v;
    if (u < 1e-3) return v * (1.0 / 3 - u * (1.0 / 45 - u * (2.0 / 945 - u * (1.0 / 4725 - u * 2 / 93555))));
    return 1 / tanh(v) - 1 / v;
}

static inline double stirling_(double z, double log_z)
{
    double steps = 0;
    for (; z < 16; z += 1, log_z = log(z)) steps += (z + 0.5) * (log1p(z) - log_z) - 1;
    const double w = 1 / z, u = w * w;
    return steps + w * (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u * (1.0 / 1680 - u / 1188))));
}

static inline double stirling_slope_(double z, double log_z)
{
    const double at = z;
    double steps = 0; /* of z times the slope */
    for (; z < 16; z += 1, log_z = log(z)) {
        const double part = z > 0 ? (z + 0.5) / (z * (z + 1)) : 0;
        steps += at > 0 ? at * (log1p(z) - log_z - part) : 0;
    }
    const double w = 1 / z, u = w * w;
    const double slope = -u * (1.0 / 12 - u * (1.0 / 120 - u * (1.0 / 252 - u * (1.0 / 240 - u / 132))));
    return at > 0 ? -2 * (steps + at * slope) : 1;
}

#define EACH_LANE_(name, expression)                                                                                   \
    FUNCTION vreal name(vreal v)                                                                                       \
    {                                                                                                                  \
        for (int l = 0; l < WIDTH; l++) LANE_(v, l) = (expression)(LANE_(v, l));                                       \
        return v;                                                                                                      \
    }

#define EACH_LANE_OF_TWO_(name, expression)                                                                            \
    FUNCTION vreal name(vreal v, vreal w)                                                                              \
    {                                                                                                                  \
        for (int l = 0; l < WIDTH; l++) LANE_(v, l) = (expression)(LANE_(v, l), LANE_(w, l));                          \
        return v;                                                                                                      \
    }

EACH_LANE_(vlog_sinhc, log_sinhc_)
EACH_LANE_(vlangevin, langevin_)
EACH_LANE_OF_TWO_(vstirling, stirling_)
EACH_LANE_OF_TWO_(vstirling_slope, stirling_slope_)

#undef EACH_LANE_
#undef EACH_LANE_OF_TWO_
#undef LANE_

#endif
