#include "dns/ask.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/dns_name.h"

#define TIMEOUT_MS 4000
#define PORTION 128 /* questions at the same time */

/* ---- asking ---- */

static bool ask_net(
    struct net *net, const struct ask *asks, size_t count, int timeout_ms, struct dns_reply *replies, struct error *err)
{
    AUTO(free) struct dns_question *questions = xcalloc(count + 1, sizeof *questions);
    AUTO(free) struct buf *bytes = xcalloc(count + 1, sizeof *bytes);
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        unsigned flags = asks[i].flags | (asks[i].server == NULL ? DNS_RECURSE : 0);

        bytes[i] = BUF(DNS_MAX_MESSAGE);
        ok = dns_put_question(&bytes[i], asks[i].name, asks[i].type, flags, err);
        questions[i] =
            (struct dns_question){ .server = asks[i].server, .message = buf_view(&bytes[i]), .timeout_ms = timeout_ms };
    }
    ok = ok && net_dns_all(net, questions, count, replies, err);
    for (size_t i = 0; i < count; i++)
        buf_clear(&bytes[i]);
    return ok;
}

static bool ask_patiently(
    void *self, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err)
{
    return ask_net(self, asks, count, TIMEOUT_MS, replies, err);
}

static bool ask_in_time(void *self, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err)
{
    const struct ask_within *within = self;
    int64_t left_ms = within->until_ms - clock_monotonic_ms();

    if (left_ms <= 0)
        return error_set(err, ERROR_NETWORK, "no time is left");
    return ask_net(within->net, asks, count, left_ms < within->most_ms ? (int)left_ms : within->most_ms, replies, err);
}

static int64_t now_of_clock(void *self __attribute__((unused)))
{
    return clock_monotonic_ms();
}

static bool sleep_by_clock(void *self __attribute__((unused)), int64_t ms)
{
    return clock_sleep_ms(ms);
}

struct asker asker_of_net(struct net *net)
{
    return (struct asker){ .ask = ask_patiently, .now_ms = now_of_clock, .sleep_ms = sleep_by_clock, .self = net };
}

struct asker asker_within(const struct ask_within *within)
{
    return (
        struct asker){ .ask = ask_in_time, .now_ms = now_of_clock, .sleep_ms = sleep_by_clock, .self = (void *)within };
}

bool ask_one(const struct asker *asker, const struct ask *ask, struct dns_answer *answer, struct error *err)
{
    struct dns_reply reply = { 0 };

    if (!ask_all(asker, ask, 1, &reply, err)) {
        dns_reply_clear(&reply);
        return false;
    }
    if (reply.error != NULL) {
        *err = *reply.error;
        dns_reply_clear(&reply);
        return false;
    }
    *answer = reply.answer;
    return true;
}

bool ask_all(
    const struct asker *asker, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err)
{
    for (size_t i = 0; i < count; i += PORTION)
        TRY(asker->ask(asker->self, asks + i, count - i < PORTION ? count - i : PORTION, replies + i, err));
    return true;
}

struct dns_reply *replies_new(size_t count)
{
    return xcalloc(count + 1, sizeof(struct dns_reply));
}

void replies_free(struct dns_reply *replies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dns_reply_clear(&replies[i]);
    free(replies);
}

/* ---- what answers say ---- */

static size_t host_len(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

bool host_equal(const char *a, const char *b)
{
    return host_len(a) == host_len(b) && strncasecmp(a, b, host_len(a)) == 0;
}

bool host_is_below(const char *name, const char *zone)
{
    size_t len = host_len(name), zone_len = host_len(zone);

    if (zone_len == 0) /* the root */
        return true;
    return len >= zone_len && strncasecmp(name + len - zone_len, zone, zone_len) == 0 &&
           (len == zone_len || name[len - zone_len - 1] == '.');
}

char *record_host(const struct dns_record *record)
{
    AUTO(buf_clear) struct buf text = BUF(DNS_NAME_TEXT_SIZE);
    size_t at = 0;
    char *host;

    if ((record->type != DNS_NS && record->type != DNS_CNAME) || !dns_name_get(buf_view(&record->data), &at, &text) ||
        text.failed)
        return NULL;
    host = buf_take(&text);
    text_lower(host);
    return host;
}

char *record_address(const struct dns_record *record)
{
    int family = record->type == DNS_A ? AF_INET : AF_INET6;
    char text[INET6_ADDRSTRLEN];

    if (!(record->type == DNS_A && record->data.len == 4) && !(record->type == DNS_AAAA && record->data.len == 16))
        return NULL;
    return inet_ntop(family, record->data.at, text, sizeof text) == NULL ? NULL : xstrdup(text);
}

/* RFC 1035 section 3.3.14. */
char *record_text(const struct dns_record *record)
{
    AUTO(buf_clear) struct buf text = BUF(DNS_MAX_MESSAGE);
    struct view rest = buf_view(&record->data);

    if (record->type != DNS_TXT || rest.len == 0)
        return NULL;
    while (rest.len > 0) {
        size_t len = (unsigned char)rest.at[0];

        if (len >= rest.len)
            return NULL;
        buf_put(&text, (struct view){ rest.at + 1, len });
        rest = (struct view){ rest.at + 1 + len, rest.len - 1 - len };
    }
    return text.failed || view_has(buf_view(&text), '\0') ? NULL : buf_take(&text);
}
