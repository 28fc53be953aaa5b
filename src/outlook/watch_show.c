#include "outlook/watch_show.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"
#include "status/show.h"
#include "status/words.h"

#define TOLD 3 /* servers that are named in one line */
#define TEXT_MAX 8192

static size_t count_at(const struct watch *watch, enum level level)
{
    size_t count = 0;

    for (size_t i = 0; i < watch->len; i++)
        count += watch->at[i].level == level;
    return count;
}

/* "a.test:443 at 192.0.2.1" */
static void put_place(const struct sight *sight, struct buf *to)
{
    AUTO(free) char *where = host_text(sight->host);

    buf_put_text(to, where);
    if (sight->address != NULL && !text_equal(sight->address, sight->host->name))
        buf_putf(to, " at %s", sight->address);
}

static void put_printable(const char *text, struct buf *to)
{
    AUTO(free) char *shown = text_printable_dup(view_of(text), TEXT_MAX, false);

    buf_put_text(to, shown);
}

/* ---- for people ---- */

static void put_sight(const struct sight *sight, int64_t now, struct buf *to)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

    buf_putf(to, "%-8s  ", words[sight->level]);
    put_place(sight, to);
    if (sight->cert != NULL && sight->cert->not_after > now) {
        buf_put_text(to, ": ");
        words_put_span(to, sight->cert->not_after - now);
        buf_put_text(to, " left");
    }
    if (sight->cert != NULL && sight->cert->issuer_common_name != NULL) {
        buf_put_text(to, ", by ");
        put_printable(sight->cert->issuer_common_name, to);
    }
    if (sight->newest) {
        buf_put_text(to, ", as ");
        put_printable(sight->lineage, to);
        buf_put_text(to, " here");
    }
    buf_put_char(to, '\n');
    for (size_t i = 0; i < sight->remark_count; i++) {
        buf_putf(to, "          %s: ", sight->remarks[i].code);
        put_printable(sight->remarks[i].what, to);
        buf_put_char(to, '\n');
    }
}

void watch_show_text(const struct watch *watch, bool only_bad, struct buf *to)
{
    for (size_t i = 0; i < watch->len; i++)
        if (!only_bad || watch->at[i].level != LEVEL_OK)
            put_sight(&watch->at[i], watch->now, to);
}

/* ---- for programs ---- */

static void out_certificate(struct out *out, const struct sight *sight, int64_t now)
{
    const struct cert *cert = sight->cert;
    AUTO(buf_clear) struct buf fingerprint = BUF(64);
    struct error err = { 0 };

    if (cert == NULL) {
        out_null(out, "certificate");
        return;
    }
    (void)!cert_fingerprint(cert, &fingerprint, &err);
    out_object(out, "certificate");
    out_text(out, "serial_number", cert->serial);
    out_text(out, "fingerprint_sha256", buf_text(&fingerprint));
    out_texts(out, "names", &cert->names);
    out_text(out, "issuer", cert->issuer_common_name);
    out_time(out, "not_before", cert->not_before);
    out_time(out, "not_after", cert->not_after);
    out_number(out, "seconds_left", cert->not_after - now);
    out_end(out);
}

static void out_sight(struct out *out, const struct sight *sight, int64_t now)
{
    static const char *const revocations[] = {
        [REVOCATION_UNKNOWN] = NULL, [REVOCATION_GOOD] = "good", [REVOCATION_REVOKED] = "revoked"
    };

    out_object(out, NULL);
    out_text(out, "host", sight->host->name);
    out_number(out, "port", sight->host->port);
    out_text(out, "starttls", sight->host->starttls);
    out_text(out, "address", sight->address);
    out_text(out, "level", level_name(sight->level));
    out_array(out, "remarks");
    for (size_t i = 0; i < sight->remark_count; i++) {
        out_object(out, NULL);
        out_text(out, "code", sight->remarks[i].code);
        out_text(out, "level", level_name(sight->remarks[i].level));
        out_text(out, "what", sight->remarks[i].what);
        out_end(out);
    }
    out_end(out);
    out_certificate(out, sight, now);
    out_text(out, "protocol", sight->seen.version);
    out_text(out, "cipher", sight->seen.cipher);
    out_bool(out, "trusted", sight->seen.trust == PROBE_TRUSTED);
    out_text(out, "revocation", revocations[sight->revocation]);
    out_text(out, "lineage", sight->lineage);
    out_bool(out, "newest", sight->newest);
    out_end(out);
}

void watch_show_json(const struct watch *watch, const char *version, struct buf *to)
{
    struct out out = out_pretty_to(to);

    out_object(&out, NULL);
    out_number(&out, "schema", 1);
    out_text(&out, "version", version);
    out_time(&out, "time", watch->now);
    out_text(&out, "level", level_name(watch->level));
    out_array(&out, "servers");
    for (size_t i = 0; i < watch->len; i++)
        out_sight(&out, &watch->at[i], watch->now);
    out_end(&out);
    out_end(&out);
    buf_put_char(to, '\n');
}

/* ---- for monitoring ---- */

static void put_worst(const struct watch *watch, struct buf *to)
{
    static const enum level order[] = { LEVEL_CRITICAL, LEVEL_WARNING };
    size_t told = 0;

    for (size_t k = 0; k < COUNT(order); k++)
        for (size_t i = 0; i < watch->len && told < TOLD; i++) {
            const struct sight *sight = &watch->at[i];

            if (sight->level != order[k])
                continue;
            buf_put_text(to, "; ");
            put_place(sight, to);
            buf_putf(to, ": %.300s", sight->remarks[0].what);
            told++;
        }
}

/* 'label'=value[unit];[warning];[critical];[least];[most] */
static void put_performance(const struct watch *watch, const struct thresholds *thresholds, struct buf *to)
{
    int64_t ends = 0;
    int least = -1;

    for (size_t i = 0; i < watch->len; i++) {
        const struct cert *cert = watch->at[i].cert;
        int64_t life = cert == NULL ? 0 : cert->not_after - cert->not_before;
        int left = life <= 0 ? 0 : (int)((cert->not_after - watch->now) * 100 / life);

        if (cert == NULL || cert->not_after <= watch->now)
            continue;
        ends = ends == 0 || cert->not_after < ends ? cert->not_after : ends;
        least = least < 0 || left < least ? left : least;
    }
    buf_putf(to, " | servers=%zu;;;0 critical=%zu;;0;0;%zu warning=%zu;0;;0;%zu", watch->len,
        count_at(watch, LEVEL_CRITICAL), watch->len, count_at(watch, LEVEL_WARNING), watch->len);
    if (ends != 0)
        buf_putf(to, " next_expiry=%llds;;;0 least_life_left=%d%%;%d:;%d:;0;100", (long long)(ends - watch->now), least,
            thresholds->warn, thresholds->critical);
    buf_put_char(to, '\n');
}

void watch_show_nagios(const struct watch *watch, const struct thresholds *thresholds, struct buf *to)
{
    AUTO(buf_clear) struct buf said = BUF(WORDS_MAX);
    size_t critical = count_at(watch, LEVEL_CRITICAL), warning = count_at(watch, LEVEL_WARNING);

    buf_putf(&said, "%zu server%s: %zu critical, %zu warning%s, %zu well", watch->len, watch->len == 1 ? "" : "s",
        critical, warning, warning == 1 ? "" : "s", watch->len - critical - warning);
    put_worst(watch, &said);
    show_nagios_line(watch->level, buf_text(&said), to);
    put_performance(watch, thresholds, to);
}
