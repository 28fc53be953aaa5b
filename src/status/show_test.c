/* Tests each screen by its structure: of an empty store, of one and of thousands of certificates, and of hostile names.
 */
#include "status/show.h"

#include "base/mem.h"
#include "base/test.h"
#include "base/text.h"
#include "json/doc.h"
#include "lifecycle/upcoming.h"
#include "status/words.h"

#define HOUR 3600
#define DAY INT64_C(86400)
#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define HOSTILE "\"><script>alert(1)</script>|'&\\\n\x1b[31m\xff{}# HELP"

static struct status empty(void)
{
    return (struct status){ .now = NOW,
        .config_dir = xstrdup("/etc/letsencrypt"),
        .thresholds = { 25, 12 },
        .least_left = 100,
        .certs = { .max = STATUS_KEPT } };
}

/* A certificate of 90 days of which so many are left. */
static void add(struct status *status, const char *name, int64_t left_days, enum cert_state state)
{
    struct cert_status cert = { .name = xstrdup(name),
        .is_known = true,
        .not_before = NOW - (90 - left_days) * DAY,
        .not_after = NOW + left_days * DAY,
        .due = NOW + (left_days - 30) * DAY,
        .state = state };

    list_add(&cert.names, name);
    cert.name_count = 1;
    status->in_store++;
    status->counts[state]++;
    status->level = level_worse(status->level, cert_state_level(state));
    worst_add(&status->certs, &cert);
}

static struct status many(size_t count, size_t ending)
{
    struct status status = empty();

    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *name = xprintf("n%05zu.test", i);

        add(&status, name, i < ending ? 5 : 80, i < ending ? CERT_ENDING : CERT_VALID);
    }
    worst_sort(&status.certs);
    return status;
}

/* Everything that comes from outside is hostile. */
static struct status hostile(void)
{
    struct status status = empty();
    struct cert_status cert = { .name = xstrdup(HOSTILE),
        .is_known = true,
        .not_before = NOW - 80 * DAY,
        .not_after = NOW + 10 * DAY,
        .due = NOW - 20 * DAY,
        .failures = 2,
        .tried = NOW - HOUR,
        .state = CERT_ENDING,
        .is_undelivered = true };

    cert.why = xstrdup(HOSTILE);
    cert.server = xstrdup(HOSTILE);
    cert.issuer = xstrdup(HOSTILE);
    cert.installer = xstrdup(HOSTILE);
    cert.failure = xstrdup(HOSTILE);
    cert.delivery_failure = xstrdup(HOSTILE);
    list_add(&cert.names, HOSTILE);
    list_add(&cert.names, "second.test");
    cert.name_count = 12;
    cert.served = xcalloc(1, sizeof *cert.served);
    cert.served[0] = (struct served){ .name = xstrdup(HOSTILE),
        .address = xstrdup(HOSTILE),
        .port = 443,
        .how = SERVING_OTHER,
        .what = xstrdup(HOSTILE) };
    cert.served_len = 1;
    status.in_store = status.counts[CERT_ENDING] = status.failing = status.undelivered = 1;
    status.served[SERVING_OTHER] = 1;
    status.is_online = true;
    status.level = LEVEL_CRITICAL;
    status.ends = (struct moment){ cert.not_after, xstrdup(HOSTILE) };
    status.due = (struct moment){ cert.due, xstrdup(HOSTILE) };
    status.issued = (struct moment){ cert.not_before, xstrdup(HOSTILE) };
    status.failed = (struct moment){ cert.tried, xstrdup(HOSTILE) };
    status.authorities[0] = (struct authority){ .url = xstrdup(HOSTILE), .is_asked = true, .why = xstrdup(HOSTILE) };
    status.authority_count = 1;
    worst_add(&status.certs, &cert);
    return status;
}

static char *shown(void (*show)(const struct status *, struct buf *), const struct status *status)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);

    show(status, &text);
    REQUIRE(!text.failed, "it fits");
    return buf_take(&text);
}

static void show_text_80(const struct status *status, struct buf *to)
{
    show_text(status, 80, to);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

/* ---- text ---- */

static void check_lines(const char *text, const char *name)
{
    struct view rest = view_of(text), line;

    while (view_cut(&rest, '\n', &line)) {
        AUTO(free) char *printable = text_printable_dup(line, SIZE_MAX - 1, false);

        CHECK(line.len <= 80, "%s: \"%.*s\" is too long", name, (int)line.len, line.at);
        CHECK(view_is(line, printable), "%s: %s", name, printable);
    }
}

TEST(text_fits_the_screen_and_has_what_matters_first)
{
    struct status status = many(3000, 50);
    AUTO(free) char *text = shown(show_text_80, &status);

    check_lines(text, "many");
    CHECK(text_starts(text, "3000 certificates: 50 critical, 2950 well\n/etc/letsencrypt, 2027-01-15 08:00 UTC\n"),
        "%.200s", text);
    CHECK_INT(count_of(text, "\nCRITICAL  n"), 10, "of those that need attention");
    CHECK(strstr(text, "\n          and 40 more: --html FILE and --json tell of them\n") != NULL, "%s", text);
    CHECK(strstr(text, "\nand 2940 more: `evercert certificates` lists them\n") != NULL, "%s", text);
    CHECK(strstr(text, "CRITICAL") < strstr(text, "Certificate  "), "the order");
    CHECK(count_of(text, "\n") < 50, "it is one screen, of some size");
    status_clear(&status);
}

TEST(text_of_little)
{
    struct status none = empty(), one = many(1, 0);
    AUTO(free) char *nothing = shown(show_text_80, &none), *single = shown(show_text_80, &one);

    CHECK(text_starts(nothing, "0 certificates\n"), "%s", nothing);
    CHECK(strstr(nothing, "Certificate  ") == NULL, "no table: %s", nothing);
    CHECK(text_starts(single, "1 certificate, and it is well\n"), "%s", single);
    CHECK(strstr(single, "n00000.test") != NULL && strstr(single, "80 days   in 50 days") != NULL, "%s", single);
    status_clear(&none);
    status_clear(&one);
}

/* ---- JSON ---- */

TEST(json_is_a_document_whatever_is_in_it)
{
    struct status status = hostile();
    AUTO(free) char *text = shown(show_json, &status);
    AUTO(doc_free) struct doc *doc = NULL;
    struct error err = { 0 };

    REQUIRE(doc_read(view_of(text), "status", &doc, &err), "%s", err.why);
    CHECK(strstr(text, "\"schema\": 1,") != NULL && strstr(text, "\"state\": \"ending\"") != NULL, "%s", text);
    CHECK(strchr(text, '\x1b') == NULL, "no escapes of terminals");
    status_clear(&status);
}

TEST(json_tells_what_it_leaves_out)
{
    struct status status = many(STATUS_KEPT + 7, 3);
    AUTO(free) char *text = shown(show_json, &status);

    CHECK_INT(count_of(text, "\"identifier_count\""), STATUS_KEPT, "certificates");
    CHECK(strstr(text, "\"certificates_left_out\": 7\n") != NULL, "%s", text + strlen(text) - 200);
    CHECK(strstr(text, "\"name\": \"n00002.test\",\n      \"state\": \"ending\"") != NULL, "the worst are there");
    status_clear(&status);
}

/* ---- Nagios ---- */

TEST(nagios_gets_one_line)
{
    struct status bad = hostile(), good = many(3, 0);
    AUTO(free) char *critical = shown(show_nagios, &bad), *ok = shown(show_nagios, &good);

    CHECK(text_starts(critical, "EVERCERT CRITICAL - 1 certificate: 1 critical, 0 well; "), "%s", critical);
    CHECK_INT(count_of(critical, "\n"), 1, "lines");
    CHECK_INT(count_of(critical, "|"), 1, "bars");
    CHECK(strstr(critical, " next_expiry=864000s;;;0 ") != NULL, "%s", critical);
    CHECK(text_starts(ok, "EVERCERT OK - 3 certificates, and all are well | certificates=3;;;0 critical=0;;0;0;3 "),
        "%s", ok);
    status_clear(&bad);
    status_clear(&good);
}

TEST(nagios_is_told_what_is_not_known)
{
    AUTO(buf_clear) struct buf line = BUF(SHOW_MAX);
    struct error err = { 0 };

    (void)error_set(&err, ERROR_STORE, "cannot read /etc/letsencrypt | really");
    show_nagios_unknown(&err, &line);
    CHECK_TEXT(buf_text(&line), "EVERCERT UNKNOWN - cannot read /etc/letsencrypt / really\n", "unknown");
}

/* ---- Prometheus ---- */

static bool is_name(struct view *rest)
{
    size_t len = 0;

    while (len < rest->len && (rest->at[len] == '_' || (rest->at[len] >= 'a' && rest->at[len] <= 'z')))
        len++;
    *rest = (struct view){ rest->at + len, rest->len - len };
    return len > 0;
}

static bool takes(struct view *rest, const char *text)
{
    if (!view_starts(*rest, text))
        return false;
    *rest = (struct view){ rest->at + strlen(text), rest->len - strlen(text) };
    return true;
}

/* A value in quotes, in which only the backslash, the quote and the line feed are written with a backslash. */
static bool is_value(struct view *rest)
{
    if (!takes(rest, "\""))
        return false;
    while (rest->len > 0 && rest->at[0] != '"')
        if (rest->at[0] == '\\' ? !takes(rest, "\\\\") && !takes(rest, "\\\"") && !takes(rest, "\\n")
                                : !takes(rest, (char[]){ rest->at[0], '\0' }))
            return false;
    return takes(rest, "\"");
}

static bool is_sample(struct view line)
{
    uint64_t value;

    if (!is_name(&line))
        return false;
    if (takes(&line, "{")) {
        do {
            if (!is_name(&line) || !takes(&line, "=") || !is_value(&line))
                return false;
        } while (takes(&line, ","));
        if (!takes(&line, "}"))
            return false;
    }
    if (!takes(&line, " "))
        return false;
    (void)takes(&line, "-");
    return view_to_number(line, 0, UINT64_MAX, &value);
}

/* All samples of a metric stand together, behind its HELP and TYPE. */
static void check_metrics(const char *text)
{
    AUTO(list_clear) struct list seen = { 0 };
    struct view rest = view_of(text), line;

    CHECK(text_ends(text, "\n"), "the last line ends");
    while (view_cut(&rest, '\n', &line) && rest.at != NULL) {
        AUTO(free) char *shown_line = view_dup(line);

        if (view_starts(line, "# HELP ")) {
            AUTO(free) char *name = xstrndup(line.at + 7, strcspn(line.at + 7, " "));
            AUTO(free) char *type = xprintf("# TYPE %s gauge\n", name);

            CHECK(!list_has(&seen, name), "%s comes twice", name);
            list_add(&seen, name);
            CHECK(text_starts(rest.at, type), "%s has no type", name);
        } else if (!view_starts(line, "# TYPE ")) {
            const char *last = seen.len > 0 ? seen.at[seen.len - 1] : "(none)";

            CHECK(is_sample(line), "%s", shown_line);
            CHECK(text_starts(shown_line, last) && strchr("{ ", shown_line[strlen(last)]) != NULL, "%s is not of %s",
                shown_line, last);
        }
    }
}

TEST(prometheus_reads_every_line)
{
    struct status bad = hostile(), none = empty(), large = many(200, 3);
    AUTO(free) char *text = shown(show_prometheus, &bad);
    AUTO(free) char *nothing = shown(show_prometheus, &none), *much = shown(show_prometheus, &large);

    check_metrics(text);
    check_metrics(nothing);
    check_metrics(much);
    CHECK(strstr(much, "\nevercert_certificate_not_after_seconds{certificate=\"n00000.test\"} 1800432000\n") != NULL,
        "%s", much);
    CHECK(strstr(much, "\nevercert_certificates{state=\"ending\"} 3\n") != NULL, "%s", much);
    CHECK(strstr(much, "\nevercert_status_level 2\n") != NULL, "%s", much);
    CHECK(strstr(text, "\nevercert_ca_answers{server=\"\\\"><script>") != NULL, "%s", text);
    status_clear(&bad);
    status_clear(&none);
    status_clear(&large);
}

/* ---- HTML ---- */

TEST(the_page_escapes_what_is_hostile)
{
    struct status status = hostile();
    AUTO(free) char *page = shown(show_html, &status);

    CHECK(strstr(page, "<script") == NULL && strstr(page, "alert(1)</") == NULL, "%s", page);
    CHECK(strstr(page, "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;|&#39;&amp;") != NULL, "%s", page);
    CHECK(strchr(page, '\x1b') == NULL && strstr(page, "\xff") == NULL, "control characters");
    CHECK(strstr(page, "default-src &#39;none&#39;") != NULL || strstr(page, "default-src 'none'") != NULL, "a policy");
    status_clear(&status);
}

TEST(the_page_is_bounded)
{
    struct status status = many(STATUS_KEPT + 1000, 700), few = many(30, 2);
    AUTO(free) char *page = shown(show_html, &status), *small = shown(show_html, &few);

    CHECK_INT(count_of(page, "<li class=\"l2\">"), 100, "that need attention");
    CHECK_INT(count_of(page, "<th role=\"rowheader\""), 30, "that are well");
    CHECK(strlen(page) < 400000, "%zu bytes", strlen(page));
    CHECK(strstr(page, "And 600 more, which are less urgent") != NULL, "those that need attention");
    CHECK(strstr(page, "And 5270 more that are well") != NULL, "and the others");
    CHECK_INT(count_of(small, "<li class=\"l2\">"), 2, "of thirty");
    CHECK_INT(count_of(small, "<th role=\"rowheader\""), 28, "of thirty");
    CHECK(strstr(small, "Needs attention") < strstr(small, "id=\"well\""), "the order");
    status_clear(&status);
    status_clear(&few);
}

/* Issued 45 days ago, and with 45 days to go: the middle of the page is now. */
TEST(a_life_is_drawn_to_scale)
{
    struct status status = empty();
    AUTO(free) char *page = NULL;

    add(&status, "a.test", 45, CERT_VALID);
    page = shown(show_html, &status);
    CHECK(strstr(page, "<rect class=\"track\" y=\"16\" height=\"12\" rx=\"2\" x=\"2.38%\" width=\"95.23%\"/>") != NULL,
        "life");
    CHECK(strstr(page, "<rect class=\"spent\" y=\"16\" height=\"12\" rx=\"2\" x=\"2.38%\" width=\"47.62%\"/>") != NULL,
        "so far");
    CHECK(strstr(page, "<line class=\"now\" y1=\"0\" y2=\"100%\" x1=\"50.00%\" x2=\"50.00%\"/>") != NULL, "now");
    CHECK(strstr(page,
              "aria-label=\"Life of a.test: issued 2026-12-01 08:00 UTC, renewal due 2027-01-30 08:00 UTC, expires "
              "2027-03-01 08:00 UTC\"") != NULL,
        "in words");
    CHECK(strstr(page, ">2027</text>") != NULL && strstr(page, ">1 Feb</text>") != NULL, "months");
    status_clear(&status);
}

/* What lies outside of all that can be drawn moves no mark off the page, and a clock that is wrong harms nothing. */
TEST(lives_of_any_length_can_be_drawn)
{
    static const int64_t lives[][2] = { { 0, 0 }, { -6, 0 }, { -3, 3 }, { -20000, 20000 }, { 100, 190 },
        { -5000, -4900 }, { 10, -10 } };

    for (size_t i = 0; i < COUNT(lives); i++) {
        struct status status = empty();
        AUTO(free) char *page = NULL;

        add(&status, "a.test", 45, CERT_VALID);
        status.certs.at[0].not_before = NOW + lives[i][0] * DAY;
        status.certs.at[0].not_after = NOW + lives[i][1] * DAY;
        status.certs.at[0].due = i % 2 == 0 ? UPCOMING_NEVER : NOW + lives[i][1] * DAY / 2;
        page = shown(show_html, &status);
        CHECK(strstr(page, " x=\"-") == NULL && strstr(page, "width=\"-") == NULL, "%zu: no place is negative", i);
        CHECK_INT(count_of(page, ">now</text>"), 1, "now");
        status_clear(&status);
    }
}

TEST_MAIN()
