#pragma once
/*
 * For tests: name servers that answer from lines "SERVER NAME TYPE DATA", and a clock that sleeping moves.
 *
 * SERVER is an address, or "-" for the resolvers. TYPE is A, AAAA, NS, CNAME, SOA (DATA: none; "no": the name is not
 * there and this zone says so), TXT, CAA (DATA: TAG, a blank, VALUE), REFER (DATA: a name server to which one is
 * referred for NAME and what is below) or GLUE (DATA: NAME's IPv4 address, which comes along); DATA of the type "!" is
 * what the server does instead: "silent", "SERVFAIL", "REFUSED", "lame". Names end in no dot, and are not compressed.
 */
#include "base/test.h"
#include "base/text.h"
#include "dns/ask.h"
#include "net/dns_name.h"

#include <arpa/inet.h>

struct played_line {
    const char *server, *name, *type, *data;
    int64_t from_ms; /* of the played clock: before that, it is not there */
};

struct played_names {
    const struct played_line *lines; /* ended by an empty one */
    int64_t now_ms;
    size_t asked, slept;
    const char *interrupted_at; /* asking for this name is interrupted */
    const char *unspoken;       /* resolvers must not be asked about this name */
};

static inline enum dns_type played_type(const char *name)
{
    static const struct {
        const char *name;
        enum dns_type type;
    } types[] = { { "A", DNS_A }, { "AAAA", DNS_AAAA }, { "NS", DNS_NS }, { "CNAME", DNS_CNAME }, { "SOA", DNS_SOA },
        { "TXT", DNS_TXT }, { "CAA", DNS_CAA } };

    for (size_t i = 0; i < COUNT(types); i++)
        if (text_equal(types[i].name, name))
            return types[i].type;
    return 0;
}

static inline void played_put_data(struct dns_record *record, const char *data)
{
    char address[16];

    record->data = BUF(DNS_MAX_MESSAGE);
    if (record->type == DNS_A || record->type == DNS_AAAA) {
        if (inet_pton(record->type == DNS_A ? AF_INET : AF_INET6, data, address) != 1)
            fail_msg("no address: %s", data);
        buf_put(&record->data, (struct view){ address, record->type == DNS_A ? 4 : 16 });
    } else if (record->type == DNS_TXT) {
        buf_put_char(&record->data, (char)strlen(data));
        buf_put_text(&record->data, data);
    } else if (record->type == DNS_CAA) { /* RFC 8659 section 4.1 */
        size_t tag = strcspn(data, " ");

        buf_put_char(&record->data, 0);
        buf_put_char(&record->data, (char)tag);
        buf_put(&record->data, (struct view){ data, tag });
        buf_put_text(&record->data, data + tag + 1);
    } else if (record->type != DNS_SOA && !dns_name_put(&record->data, data)) {
        fail_msg("no name: %s", data);
    }
}

static inline void played_add_record(
    struct dns_answer *answer, enum dns_section section, const char *name, enum dns_type type, const char *data)
{
    struct dns_record *record;

    answer->at = xrealloc(answer->at, answer->len + 1, sizeof *answer->at);
    record = &answer->at[answer->len++];
    *record = (struct dns_record){ .section = section, .name = xstrdup(name), .type = (uint16_t)type, .ttl = 60 };
    played_put_data(record, data);
}

/* What the server does instead of answering; NULL: it answers. */
static inline const char *played_mood(const struct played_names *names, const struct ask *ask)
{
    const char *mood = NULL;

    for (const struct played_line *line = names->lines; line->server != NULL; line++)
        if (text_equal(line->server, ask->server != NULL ? ask->server : "-") && text_equal(line->type, "!") &&
            (line->name == NULL || host_equal(line->name, ask->name)) && names->now_ms >= line->from_ms)
            mood = line->data;
    return mood;
}

/* Whether the server has given the name away. */
static inline bool played_refer(const struct played_names *names, const struct ask *ask, struct dns_answer *answer)
{
    bool refers = false;

    for (const struct played_line *line = names->lines; line->server != NULL; line++) {
        bool fits = ask->server != NULL && text_equal(line->server, ask->server);

        if (fits && text_equal(line->type, "REFER") && host_is_below(ask->name, line->name)) {
            played_add_record(answer, DNS_IN_AUTHORITY, line->name, DNS_NS, line->data);
            refers = true;
        } else if (fits && text_equal(line->type, "GLUE")) {
            played_add_record(answer, DNS_IN_ADDITIONAL, line->name, DNS_A, line->data);
        }
    }
    return refers;
}

static inline void played_fill(const struct played_names *names, const struct ask *ask, struct dns_answer *answer)
{
    bool known = false;

    if (played_refer(names, ask, answer))
        return;

    for (const struct played_line *line = names->lines; line->server != NULL; line++) {
        enum dns_type type = played_type(line->type);
        bool fits;

        if (!text_equal(line->server, ask->server != NULL ? ask->server : "-") || line->name == NULL ||
            names->now_ms < line->from_ms)
            continue;
        fits = host_equal(line->name, ask->name);
        known = known || (fits && type != 0);
        if (type == DNS_SOA && (ask->server == NULL || ask->type == DNS_SOA) && (!fits || ask->type != DNS_SOA) &&
            host_is_below(ask->name, line->name))
            played_add_record(answer, DNS_IN_AUTHORITY, line->name, DNS_SOA, "");
        if (fits && type == ask->type)
            played_add_record(answer, DNS_IN_ANSWER, line->name, type, line->data);
    }
    answer->rcode = known ? DNS_NOERROR : DNS_NXDOMAIN;
    answer->aa = ask->server != NULL;
}

static inline void played_answer(struct played_names *names, const struct ask *ask, struct dns_reply *reply)
{
    const char *mood = played_mood(names, ask);
    struct error why = { 0 };

    *reply = (struct dns_reply){ .answer = {
                                     .ede = -1, .server = xstrdup(ask->server != NULL ? ask->server : "192.0.2.99") } };
    names->asked++;
    if (mood == NULL) {
        played_fill(names, ask, &reply->answer);
    } else if (text_equal(mood, "silent")) {
        (void)error_set(&why, ERROR_NETWORK, "the name server %s did not answer in time", reply->answer.server);
        reply->error = error_dup(&why);
    } else {
        reply->answer.rcode = text_equal(mood, "SERVFAIL")  ? DNS_SERVFAIL
                              : text_equal(mood, "REFUSED") ? DNS_REFUSED
                                                            : 0;
    }
}

static inline bool played_ask(
    void *self, const struct ask *asks, size_t count, struct dns_reply *replies, struct error *err)
{
    struct played_names *names = self;

    for (size_t i = 0; i < count; i++) {
        if (names->interrupted_at != NULL && host_equal(asks[i].name, names->interrupted_at))
            return error_set(err, ERROR_CANCELED, "interrupted");
        if (names->unspoken != NULL && asks[i].server == NULL && host_equal(asks[i].name, names->unspoken))
            fail_msg("the resolvers are asked about %s", asks[i].name);
        played_answer(names, &asks[i], &replies[i]);
    }
    return true;
}

static inline int64_t played_now(void *self)
{
    return ((struct played_names *)self)->now_ms;
}

static inline bool played_sleep(void *self, int64_t ms)
{
    struct played_names *names = self;

    names->now_ms += ms;
    names->slept++;
    return true;
}

__attribute__((unused)) static struct asker played_asker(struct played_names *names)
{
    return (struct asker){ .ask = played_ask, .now_ms = played_now, .sleep_ms = played_sleep, .self = names };
}
