#include "status/show.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "status/html.h"
#include "status/words.h"

#define ATTENTION_MAX 100 /* that are shown one by one */
#define WHOLE_MAX 100     /* of a store: all are */
#define WELL_MAX 30       /* of a larger one: of those that are well */
#define NAMES_SHOWN 4
#define WORTH_BANDS 8 /* certificates: of fewer no distribution is drawn */

struct page {
    const struct status *status;
    struct axis axis;
    size_t attention, kept; /* that are shown one by one, and that stand in front of those that are well */
    size_t well;            /* that are shown one by one */
    struct buf *to;
};

static void put_text(const struct page *page, const char *text)
{
    html_put_text(page->to, text);
}

/* ---- the head ---- */

/* "#" of a data URL's colour is written %23. */
static void put_icon(const struct page *page)
{
    static const char *const colours[] = { "%231769aa", "%23e09b00", "%23b3123f", "%236b7482" };

    buf_putf(page->to,
        "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 "
        "20'%%3E"
        "%%3Ccircle cx='10' cy='10' r='9' fill='%s'/%%3E%%3C/svg%%3E\">\n",
        colours[page->status->level]);
}

/* Should foreign text ever get through, no browser that keeps to this runs or fetches anything of it. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

static void put_head(const struct page *page)
{
    AUTO(buf_clear) struct buf sum = BUF(WORDS_MAX);

    words_put_sum(&sum, page->status);
    buf_put_text(page->to,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n"
        "<meta name=\"generator\" content=\"evercert " EVERCERT_VERSION "\">\n<title>");
    put_text(page, buf_text(&sum));
    buf_put_text(page->to, "</title>\n");
    put_icon(page);
    buf_put_text(page->to, "<style>\n");
    html_put_style(page->to);
    buf_put_text(page->to, "</style>\n</head>\n<body>\n");
    html_put_symbols(page->to);
}

static void put_headline(const struct page *page)
{
    size_t open = status_attention(page->status), all = status_all(page->status);

    buf_put_text(page->to, "<header>\n<h1>");
    html_put_sign(page->to, page->status->level);
    if (all == 0)
        buf_put_text(page->to, "<span>No certificates</span>");
    else if (open == 0)
        buf_putf(page->to, "<span>%s%s</span>", all == 1 ? "The certificate is well" : "All certificates are well",
            page->status->level == LEVEL_OK ? "" : ", but not all else");
    else
        buf_putf(page->to, "<span>%zu certificate%s attention</span>", open, open == 1 ? " needs" : "s need");
    buf_put_text(page->to, "</h1>\n<p class=\"where\">");
    put_text(page, page->status->config_dir);
    buf_put_text(page->to, " \xc2\xb7 ");
    html_put_time(page->to, page->status->now);
    buf_put_text(page->to, "</p>\n");
}

static void put_tile(const struct page *page, enum level level, const char *title, size_t count)
{
    buf_putf(page->to, "<div class=\"tile card%s\"><dt>", count == 0 ? " zero" : "");
    html_put_sign(page->to, level);
    buf_putf(page->to, "%s</dt><dd>%zu</dd></div>\n", title, count);
}

static void put_tiles(const struct page *page)
{
    const struct status *status = page->status;
    size_t unknown = status_at_level(status, LEVEL_UNKNOWN);

    buf_put_text(page->to, "<dl class=\"tiles\">\n");
    put_tile(page, LEVEL_CRITICAL, "Critical", status_at_level(status, LEVEL_CRITICAL));
    put_tile(page, LEVEL_WARNING, "Warning", status_at_level(status, LEVEL_WARNING));
    if (unknown > 0)
        put_tile(page, LEVEL_UNKNOWN, "Not readable", unknown);
    put_tile(page, LEVEL_OK, "Well", status_at_level(status, LEVEL_OK));
    buf_put_text(page->to, "</dl>\n</header>\n<main>\n");
}

/* ---- what needs attention ---- */

static void put_names(const struct page *page, const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf names = BUF(WORDS_MAX);

    if (cert->name_count == 0 || (cert->name_count == 1 && text_equal(cert->names.at[0], cert->name)))
        return;
    words_put_names(&names, cert, NAMES_SHOWN);
    buf_put_text(page->to, "<p class=\"names\">");
    put_text(page, buf_text(&names));
    buf_put_text(page->to, "</p>\n");
}

static void put_details(const struct page *page, const struct cert_status *cert)
{
    AUTO(list_clear) struct list details = { 0 };

    words_add_details(cert, page->status->now, &details);
    if (details.len == 0)
        return;
    buf_put_text(page->to, "<ul class=\"why\">");
    for (size_t i = 0; i < details.len; i++) {
        buf_put_text(page->to, "<li>");
        put_text(page, details.at[i]);
        buf_put_text(page->to, "</li>");
    }
    buf_put_text(page->to, "</ul>\n");
}

static void put_tag(const struct page *page, const struct cert_status *cert)
{
    if (cert->is_test)
        buf_put_text(page->to, "<span class=\"tag\">test certificate</span>");
}

static void put_attention(const struct page *page, const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf state = BUF(WORDS_MAX);
    enum level level = cert_state_level(cert->state);

    words_put_state(&state, cert, page->status->now);
    buf_putf(page->to, "<li class=\"l%d\"><div class=\"what%s\">\n<h3>", level, cert->is_known ? "" : " plain");
    html_put_sign(page->to, level);
    buf_put_text(page->to, "<span>");
    html_put_name(page->to, cert->name);
    buf_put_text(page->to, "</span>");
    put_tag(page, cert);
    buf_put_text(page->to, "</h3>\n");
    put_names(page, cert);
    buf_put_text(page->to, "<p class=\"state\">");
    put_text(page, buf_text(&state));
    buf_put_text(page->to, "</p>\n</div>");
    if (cert->is_known) {
        buf_put_text(page->to, "<div class=\"life\">");
        html_put_life(page->to, &page->axis, cert);
        buf_put_text(page->to, "</div>\n");
    }
    put_details(page, cert);
    buf_put_text(page->to, "</li>\n");
}

static void put_all_attention(const struct page *page)
{
    size_t all = status_attention(page->status);

    if (page->attention == 0)
        return;
    buf_putf(page->to,
        "<section aria-labelledby=\"attention\">\n<h2 id=\"attention\">Needs attention <span "
        "class=\"count\">%zu</span></h2>\n<ol class=\"attention card\">\n<li class=\"scale\" "
        "aria-hidden=\"true\"><div></div>",
        all);
    html_put_axis(page->to, &page->axis);
    buf_put_text(page->to, "</li>\n");
    for (size_t i = 0; i < page->attention; i++)
        put_attention(page, &page->status->certs.at[i]);
    buf_put_text(page->to, "</ol>\n");
    if (page->attention < all)
        buf_putf(page->to,
            "<p class=\"more\">And %zu more, which are less urgent: <code>evercert status --json</code>.</p>\n",
            all - page->attention);
    buf_put_text(page->to, "</section>\n");
}

/* ---- what is well ---- */

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
    buf_put_text(page->to, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    html_put_name(page->to, cert->name);
    put_tag(page, cert);
    put_names(page, cert);
    buf_putf(page->to,
        "</th><td role=\"cell\" class=\"num\">%s<span class=\"unit\"> left</span></td><td role=\"cell\" class=\"num\" "
        "data-label=\"\xc2\xb7 renewal\">%s</td><td role=\"cell\" class=\"life\">",
        buf_text(&left), buf_text(&due));
    html_put_life(page->to, &page->axis, cert);
    buf_put_text(page->to, "</td></tr>\n");
}

static void put_all_well(const struct page *page)
{
    const struct status *status = page->status;
    size_t all = status_at_level(status, LEVEL_OK);

    if (page->well == 0)
        return;
    buf_putf(page->to,
        "<section aria-labelledby=\"well\">\n<h2 id=\"well\">%s <span class=\"count\">%zu</span></h2>\n"
        "<div class=\"card\"><table role=\"table\" aria-labelledby=\"well\">\n<thead role=\"rowgroup\"><tr "
        "role=\"row\">"
        "<th role=\"columnheader\" scope=\"col\">Certificate</th><th role=\"columnheader\" scope=\"col\" "
        "class=\"num\">Left</th>"
        "<th role=\"columnheader\" scope=\"col\" class=\"when\">Renewal</th><th role=\"columnheader\" scope=\"col\" "
        "class=\"life\" "
        "aria-label=\"Life\">",
        page->well < all ? "Well; the next to be renewed" : "Well", page->well < all ? page->well : all);
    html_put_axis(page->to, &page->axis);
    buf_put_text(page->to, "</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (size_t i = 0; i < page->well; i++)
        put_well(page, &status->certs.at[page->kept + i]);
    buf_put_text(page->to, "</tbody></table></div>\n");
    if (page->well < all)
        buf_putf(page->to,
            "<p class=\"more\">And %zu more that are well: <code>evercert certificates</code> lists them all.</p>\n",
            all - page->well);
    buf_put_text(page->to, "</section>\n");
}

static void put_bands(const struct page *page)
{
    if (status_all(page->status) < WORTH_BANDS)
        return;
    buf_put_text(page->to, "<section aria-labelledby=\"bands\">\n<h2 id=\"bands\">All lives</h2>\n");
    html_put_bands(page->to, page->status);
    buf_put_text(page->to, "</section>\n");
}

/* ---- beside the certificates ---- */

static void put_row(const struct page *page, enum level level, const char *title, const char *text)
{
    buf_put_text(page->to, "<div><dt>");
    put_text(page, title);
    buf_put_text(page->to, "</dt><dd>");
    if (level != LEVEL_OK)
        html_put_sign(page->to, level);
    put_text(page, text);
    buf_put_text(page->to, "</dd></div>\n");
}

static void put_rows(const struct page *page)
{
    const struct status *status = page->status;

    buf_put_text(page->to,
        "<section aria-labelledby=\"beside\">\n<h2 id=\"beside\">This machine</h2>\n<dl class=\"rows card\">\n");
    for (enum words_row row = 0; row < ROW_COUNT; row++) {
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        if (words_put_row(&text, status, row))
            put_row(page, words_row_level(status, row), words_row_title(row), buf_text(&text));
    }
    for (size_t i = 0; i < status->authority_count; i++) {
        const struct authority *authority = &status->authorities[i];
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        buf_putf(&text, "%s: ", authority->url);
        words_put_authority(&text, authority);
        put_row(page, authority_is_well(authority) ? LEVEL_OK : LEVEL_WARNING, "CA", buf_text(&text));
    }
    buf_put_text(page->to, "</dl>\n</section>\n</main>\n");
}

/* ---- the page ---- */

static void choose(struct page *page)
{
    const struct worst *certs = &page->status->certs;

    while (page->kept < certs->len && cert_state_level(certs->at[page->kept].state) != LEVEL_OK)
        page->kept++;
    page->attention = page->kept < ATTENTION_MAX ? page->kept : ATTENTION_MAX;
    page->well = certs->len - page->kept;
    if (certs->len > WHOLE_MAX && page->well > WELL_MAX)
        page->well = WELL_MAX;
}

static struct axis choose_axis(const struct page *page)
{
    const struct cert_status *at = page->status->certs.at;
    struct axis first = axis_of(at, page->attention, page->status->now), second;

    if (page->well == 0)
        return first;
    second = axis_of(at + page->kept, page->well, page->status->now);
    if (page->attention == 0)
        return second;
    first.from = first.from < second.from ? first.from : second.from;
    first.to = first.to > second.to ? first.to : second.to;
    return first;
}

void show_html(const struct status *status, struct buf *to)
{
    struct page page = { .status = status, .to = to };

    choose(&page);
    page.axis = choose_axis(&page);
    put_head(&page);
    put_headline(&page);
    put_tiles(&page);
    put_all_attention(&page);
    if (page.well < status_at_level(status, LEVEL_OK)) /* those that are not shown are in the sum, at least */
        put_bands(&page);
    put_all_well(&page);
    if (page.attention + page.well > 0)
        html_put_legend(to);
    if (page.well == status_at_level(status, LEVEL_OK))
        put_bands(&page);
    put_rows(&page);
    buf_put_text(to, "<footer>Made by evercert " EVERCERT_VERSION " at ");
    html_put_time(to, status->now);
    buf_put_text(to, ". Times are in UTC.</footer>\n</body>\n</html>\n");
}
