#pragma once
/*
 * What nginx is expected to show after a reload, for web_verify: for each name of a plan the certificate that the block
 * which answers it names, at an address where we can ask.
 */
#include "nginx/task.h"
#include "web/verify.h"

struct nginx_expectations {
    struct expected *at; /* names and addresses are owned, files are those of the plans */
    size_t *plans;       /* of which plan each is, by the caller's number */
    size_t len;
};
/* Adds to out, which is cleared by the caller. A name that cannot be asked for (no address is known, a proxy has to
 * speak first) is left out, and so is one whose block names other files. */
void nginx_expect(
    const struct nginx_model *model, const struct nginx_task *task, size_t plan, struct nginx_expectations *out);
void nginx_expectations_clear(struct nginx_expectations *expectations);
static inline void nginx_expectations_clear_at(struct nginx_expectations *expectations)
{
    nginx_expectations_clear(expectations);
}
