#include "math/provider.h"

#include <dlfcn.h>
#include <string.h>

bool elb_library(const char *file, const elb_symbol *symbols, size_t count)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) return false;
    for (size_t i = 0; i < count; i++) {
        void *const found = dlsym(library, symbols[i].name);
        if (!found) return false;
        memcpy(symbols[i].function, &found, sizeof found);
    }
    return true;
}
