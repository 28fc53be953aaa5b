/*
 * Asks services by which address they see this machine, all at once.
 */
#include "preflight/public_address.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "preflight/own_addresses.h"

#define ANSWER_MS 5000
#define ANSWER_MAX 256
#define SERVICES_MAX 16

/* Those that are asked where the user names none, of both families and several operators. They answer with the address
 * alone, as text. */
static const char *const usual_services[] = {
    "https://ipv4.icanhazip.com/",
    "https://ipv6.icanhazip.com/",
    "https://api.ipify.org/",
    "https://api6.ipify.org/",
    "https://checkip.amazonaws.com/",
    "https://v4.ident.me/",
    "https://v6.ident.me/",
};

#define NO_SERVICE "none"

struct asking {
    struct net *net;
    const struct ip_question *question;
    struct ip_answer *answers;
};

static void ask(void *ctx, size_t index)
{
    const struct asking *asking = ctx;
    struct ip_answer *answer = &asking->answers[index];
    AUTO(http_response_clear) struct http_response response = { 0 };
    const struct http_request request = {
        .url = answer->url,
        .accept = "text/plain",
        .max_body = ANSWER_MAX,
        .timeout_ms = ANSWER_MS,
        .silence_ms = ANSWER_MS,
        .direct = true,
    };
    struct error err = { 0 };

    if (!net_http(asking->net, &request, &response, &err))
        answer->why = xstrdup(err.why);
    else if (response.status != 200)
        answer->why = xprintf("it answers with status %d", response.status);
    else
        ip_answer_read(answer, buf_view(&response.body), asking->question->takes_private);
    log_debug("%s: %s", answer->url, answer->address != NULL ? answer->address : answer->why);
}

static void add_service(struct public_addresses *out, const char *url)
{
    if (strcmp(url, NO_SERVICE) == 0 || out->answer_count == SERVICES_MAX)
        return;
    out->answers = xrealloc(out->answers, out->answer_count + 1, sizeof *out->answers);
    out->answers[out->answer_count++] = (struct ip_answer){ .url = url, .by = ip_operator(url) };
}

void public_addresses_find(struct net *net, const struct ip_question *question, struct public_addresses *out)
{
    AUTO(list_clear) struct list own = { 0 }, passing = { 0 };
    struct asking asking = { .net = net, .question = question };

    *out = (struct public_addresses){ 0 };
    own_addresses(&own, &passing);
    public_addresses_judge(&own, &passing, out);
    for (size_t i = 0; i < question->services->len; i++)
        add_service(out, question->services->at[i]);
    if (question->services->len == 0 &&
        (public_address_choose(out, false) == NULL || public_address_choose(out, true) == NULL))
        for (size_t i = 0; i < COUNT(usual_services); i++)
            add_service(out, usual_services[i]);
    if (net == NULL || out->answer_count == 0)
        return;
    asking.answers = out->answers;
    parallel_wait_for(out->answer_count, out->answer_count, ask, &asking);
    public_addresses_judge(&own, &passing, out);
}
