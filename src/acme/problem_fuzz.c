#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acme/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response response = { .status = 400 };
    AUTO(problem_clear) struct problem problem = { 0 };
    struct error err = { 0 };

    response.body = (struct buf){ .at = (char *)(uintptr_t)data, .len = size, .max = size };
    problem_from_response(&response, &problem);
    if (problem.type == NULL || problem.detail == NULL || problem.status < 100 || problem.status > 599)
        abort();
    if (problem_to_error(&problem, 0, &err) || err.kind != ERROR_ACME || err.why[0] == '\0')
        abort();
    for (const char *at = err.why; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            abort(); /* terminals obey such bytes */
    (void)order_replaces_refused(&problem);
    return 0;
}
