#pragma once
/*
 * For tests: a service that is played, request by request, and whose clock the waits move. A request is written
 * "METHOD URL", then " FIELD: value" for each field of the head, then " BODY".
 */
#include "base/test.h"
#include "base/text.h"
#include "recipe/records.h"

struct exchange {
    const char *request;       /* what must come; NULL: anything */
    int status;                /* 0: no answer comes */
    const char *reply;         /* the body */
    const char *field, *value; /* of the answer's head; NULL: none */
};

static struct api {
    const struct exchange *at; /* ended by status 0 without a request */
    size_t next;
    int64_t ms, slept;
    char seen[8192]; /* the request that was not as it should be */
} api;

static const char *api_method(enum http_method method)
{
    static const char *const words[] = { [HTTP_GET] = "GET",
        [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH",
        [HTTP_DELETE] = "DELETE",
        [HTTP_HEAD] = "HEAD" };

    return words[method];
}

static bool api_http(void *arg, const struct http_request *request, struct http_response *out, struct error *err)
{
    const struct exchange *exchange = &api.at[api.next];
    AUTO(buf_clear) struct buf text = BUF(65536);

    (void)arg;
    buf_putf(&text, "%s %s", api_method(request->method), request->url);
    for (size_t i = 0; i < request->field_count; i++)
        buf_putf(&text, " %s: %.*s", request->fields[i].name, (int)request->fields[i].value.len,
            request->fields[i].value.at);
    if (request->content_type != NULL)
        buf_putf(&text, " %.*s", (int)request->body.len, request->body.at);
    if (exchange->request == NULL && exchange->status == 0)
        return error_set(err, ERROR_NETWORK, "more was asked than was played: %s", buf_text(&text));
    api.next++;
    if (exchange->request != NULL)
        CHECK_TEXT(buf_text(&text), exchange->request, "request");
    if (exchange->status == 0)
        return error_set(err, ERROR_NETWORK, "cannot reach %s", request->url);
    out->status = exchange->status;
    out->body = BUF(1024 * 1024);
    buf_put_text(&out->body, exchange->reply != NULL ? exchange->reply : "");
    if (exchange->field != NULL)
        out->headers[out->header_count++] = (struct http_header){ xstrdup(exchange->field), xstrdup(exchange->value) };
    return true;
}

static bool api_sleep(void *arg, int64_t ms)
{
    (void)arg;
    api.ms += ms;
    api.slept += ms;
    return true;
}

static int64_t api_now(void *arg)
{
    (void)arg;
    return api.ms;
}

/* Opens a description, given as text, with keys "name value" in turn (ended by NULL). NULL after a failed check. */
__attribute__((unused)) static struct service *api_open(const char *text, const char *const *keys)
{
    AUTO(free) char *path = test_path("played.json");
    struct description *description = NULL;
    AUTO(vars_clear) struct vars vars = { 0 };
    struct service *service = NULL;
    struct error err = { 0 };

    (void)remove(path);
    if (!file_create(path, view_of(text), FILE_PUBLIC, &err) ||
        !description_read(DESCRIBES_DNS, path, &description, &err)) {
        CHECK(false, "%s", err.why);
        return NULL;
    }
    for (; keys[0] != NULL; keys += 2) {
        AUTO(value_clear) struct value value = { 0 };

        value_set_text(&value, view_of(keys[1]));
        vars_set(&vars, keys[0], &value, true);
    }
    CHECK(service_open(description, &vars, &service, &err), "%s", err.why);
    if (service != NULL)
        service->outside = (struct service_outside){
            .http = api_http, .sleep_ms = api_sleep, .now_ms = api_now, .monotonic_ms = api_now
        };
    return service;
}

/* What is to be asked from now on, in this order. */
__attribute__((unused)) static void api_play(const struct exchange *exchanges)
{
    api.at = exchanges;
    api.next = 0;
}

/* Whether all of it was asked. */
__attribute__((unused)) static void api_played(const char *name)
{
    CHECK(
        api.at[api.next].request == NULL && api.at[api.next].status == 0, "%s: %zu requests were made", name, api.next);
}

/* Adds or removes values of one name; returns what went wrong with the first, "" when nothing did. */
__attribute__((unused)) static const char *api_change(
    struct service *service, const struct exchange *exchanges, bool add, const char *name, const char *const *values)
{
    static char why[4096];
    struct txt txts[8] = { 0 }, *pointers[8];
    struct error err = { 0 };
    size_t count = 0;

    for (; values[count] != NULL; count++) {
        txts[count] = (struct txt){ .name = name, .value = values[count] };
        pointers[count] = &txts[count];
    }
    api_play(exchanges);
    CHECK(records_change(service, add, pointers, count, &err), "%s", err.why);
    api_played(name);
    (void)snprintf(why, sizeof why, "%s", txts[0].error != NULL ? txts[0].error->why : "");
    for (size_t i = 0; i < count; i++) {
        CHECK((txts[i].state == TXT_DONE) == (txts[i].error == NULL), "state");
        free(txts[i].error);
    }
    return why;
}

__attribute__((unused)) static void api_close(struct service *service)
{
    if (service == NULL)
        return;
    struct description *description = (struct description *)(uintptr_t)service->description;

    service_close(service);
    description_free(description);
}
