#include "base/text.h"
#include "status/show.h"
#include "status/words.h"

#define TOLD 3        /* certificates that are named */
#define SAID_MAX 1500 /* of what is said: the protocols that carry it cut longer ones */

static const char *word_of(enum level level)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

    return words[level];
}

/* The bar ends what is said, so there is none in it. */
void show_nagios_line(enum level level, const char *said, struct buf *to)
{
    AUTO(free) char *line = text_printable_dup(view_of(said), SAID_MAX, false);

    for (char *at = line; *at != '\0'; at++)
        if (*at == '|')
            *at = '/';
    buf_putf(to, "EVERCERT %s - %s", word_of(level), line);
}

static void put_certificates(const struct status *status, struct buf *to)
{
    size_t told = 0;

    for (size_t i = 0; i < status->certs.len && told < TOLD; i++) {
        const struct cert_status *cert = &status->certs.at[i];

        if (cert_state_level(cert->state) == LEVEL_OK)
            break;
        buf_putf(to, "; %.253s: ", cert->name);
        words_put_state(to, cert, status->now);
        told++;
    }
}

static void put_others(const struct status *status, struct buf *to)
{
    size_t open = 0;

    for (size_t i = 0; i < status->authority_count; i++)
        if (!authority_is_well(&status->authorities[i])) {
            buf_putf(to, "; the CA at %.300s ", status->authorities[i].url);
            buf_put_text(to, status->authorities[i].answers ? "has another time" : "does not answer");
        }
    for (size_t i = 0; i < status->runs.len; i++)
        buf_putf(to, "; %.300s", status->runs.at[i].what);
    for (size_t i = 0; i < status->access.len; i++)
        open += status_counts(&status->access.at[i]);
    if (open > 0)
        buf_putf(to, "; %zu findings about permissions", open);
}

/* 'label'=value[unit];[warning];[critical];[least];[most] */
static void put_performance(const struct status *status, struct buf *to)
{
    size_t most = status_all(status);

    buf_putf(to, " | certificates=%zu;;;0", most);
    buf_putf(to, " critical=%zu;;0;0;%zu", status_at_level(status, LEVEL_CRITICAL), most);
    buf_putf(to, " warning=%zu;0;;0;%zu", status_at_level(status, LEVEL_WARNING), most);
    buf_putf(to, " unreadable=%zu;;;0;%zu", status->counts[CERT_UNREADABLE], most);
    buf_putf(to, " failing=%zu;0;;0;%zu", status->failing, most);
    buf_putf(to, " undelivered=%zu;0;;0;%zu", status->undelivered, most);
    if (status->ends.name != NULL) {
        buf_putf(to, " next_expiry=%llds;;;0", (long long)(status->ends.at - status->now));
        buf_putf(to, " least_life_left=%d%%;%d:;%d:;0;100", status->least_left, status->thresholds.warn,
            status->thresholds.critical);
    }
    buf_put_char(to, '\n');
}

void show_nagios(const struct status *status, struct buf *to)
{
    AUTO(buf_clear) struct buf said = BUF(WORDS_MAX);

    words_put_sum(&said, status);
    put_certificates(status, &said);
    put_others(status, &said);
    show_nagios_line(status->level, buf_text(&said), to);
    put_performance(status, to);
}

void show_nagios_unknown(const struct error *err, struct buf *to)
{
    show_nagios_line(LEVEL_UNKNOWN, err->why, to);
    buf_put_char(to, '\n');
}
