#include "recipe/request.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tree/encode.h"
#include "recipe/ambient.h"
#include "recipe/signature.h"
#include "tree/template.h"
#include "tree/xml.h"

#define URL_MAX 4096

void request_clear(struct request *request)
{
    wipe_free(request->url);
    for (size_t i = 0; i < request->fields.len; i++)
        wipe(request->fields.at[i], strlen(request->fields.at[i]));
    list_clear(&request->fields);
    buf_clear(&request->body);
    *request = (struct request){ 0 };
}

/* ---- addresses ---- */

/* "https://" and the server, with its port. */
static struct view server_of(const char *url)
{
    const char *start = strstr(url, "://");
    size_t len = start == NULL ? 0 : (size_t)(start + 3 - url);

    return (struct view){ url, len + strcspn(url + len, "/?#") };
}

bool request_same_server(const char *url, const char *other)
{
    struct view a = server_of(url), b = server_of(other);

    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

/* Whether the server is one of these, by its whole name; those that end in a dot are the beginning of an address: names
 * that only begin so may be anybody's ("127.example.com"). */
static bool is_one_of(const char *url, const char *const *hosts, size_t count)
{
    struct view server = server_of(url);

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(hosts[i]);

        if (!text_starts(url, hosts[i]) || len > server.len)
            continue;
        if (hosts[i][len - 1] == '.')
            len += strspn(url + len, "0123456789.");
        if (len == server.len || url[len] == ':')
            return true;
    }
    return false;
}

static bool is_this_machine(const char *url)
{
    static const char *const hosts[] = { "http://localhost", "http://[::1]", "http://127." };

    return is_one_of(url, hosts, COUNT(hosts));
}

/* Addresses that reach no further than the link, at which clouds hand out credentials. */
static bool is_on_link(const char *url)
{
    static const char *const hosts[] = { "http://169.254.", "http://[fd00:ec2::254]", "http://[fd00:ec2::23]" };

    return is_one_of(url, hosts, COUNT(hosts));
}

bool request_check_url(const char *url, bool plain, struct error *err)
{
    bool is_plain = text_starts(url, "http://");

    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c == 0x7f || *c == '#')
            return error_set(err, ERROR_CONFIG, "an address with blanks or signs that do not belong in it");
    if (!is_plain && !text_starts(url, "https://"))
        return error_set(err, ERROR_CONFIG, "an address that does not begin with https://");
    if (is_plain && !plain && !is_this_machine(url))
        return error_set(err, ERROR_CONFIG, "credentials are not sent without encryption: the address must be https");
    if (memchr(server_of(url).at, '@', server_of(url).len) != NULL || server_of(url).len < 9)
        return error_set(err, ERROR_CONFIG, "an address without a server, or with a user in it");
    return true;
}

static bool read_method(const char *text, struct request *out, const char **rest, struct error *err)
{
    static const struct {
        const char *word;
        enum http_method method;
    } methods[] = { { "GET ", HTTP_GET }, { "POST ", HTTP_POST }, { "PUT ", HTTP_PUT }, { "PATCH ", HTTP_PATCH },
        { "DELETE ", HTTP_DELETE } };

    for (size_t i = 0; i < COUNT(methods); i++)
        if (text_starts(text, methods[i].word)) {
            out->method = methods[i].method;
            *rest = text + strlen(methods[i].word);
            return true;
        }
    return error_set(err, ERROR_CONFIG, "'%s' is no request", text);
}

static const char *method_word(enum http_method method)
{
    switch (method) {
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_PATCH:
        return "PATCH";
    case HTTP_DELETE:
        return "DELETE";
    default:
        return "GET";
    }
}

static bool put_address(const struct description *description, const char *address, const struct vars *vars,
    struct buf *url, struct error *err)
{
    const char *base = value_member_text(&description->top, "base");

    if (!text_starts(address, "http") && !text_starts(address, "{")) {
        TRY(base != NULL || error_set(err, ERROR_CONFIG, "an address needs a 'base'"));
        TRY(template_expand(base, false, vars, url, err));
        if (url->len > 0 && url->at[url->len - 1] == '/' && address[0] == '/')
            buf_cut(url, url->len - 1);
    }
    return template_expand(address, true, vars, url, err);
}

/* The parameters of all queries: those of the address as they stand, sorted where any are added or signed. */
static bool put_query(const struct description *description, const struct value *step, const struct vars *vars,
    bool sorted, struct buf *url, struct error *err)
{
    AUTO(list_clear) struct list fields = { 0 }, all = { 0 };
    const struct value *everywhere = value_member(&description->top, "query"), *here = value_member(step, "query");
    const char *mark = strchr(buf_text(url), '?');
    AUTO(free) char *joined = NULL;
    struct view rest, part = { 0 };

    if (everywhere == NULL && here == NULL && !sorted)
        return true;
    TRY(template_fields(everywhere, vars, &fields, err));
    TRY(template_fields(here, vars, &fields, err));
    if (mark != NULL) {
        rest = view_of(mark + 1);
        while (view_cut(&rest, '&', &part))
            if (part.len > 0)
                list_add_view(&all, part);
        buf_cut(url, (size_t)(mark - url->at));
    }
    for (size_t i = 0; i + 1 < fields.len; i += 2) {
        AUTO(buf_clear) struct buf field = BUF_SECRET(REQUEST_MAX);

        encode_url(view_of(fields.at[i]), &field);
        buf_put_char(&field, '=');
        encode_url(view_of(fields.at[i + 1]), &field);
        list_add(&all, buf_text(&field));
    }
    list_sort(&all);
    joined = list_join(&all, "&");
    if (joined[0] != '\0')
        buf_putf(url, "?%s", joined);
    return true;
}

/* ---- bodies ---- */

static bool put_form(const struct value *form, const struct vars *vars, struct buf *out, struct error *err)
{
    AUTO(list_clear) struct list fields = { 0 };

    TRY(template_fields(form, vars, &fields, err));
    for (size_t i = 0; i + 1 < fields.len; i += 2) {
        if (i > 0)
            buf_put_char(out, '&');
        encode_form(view_of(fields.at[i]), out);
        buf_put_char(out, '=');
        encode_form(view_of(fields.at[i + 1]), out);
    }
    return true;
}

static bool put_tree(const struct value *tree, bool as_xml, const struct vars *vars, struct buf *out, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };
    bool left_out;

    TRY(template_value(tree, vars, &value, &left_out, err));
    if (as_xml)
        xml_put(&value, out);
    else
        value_put_json(&value, out);
    return true;
}

static bool put_body(const struct value *step, const struct vars *vars, struct request *out, struct error *err)
{
    const struct value *json = value_member(step, "json"), *form = value_member(step, "form"),
                       *xml = value_member(step, "xml"), *text = value_member(step, "text");
    const char *type = value_member_text(step, "type");

    out->body = BUF_SECRET(REQUEST_MAX);
    out->has_body = json != NULL || form != NULL || xml != NULL || text != NULL;
    if (json != NULL)
        TRY(put_tree(json, false, vars, &out->body, err));
    else if (form != NULL)
        TRY(put_form(form, vars, &out->body, err));
    else if (xml != NULL)
        TRY(put_tree(xml, true, vars, &out->body, err));
    else if (text != NULL)
        TRY(template_expand(value_text(text), false, vars, &out->body, err));
    if (out->has_body)
        out->type = type != NULL   ? type
                    : json != NULL ? "application/json"
                    : form != NULL ? "application/x-www-form-urlencoded"
                    : xml != NULL  ? "text/xml; charset=utf-8"
                                   : "text/plain; charset=utf-8";
    return !out->body.failed || error_set(err, ERROR_CONFIG, "the body would be larger than %d bytes", REQUEST_MAX);
}

/* ---- fields ---- */

/* Takes over those that say something; a later one of a name takes the place of the first. */
static void add_fields(struct list *to, const struct list *from)
{
    for (size_t i = 0; i + 1 < from->len; i += 2) {
        for (size_t k = 0; k + 1 < to->len; k += 2)
            if (strcasecmp(to->at[k], from->at[i]) == 0) {
                list_remove(to, k + 1);
                list_remove(to, k);
                break;
            }
        if (from->at[i + 1][0] == '\0')
            continue;
        list_add(to, from->at[i]);
        list_add(to, from->at[i + 1]);
    }
}

/* A field of which a variable is not set is left out, as is one that expands to nothing. */
static bool expand_headers(const struct value *headers, const struct vars *vars, struct list *to, struct error *err)
{
    for (size_t i = 0; headers != NULL && i < headers->len; i++) {
        AUTO(list_clear) struct list fields = { 0 };
        AUTO(wipe_free) char *value = NULL;

        if (value_text(&headers->at[i]) == NULL)
            return error_set(err, ERROR_CONFIG, "the field '%s' is no text", headers->at[i].key);
        if (!template_text(value_text(&headers->at[i]), vars, &value, err)) {
            if (!err->expected)
                return false;
            continue;
        }
        list_add(&fields, headers->at[i].key);
        list_add(&fields, value);
        add_fields(to, &fields);
    }
    return true;
}

static bool put_fields(const struct description *description, const struct value *step, const struct vars *vars,
    struct list *out, struct error *err)
{
    list_clear(out);
    TRY(expand_headers(value_member(&description->top, "headers"), vars, out, err));
    TRY(expand_headers(value_member(step, "headers"), vars, out, err));
    return true;
}

/* ---- all of it ---- */

static void set_moment(struct vars *vars, const struct request_moment *moment)
{
    int64_t now = moment->now_ms / 1000;
    char text[CLOCK_TEXT_SIZE], uuid[40];
    const char *n = moment->nonce;

    vars_set_number(vars, "now", now);
    vars_set_number(vars, "now_ms", moment->now_ms);
    clock_format_http_date(now, text);
    vars_set_text(vars, "httpdate", text);
    clock_format_rfc3339(now, text);
    vars_set_text(vars, "isodate", text);
    vars_set_text(vars, "nonce", n);
    (void)snprintf(uuid, sizeof uuid, "%.8s-%.4s-4%.3s-a%.3s-%.12s", n, n + 8, n + 13, n + 17, n + 20);
    vars_set_text(vars, "uuid", uuid);
}

static void set_parts(struct vars *vars, const struct request *request)
{
    struct view server = server_of(request->url);
    const char *start = strstr(request->url, "://"), *path = request->url + server.len;
    size_t path_len = strcspn(path, "?");
    const char *query = path[path_len] == '?' ? path + path_len + 1 : "";

    vars_set_text(vars, "method", method_word(request->method));
    vars_set_text(vars, "url", request->url);
    value_set_text(vars_place(vars, "host"), (struct view){ start + 3, server.len - (size_t)(start + 3 - server.at) });
    value_set_text(vars_place(vars, "path"), path_len > 0 ? (struct view){ path, path_len } : view_of("/"));
    vars_set_text(vars, "querytext", query);
    value_set_text(vars_place(vars, "body"), buf_view(&request->body));
}

static bool build(const struct description *description, const struct value *step, const char *address,
    struct vars *vars, bool sorted, struct request *out, struct error *err)
{
    AUTO(buf_clear) struct buf url = BUF_SECRET(URL_MAX);
    const char *rest = NULL;
    bool plain;

    request_clear(out);
    TRY(read_method(value_member_text(step, "do"), out, &rest, err));
    if (address != NULL)
        buf_put_text(&url, address);
    else
        TRY(put_address(description, rest, vars, &url, err));
    if (address == NULL)
        TRY(put_query(description, step, vars, sorted, &url, err));
    if (url.failed)
        return error_set(err, ERROR_CONFIG, "an address would have more than %d bytes", URL_MAX);
    out->url = buf_take(&url);
    plain =
        value_truth(value_member(&description->top, "plain")) || (ambient_advice(step) != NULL && is_on_link(out->url));
    TRY(request_check_url(out->url, plain, err));
    TRY(put_body(step, vars, out, err));
    set_parts(vars, out);
    return true;
}

bool request_build(const struct description *description, const struct value *step, const char *address,
    const struct request_moment *moment, struct vars *vars, struct request *out, struct error *err)
{
    const struct value *sign =
        value_truth(value_member(step, "unsigned")) ? NULL : value_member(&description->top, "sign");
    bool canonical = signature_is_canonical(sign);

    set_moment(vars, moment);
    if (sign != NULL && !canonical)
        signature_leave_blank(sign, vars);
    TRY(build(description, step, address, vars, canonical, out, err));
    if (sign != NULL && !canonical) {
        TRY(signature_make(sign, vars, err));
        TRY(build(description, step, address, vars, false, out, err)); /* with the signature in it */
    }
    TRY(put_fields(description, step, vars, &out->fields, err));
    return !canonical || signature_add(sign, moment, vars, out, err);
}
