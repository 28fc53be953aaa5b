#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "status/show.h"
#include "status/words.h"
#include "ui/ui.h"

#define ATTENTION_SHOWN 10
#define WELL_SHOWN 10
#define MARK_WIDTH 10  /* "CRITICAL  " */
#define TITLE_WIDTH 14 /* "Last renewal  " */
#define LEFT_WIDTH 10  /* of the columns of the table of those that are well */
#define DUE_WIDTH 16

struct page {
    const struct status *status;
    unsigned columns;
    struct buf *to;
};

/* A title in its column, and the text wrapped beside it. Foreign text is of one line from here on. */
static void put_beside(const struct page *page, const char *title, unsigned width, const char *text)
{
    AUTO(buf_clear) struct buf wrapped = BUF(2 * WORDS_MAX);
    AUTO(free) char *printable = text_printable_dup(view_of(text), WORDS_MAX, false);
    struct view rest, line;

    ui_wrap(view_of(printable), page->columns - width, &wrapped);
    rest = buf_view(&wrapped);
    for (size_t i = 0; view_cut(&rest, '\n', &line); i++)
        buf_putf(page->to, "%-*s%.*s\n", (int)width, i == 0 ? title : "", (int)line.len, line.at);
}

/* ---- what needs attention ---- */

static const char *mark_of(enum level level)
{
    static const char *const marks[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

    return marks[level];
}

static void put_attention(const struct page *page, const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);
    AUTO(list_clear) struct list details = { 0 };

    buf_putf(&text, "%s: ", cert->name);
    words_put_state(&text, cert, page->status->now);
    put_beside(page, mark_of(cert_state_level(cert->state)), MARK_WIDTH, buf_text(&text));
    words_add_details(cert, page->status->now, &details);
    for (size_t i = 0; i < details.len; i++)
        put_beside(page, "", MARK_WIDTH, details.at[i]);
}

static bool is_well(const struct cert_status *cert)
{
    return cert_state_level(cert->state) == LEVEL_OK;
}

/* Returns how many certificates of those that are kept need it. */
static size_t put_all_attention(const struct page *page)
{
    const struct worst *certs = &page->status->certs;
    size_t kept = 0, all = status_attention(page->status);

    if (all > 0)
        buf_put_char(page->to, '\n');
    for (; kept < certs->len && !is_well(&certs->at[kept]); kept++)
        if (kept < ATTENTION_SHOWN)
            put_attention(page, &certs->at[kept]);
    if (all > ATTENTION_SHOWN)
        buf_putf(
            page->to, "%-*sand %zu more: --html FILE and --json tell of them\n", MARK_WIDTH, "", all - ATTENTION_SHOWN);
    return kept;
}

/* ---- what is well ---- */

/* In one column; what is too long ends in dots. */
static void put_cell(const struct page *page, unsigned width, const char *text)
{
    AUTO(free) char *cell = text_printable_dup(view_of(text), width - 2, false);

    buf_putf(page->to, "%-*s", (int)width, cell);
}

static void put_well(const struct page *page, const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf left = BUF(WORDS_MAX), due = BUF(WORDS_MAX);

    words_put_span(&left, cert->not_after - page->status->now);
    if (cert->due == UPCOMING_NEVER)
        buf_put_text(&due, "by hand");
    else if (cert->due <= page->status->now)
        buf_put_text(&due, "at the next run");
    else
        words_put_when(&due, cert->due, page->status->now);
    put_cell(page, page->columns - LEFT_WIDTH - DUE_WIDTH, cert->name);
    put_cell(page, LEFT_WIDTH, buf_text(&left));
    buf_putf(page->to, "%s%s\n", buf_text(&due), cert->is_test ? "*" : "");
}

static void put_all_well(const struct page *page, size_t from)
{
    const struct worst *certs = &page->status->certs;
    size_t all = status_at_level(page->status, LEVEL_OK), shown = 0;

    if (from == certs->len)
        return;
    buf_put_char(page->to, '\n');
    put_cell(page, page->columns - LEFT_WIDTH - DUE_WIDTH, "Certificate");
    put_cell(page, LEFT_WIDTH, "Left");
    buf_put_text(page->to, "Renewal\n");
    while (shown < WELL_SHOWN && from + shown < certs->len)
        put_well(page, &certs->at[from + shown++]);
    if (all > shown)
        buf_putf(page->to, "and %zu more: `evercert certificates` lists them\n", all - shown);
    if (page->status->tests > 0)
        buf_putf(page->to, "* of a CA's test server: nobody trusts it\n");
}

/* ---- all of it ---- */

static void put_rows(const struct page *page)
{
    buf_put_char(page->to, '\n');
    for (enum words_row row = 0; row < ROW_COUNT; row++) {
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        if (words_put_row(&text, page->status, row))
            put_beside(page, words_row_title(row), TITLE_WIDTH, buf_text(&text));
    }
    for (size_t i = 0; i < page->status->authority_count; i++) {
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        buf_putf(&text, "%s: ", page->status->authorities[i].url);
        words_put_authority(&text, &page->status->authorities[i]);
        put_beside(page, i == 0 ? "CA" : "", TITLE_WIDTH, buf_text(&text));
    }
}

void show_text(const struct status *status, unsigned columns, struct buf *to)
{
    const struct page page = { .status = status, .columns = columns < 40 ? 40 : columns, .to = to };
    AUTO(buf_clear) struct buf head = BUF(WORDS_MAX);
    size_t attention;

    words_put_sum(&head, status);
    put_beside(&page, "", 0, buf_text(&head));
    buf_cut(&head, 0);
    buf_putf(&head, "%s, ", status->config_dir);
    words_put_time(&head, status->now);
    put_beside(&page, "", 0, buf_text(&head));
    attention = put_all_attention(&page);
    put_all_well(&page, attention);
    put_rows(&page);
}
