#pragma once
/*
 * Adding findings. Private to preflight/.
 */
#include "preflight/preflight.h"

struct say { /* a finding about to be added: texts are copied */
    const char *code;
    enum preflight_severity severity;
    const char *name;
    const char *what, *why, *remedy;
};
void finding_add(struct preflight *preflight, const struct say *say);
/* The same with a formatted `what`; say->what is not looked at. */
void finding_addf(struct preflight *preflight, const struct say *say, const char *format, ...) PRINTF(3, 4);
