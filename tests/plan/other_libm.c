/* SPDX-License-Identifier: MIT */
/* The C library's functions, each one unit in the last place off: for LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>

#define FINITE(x) ((x) - (x) == 0)
#define MOVED(x) (FINITE(x) && (x) != 0 ? nextafter(x, (x) > 0 ? 1e308 : -1e308) : (x))

#define ONE(name)                                                      \
    double name(double x)                                              \
    {                                                                  \
        static double (*real)(double);                                 \
        if (!real)                                                     \
            real = (double (*)(double))dlsym(RTLD_NEXT, #name);        \
        double y = real(x);                                            \
        return MOVED(y);                                               \
    }

#define TWO(name)                                                      \
    double name(double x, double y)                                    \
    {                                                                  \
        static double (*real)(double, double);                         \
        if (!real)                                                     \
            real = (double (*)(double, double))dlsym(RTLD_NEXT, #name); \
        double z = real(x, y);                                         \
        return MOVED(z);                                               \
    }

ONE(exp) ONE(exp2) ONE(expm1) ONE(log) ONE(log2) ONE(log10) ONE(log1p)
ONE(sin) ONE(cos) ONE(tan) ONE(asin) ONE(acos) ONE(atan) ONE(sinh) ONE(cosh) ONE(tanh)
ONE(erf) ONE(erfc) ONE(lgamma) ONE(tgamma) ONE(cbrt)
TWO(pow) TWO(atan2) TWO(hypot)
