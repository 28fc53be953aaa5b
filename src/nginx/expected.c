#include "nginx/expected.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nginx/targets.h"

void nginx_expectations_clear(struct nginx_expectations *expectations)
{
    for (size_t i = 0; i < expectations->len; i++) {
        free((char *)expectations->at[i].name);
        free((char *)expectations->at[i].address);
    }
    free(expectations->at);
    free(expectations->plans);
    *expectations = (struct nginx_expectations){ 0 };
}

static void add(struct nginx_expectations *out, const struct expected *expected, size_t plan)
{
    out->at = xrealloc(out->at, out->len + 1, sizeof *out->at);
    out->plans = xrealloc(out->plans, out->len + 1, sizeof *out->plans);
    out->at[out->len] = *expected;
    out->at[out->len].name = xstrdup(expected->name);
    out->at[out->len].address = xstrdup(expected->address);
    out->plans[out->len++] = plan;
}

/* ---- where to ask ---- */

/* A loopback address by which one that stands for all is reached: none that another block listens at. NULL: there is
 * none. Of the caller's. */
static char *loopback(const struct nginx_model *model, const struct nginx_address *address)
{
    if (address->family == NGINX_IP6)
        return nginx_address_find(model, NGINX_IP6, "::1", address->port, false) == NULL ? xstrdup("::1") : NULL;
    for (int i = 1; i < 255; i++) {
        AUTO(free) char *host = xprintf("127.0.0.%d", i);

        if (nginx_address_find(model, NGINX_IP4, host, address->port, false) == NULL)
            return TAKE(host);
    }
    return NULL;
}

/* Whether a client can ask there: by TCP, at an address that we know, without a proxy's greeting. */
static bool can_be_asked(const struct nginx_address *address)
{
    return address->tls && !address->quic && !address->proxied &&
           (address->family == NGINX_IP4 || address->family == NGINX_IP6);
}

/* A better place to ask at: the https port first, then IPv4, which every machine has. */
static int rank(const struct nginx_address *address, int https_port)
{
    return (address->port == https_port ? 2 : 0) + (address->family == NGINX_IP4 ? 1 : 0);
}

static const struct nginx_address *place_for(const struct nginx_model *model, const struct nginx_task *task,
    const struct nginx_block *block, const char *name, bool is_ip)
{
    AUTO(nginx_candidates_clear) struct nginx_candidates candidates = { 0 };
    const struct nginx_address *best = NULL;

    nginx_candidates_find(model, name, &candidates);
    for (size_t i = 0; i < block->listen_count; i++) {
        size_t index = block->listens[i].address;
        const struct nginx_address *address = &model->addresses[index];
        bool answers = is_ip ? &model->blocks[address->fallback] == block
                             : nginx_candidate_at(model, &candidates, index).block == block;

        if (can_be_asked(address) && answers &&
            (best == NULL || rank(address, task->ports.https) > rank(best, task->ports.https)))
            best = address;
    }
    return best;
}

/* ---- what is shown ---- */

static size_t pair_count(const struct nginx_block *block)
{
    size_t count = 0, from = 0;

    while (nginx_block_find(block, "ssl_certificate", &from) != NULL)
        count++;
    return count;
}

static bool names_file(const struct nginx_model *model, const struct nginx_block *block, const char *path)
{
    const struct nginx_item *item;

    for (size_t from = 0; (item = nginx_block_find(block, "ssl_certificate", &from)) != NULL;) {
        const char *word = nginx_word(item->node, 1);
        AUTO(free) char *absolute = word != NULL ? nginx_conf_path(model->conf, word) : NULL;

        if (text_equal(absolute, path))
            return true;
    }
    return false;
}

static enum probe_key key_of(const struct nginx_task *task, const char *path)
{
    struct nginx_cert cert = { 0 };

    task->look(task->look_arg, path, &cert);
    if (!cert.known)
        return PROBE_ANY;
    return cert.type == KEY_RSA ? PROBE_RSA : PROBE_ECDSA;
}

static bool is_address_name(const struct nginx_task *task, const char *name)
{
    const struct identifiers *names = task->deployment->names;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *host = names->at[i].type == IDENTIFIER_IP ? nginx_host_text(&names->at[i]) : NULL;

        if (text_equal(host, name))
            return true;
    }
    return false;
}

static void expect_name(const struct nginx_model *model, const struct nginx_task *task, const struct nginx_block *block,
    const char *name, size_t plan, struct nginx_expectations *out)
{
    bool is_ip = is_address_name(task, name), several = pair_count(block) > 1;
    const struct nginx_address *place = place_for(model, task, block, name, is_ip);
    AUTO(free) char *address = NULL;

    if (place == NULL || name[0] == '*' || name[0] == '.')
        return;
    address = place->any ? loopback(model, place) : xstrdup(place->host);
    for (size_t i = 0; i < task->deployment->pair_count && address != NULL; i++) {
        const char *path = task->deployment->pairs[i].fullchain;
        struct expected expected = { name, is_ip, address, place->port, path, PROBE_ANY };

        if (path == NULL || !names_file(model, block, path))
            continue;
        if (several)
            expected.key = key_of(task, path);
        add(out, &expected, plan);
    }
}

void nginx_expect(
    const struct nginx_model *model, const struct nginx_task *task, size_t plan, struct nginx_expectations *out)
{
    AUTO(nginx_targets_clear) struct nginx_targets targets = { 0 };
    struct error ignored = { 0 };

    if (!nginx_targets_find(model, task, &targets, &ignored))
        return; /* of what is in use: the configuration was changed since */
    for (size_t i = 0; i < targets.len; i++)
        for (size_t k = 0; k < targets.at[i].names.len; k++)
            expect_name(model, task, targets.at[i].block, targets.at[i].names.at[k], plan, out);
}
