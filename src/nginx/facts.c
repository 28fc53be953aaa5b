#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "nginx/server.h"
#include "web/version.h"

#define VERSION_MIN 8048 /* 0.8.48: what names and default servers are there is as it is now */

/* The text behind a word, up to the end of the line; at is NULL when it is not there. */
static struct view behind(struct view output, const char *word)
{
    const char *found = memmem(output.at, output.len, word, strlen(word));
    struct view rest = { NULL, 0 }, line;

    if (found == NULL)
        return rest;
    rest.at = found + strlen(word);
    rest.len = output.len - (size_t)(rest.at - output.at);
    (void)view_cut(&rest, '\n', &line);
    return line;
}

static bool has(struct view output, const char *word)
{
    return memmem(output.at, output.len, word, strlen(word)) != NULL;
}

/* "3.0.2 15 Mar 2022 (...)": the first word, in whatever way it ends. */
static struct view first_word(struct view text)
{
    size_t len = 0;

    while (len < text.len && strchr(" \t)(,", text.at[len]) == NULL)
        len++;
    return (struct view){ text.at, len };
}

/* "nginx version: openresty/1.21.4.1": name and number of what runs. */
static void read_version(struct view line, struct nginx_facts *out)
{
    struct view name, number = view_trim(line);

    (void)view_cut(&number, '/', &name);
    out->other = !view_is(name, "nginx");
    if (number.at != NULL)
        out->version = web_version(first_word(number));
}

void nginx_facts_read(struct view output, struct nginx_facts *out)
{
    struct view version = behind(output, "nginx version:"), openssl = behind(output, "running with OpenSSL ");

    *out = (struct nginx_facts){ .tls = has(output, "--with-http_ssl_module"),
        .sni = has(output, "TLS SNI support enabled") };
    if (version.at != NULL)
        read_version(version, out);
    if (openssl.at == NULL)
        openssl = behind(output, "built with OpenSSL ");
    if (openssl.at != NULL)
        out->openssl = web_openssl_version(first_word(openssl));
}

bool nginx_facts_check(const struct nginx_facts *facts, struct error *err)
{
    if (facts->other)
        log_warning("This is not nginx itself but something made of it, and may differ from it.");
    if (facts->version == 0)
        return error_set(err, ERROR_PLUGIN, "nginx does not tell its version");
    if (!facts->other && facts->version < VERSION_MIN)
        return error_set(err, ERROR_PLUGIN, "this nginx is too old: 0.8.48 is needed at least");
    if (!facts->tls) {
        (void)error_set(err, ERROR_PLUGIN, "this nginx was built without TLS (--with-http_ssl_module)");
        return error_next(err, "Install another build of it");
    }
    if (!facts->sni)
        return error_set(err, ERROR_PLUGIN, "this nginx was built without server names in TLS (SNI)");
    return true;
}
