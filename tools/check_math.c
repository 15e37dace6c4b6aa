/* check_math.c - checks cl/math.h and cl/special.h natively over all floats of their ranges against the C library in
 * double.
 *
 *     check_math [--function NAME] [--part I/N] [--stride N]
 *
 * Prints one line per function: the largest error in units of the last place, where it is, what should be at most.
 * Returns 1 if a bound is exceeded. Over all floats it takes a minute or two for each function: --part 3/16 takes the
 * third of sixteen parts of the arguments, and --stride 4096 every 4096th argument.
 *
 * Division and square root are those of OpenCL devices, not the processor's.
 */
#define ELB_SOFTWARE_DIVISION
#define WIDTH 16
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cl/special.h"
#include "../tests/math_reference.h"

#define CHUNK 4096

typedef struct checked {
    const char *name;
    void (*run)(float *y, const float *x, const float *b);
    double (*reference)(double x, double b);
    double bound;        /* in units of the last place */
    uint64_t first, end; /* of the numbers that stand for arguments */
    bool is_pairs;
} checked;

typedef struct worst {
    double error;
    float x, b, y;
    uint64_t bad_zeros; /* results -0 or subnormal */
} worst;

#define EACH_VECTOR(name, call)                                                                                        \
    static void name(float *y, const float *x, const float *b)                                                         \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        for (int i = 0; i < CHUNK; i += WIDTH) {                                                                       \
            const vreal v = load(x + i);                                                                               \
            call;                                                                                                      \
        }                                                                                                              \
    }

EACH_VECTOR(run_exp, store(y + i, vexp(v)))
EACH_VECTOR(run_expm1, store(y + i, vexpm1(v)))
EACH_VECTOR(run_log, store(y + i, vlog(v)))
EACH_VECTOR(run_log1p, store(y + i, vlog1p(v)))
EACH_VECTOR(run_tanh, store(y + i, vtanh(v)))
EACH_VECTOR(run_sigmoid, store(y + i, vsigmoid(v)))
EACH_VECTOR(run_softplus, store(y + i, vsoftplus(v)))
EACH_VECTOR(run_sinpi, vreal s; vreal c; vsincospi(&s, &c, v); store(y + i, s))
EACH_VECTOR(run_cospi, vreal s; vreal c; vsincospi(&s, &c, v); store(y + i, c))
EACH_VECTOR(run_reciprocal, store(y + i, vreciprocal(v)))
EACH_VECTOR(run_sqrt, store(y + i, vsqrt(v)))
EACH_VECTOR(run_log_sinhc, store(y + i, vlog_sinhc(v)))
EACH_VECTOR(run_langevin, store(y + i, vlangevin(v)))
EACH_VECTOR(run_stirling, store(y + i, vstirling(v, vlog(v))))
EACH_VECTOR(run_stirling_slope, store(y + i, vstirling_slope(v, vlog(v))))
EACH_VECTOR(run_divide, store(y + i, vdivide(v, load(b + i))))

#define REFERENCE(name, expression)                                                                                    \
    static double name(double x, double b)                                                                             \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        return (expression);                                                                                           \
    }

REFERENCE(exp_of, exp(x))
REFERENCE(expm1_of, expm1(x))
REFERENCE(log_of, log(x))
REFERENCE(log1p_of, log1p(x))
REFERENCE(tanh_of, tanh(x))
REFERENCE(sigmoid_of, true_sigmoid(x))
REFERENCE(softplus_of, true_softplus(x))
REFERENCE(sinpi_of, true_sinpi(x))
REFERENCE(cospi_of, true_cospi(x))
REFERENCE(reciprocal_of, true_reciprocal(x))
REFERENCE(sqrt_of, true_sqrt(x))
REFERENCE(log_sinhc_of, true_log_sinhc(x))
REFERENCE(langevin_of, true_langevin(x))
REFERENCE(stirling_of, true_stirling(x))
REFERENCE(stirling_slope_of, true_stirling_slope(x))
REFERENCE(quotient_of, (float)(x / b))

#define ALL      0, UINT64_C(1) << 32, false
#define TWO_BITS UINT64_C(0x40000000)
#define TO_ONE                                                                                                         \
    UINT64_C(0x21800000), UINT64_C(0x3f800001), false /* 2^-60, below which they are 0, to 1; they are even or odd */
#define UP_TO_ONE UINT64_C(0x00800000), UINT64_C(0x3f800000), false /* 2^-126 to 1 */
#define FROM_ONE  UINT64_C(0x3f800000), UINT64_C(0x5d800001), false /* 1 to 2^60 */

static const checked functions[] = {
    {"exp", run_exp, exp_of, 1, ALL},
    {"expm1", run_expm1, expm1_of, 1.5, ALL},
    {"log", run_log, log_of, 1.5, ALL},
    {"log1p", run_log1p, log1p_of, 1.5, ALL},
    {"tanh", run_tanh, tanh_of, 1.5, ALL},
    {"sigmoid", run_sigmoid, sigmoid_of, 1.5, ALL},
    {"softplus", run_softplus, softplus_of, 2, ALL},
    {"sinpi", run_sinpi, sinpi_of, 1.5, 0, TWO_BITS, false},
    {"cospi", run_cospi, cospi_of, 1.5, 0, TWO_BITS, false},
    {"reciprocal", run_reciprocal, reciprocal_of, 0, ALL},
    {"sqrt", run_sqrt, sqrt_of, 0, ALL},
    {"log_sinhc", run_log_sinhc, log_sinhc_of, 2.5, TO_ONE},
    {"langevin", run_langevin, langevin_of, 2, TO_ONE},
    {"stirling", run_stirling, stirling_of, 2.5, FROM_ONE},
    {"stirling_slope", run_stirling_slope, stirling_slope_of, 2.5, FROM_ONE},
    {"stirling_low", run_stirling, stirling_of, 20.5, UP_TO_ONE},
    {"stirling_slope_low", run_stirling_slope, stirling_slope_of, 15, UP_TO_ONE},
    {"divide", run_divide, quotient_of, 0, 0, UINT64_C(1) << 32, true},
};

static float from_word(uint32_t word)
{
    float x;
    memcpy(&x, &word, sizeof x);
    return x;
}

static uint32_t mixed(uint64_t i)
{
    i = (i ^ (i >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    i = (i ^ (i >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(i >> 32);
}

/* A quarter of the pairs: any two floats. The others: every mantissa against 384 that are simple, next to simple or
 * spread, on either side of the division. */
static void pair_of(float *a, float *b, uint64_t i)
{
    const uint32_t swept = (uint32_t)i & 0x7fffff, number = (uint32_t)(i >> 23);
    if (number < 128) {
        *a = from_word(mixed(2 * i));
        *b = from_word(mixed(2 * i + 1));
        return;
    }
    const uint32_t k = number % 192;
    uint32_t other = mixed(k) >> 9;
    if (k < 32)
        other = k;
    else if (k < 64)
        other = 0x7fffff - (k - 32);
    else if (k < 87)
        other = UINT32_C(1) << (k - 64);
    else if (k < 110)
        other = 0x7fffff ^ (UINT32_C(1) << (k - 87));
    *a = from_word(0x3f800000 | (number & 1 ? swept : other));
    *b = from_word(0x3f800000 | (number & 1 ? other : swept));
}

static double flushed(double x)
{
    return fabs(x) < 0x1p-126 ? 0 : x;
}

/* The last place of the float next to a number; at and next to 0 it is the smallest normal number's. */
static double last_place(double number)
{
    const double size = fabs(number) < 0x1p-126 ? 0x1p-126 : fabs(number);
    uint64_t word;
    memcpy(&word, &size, sizeof word);
    word &= UINT64_C(0x7ff) << 52; /* the power of two below it */
    double power;
    memcpy(&power, &word, sizeof power);
    return power * 0x1p-23;
}

/* The distance from y to the wanted result in units of y's last place; infinite where they differ in kind. */
static double error_of(float y, double wanted)
{
    if (isnan(wanted) || isnan(y)) return isnan(wanted) && isnan(y) ? 0 : INFINITY;
    const double most = 0x1.ffffffp127; /* from here on floats round to infinity */
    if (isinf(y) && fabs(wanted) >= most) return !signbit(y) == !signbit(wanted) ? 0 : INFINITY;
    if (isinf(wanted)) return INFINITY;
    if (y == 0 && fabs(wanted) < 0x1p-126) return 0;
    const double value = isinf(y) ? copysign(0x1p128, y) : y;
    return value == wanted ? 0 : fabs(value - wanted) / last_place(wanted);
}

static void check_chunk(worst *w, const checked *f, uint64_t first, uint64_t stride)
{
    float x[CHUNK], b[CHUNK], y[CHUNK];
    for (uint64_t i = 0; i < CHUNK; i++) {
        uint64_t at = first + i * stride;
        if (at >= f->end) at = f->first;
        x[i] = from_word((uint32_t)at);
        b[i] = 1;
        if (f->is_pairs) pair_of(&x[i], &b[i], at);
    }
    f->run(y, x, b);
    for (int i = 0; i < CHUNK; i++) {
        /* 0 where daz makes it so; a quotient by -0 has its sign. */
        const double argument = fabsf(x[i]) < 0x1p-126f ? copysign(0, x[i]) : x[i];
        const double other = fabsf(b[i]) < 0x1p-126f ? copysign(0, b[i]) : b[i];
        const double wanted = f->reference(argument, other);
        const double error = error_of(y[i], f->bound == 0 ? flushed(wanted) : wanted);
        if (fabsf(y[i]) < 0x1p-126f && (y[i] != 0 || signbit(y[i]))) w->bad_zeros++;
        if (error > w->error) {
            w->error = error;
            w->x = x[i];
            w->b = b[i];
            w->y = y[i];
        }
    }
}

/* What is checked of each function. */
typedef struct extent {
    const char *only; /* one function's name, or NULL */
    uint64_t part, parts, stride;
} extent;

static bool check(const checked *f, const extent *e)
{
    worst all = {-1, 0, 0, 0, 0};
    const uint64_t span = e->stride * CHUNK, chunks = (f->end - f->first + span - 1) / span;
    const uint64_t start = chunks * (e->part - 1) / e->parts, end = chunks * e->part / e->parts;
    for (uint64_t c = start; c < end; c++) check_chunk(&all, f, f->first + c * span, e->stride);
    const bool good = all.error >= 0 && all.error <= f->bound && all.bad_zeros == 0; /* below 0: nothing was tried */
    printf("%-18s %8.4f ulp  (bound %.1f)  at %-15a", f->name, all.error, f->bound, (double)all.x);
    if (f->is_pairs) printf(" / %a", (double)all.b);
    printf(" gave %a; %s zeros", (double)all.y, all.bad_zeros ? "WRONG" : "right");
    if (e->parts > 1) printf("  part %llu/%llu", (unsigned long long)e->part, (unsigned long long)e->parts);
    printf("%s\n", good ? "" : "  EXCEEDED");
    fflush(stdout);
    return good;
}

static bool read_number(uint64_t *number, const char *text, char **rest)
{
    *number = strtoull(text, rest, 10);
    return *rest != text && *number > 0;
}

static bool read_extent(extent *e, int count, char **words)
{
    char *rest = "";
    for (int i = 1; i < count; i += 2) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        if (strcmp(words[i], "--function") == 0) {
            e->only = value;
        } else if (strcmp(words[i], "--stride") == 0) {
            if (!read_number(&e->stride, value, &rest) || *rest) return false;
        } else if (strcmp(words[i], "--part") == 0) {
            if (!read_number(&e->part, value, &rest) || *rest != '/') return false;
            if (!read_number(&e->parts, rest + 1, &rest) || *rest || e->part > e->parts) return false;
        } else {
            return false;
        }
    }
    return true;
}

int main(int count, char **words)
{
    extent e = {.part = 1, .parts = 1, .stride = 1};
    if (!read_extent(&e, count, words)) {
        fprintf(stderr, "use: check_math [--function NAME] [--part I/N] [--stride N]\n");
        return 2;
    }
    bool good = true, found = false;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (e.only && strcmp(e.only, functions[i].name) != 0) continue;
        found = true;
        good = check(&functions[i], &e) && good;
    }
    if (!found) fprintf(stderr, "no function %s\n", e.only);
    return good && found ? 0 : 1;
}
