/* Tests what is said of certificates that are not of this store. */
#include "outlook/ct_show.h"

#include "base/test.h"
#include "base/text.h"
#include "json/doc.h"

#define NOW 1800000000
#define DAY INT64_C(86400)

static struct settings *settings_of(const char *url)
{
    struct settings *settings = settings_new(NULL);

    xreplace(&settings->ct_url, url);
    xreplace(&settings->config_dir, "/etc/letsencrypt");
    return settings;
}

static struct found *add(struct ct_record *record, int64_t id, const char *issuer, const char *names)
{
    AUTO(logged_clear)
    struct logged logged = { .id = id,
        .serial = xprintf("%llx", (long long)id),
        .issuer = xstrdup(issuer),
        .issuer_cn = xstrdup(""),
        .not_before = NOW - DAY,
        .not_after = NOW + 80 * DAY,
        .count = 1 };
    struct view rest = view_of(names), name;
    struct found *found;

    while (view_cut(&rest, ' ', &name))
        list_add_view(&logged.names, name);
    found = ct_record_add_found(record, &logged, NOW);
    REQUIRE(found != NULL, "room");
    return found;
}

/* One that is known, one of an earlier look, a new one. */
static void fill(struct ct_record *record)
{
    struct found *known = add(record, 10, "C=US, O=X, CN=R11", "a.example");

    known->is_new = false;
    known->acknowledged = NOW;
    known->by = xstrdup("root");
    known->note = xstrdup("the \x1b[31mshop");
    add(record, 11, "CN=E5", "a.example *.a.example")->is_new = false;
    (void)add(record, 12, "O=\x1b]0;no common name", "b.example c d e f g");
}

TEST(certificates_for_people)
{
    static const struct {
        bool only_new, known;
        size_t count;
        const char *has, *has_not;
    } rows[] = {
        { false, true, 3, "acknowledged 2027-01-15 by root: the ?[31mshop\n", "\x1b" },
        { false, false, 2,
            "  11  from 2027-01-14 to 2027-04-05\n    names: a.example, *.a.example\n    issuer: CN=E5\n"
            "    serial number: b\n    https://crt.sh/?id=11\n",
            "R11" },
        { true, false, 1, "  12  from", "  11  from" },
    };
    AUTO(settings_free) struct settings *settings = settings_of(CT_URL);
    AUTO(ct_record_clear) struct ct_record record = { 0 };

    fill(&record);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf text = BUF(CT_SHOW_MAX);

        CHECK_INT(ct_show_found(settings, &record, rows[i].only_new, rows[i].known, &text), rows[i].count, "count");
        CHECK(strstr(buf_text(&text), rows[i].has) != NULL, "%zu: %s", i, buf_text(&text));
        CHECK(strstr(buf_text(&text), rows[i].has_not) == NULL, "%zu: %s", i, buf_text(&text));
    }
}

TEST(one_line_of_each)
{
    static const struct {
        const char *url, *want;
        size_t which;
    } rows[] = {
        { CT_URL, "by R11 for a.example, 2027-01-14 to 2027-04-05, https://crt.sh/?id=10", 0 },
        { "https://logs.example/search/{name}", "by E5 for a.example, *.a.example, 2027-01-14 to 2027-04-05", 1 },
        { "https://logs.example/x?y={name}",
            "by O=?]0;no common name for b.example, c, d, e, f and others, 2027-01-14 to "
            "2027-04-05, https://logs.example/x?id=12",
            2 },
    };
    AUTO(ct_record_clear) struct ct_record record = { 0 };

    fill(&record);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = settings_of(rows[i].url);
        AUTO(free) char *got = ct_describe(settings, &record.found[rows[i].which]);
        AUTO(free) char *line = text_printable_dup(view_of(got), 4096, false);

        CHECK_TEXT(line, rows[i].want, rows[i].url);
    }
    CHECK_INT(ct_strangers(&record), 2, "nobody knows of two");
}

TEST(what_came_of_the_questions)
{
    static const struct {
        struct ct_look look;
        const char *want;
    } rows[] = {
        { { .all = 4, .due = 4, .asked = 4, .certificates = 9, .own = 9 },
            "4 of 4 questions asked.\nThe answers tell of 9 certificates for these names; 9 are of this store.\n" },
        { { .all = 9, .due = 7, .asked = 3, .failed = 2, .certificates = 9, .own = 8, .under_way = 1 },
            "3 of 9 questions asked, 2 answered not long ago, 2 left for later runs, 2 without an answer.\nThe answers "
            "tell of 9 certificates for these names; 8 are of this store.\n1 may be of orders that are under way.\n" },
        { { .record = { .left_out = 5 } }, "0 of 0 questions asked.\nThe answers tell of 0 certificates for these "
                                           "names; 0 are of this store.\n5 more are "
                                           "not of this store; there is no room to remember them.\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf text = BUF(CT_SHOW_MAX);

        ct_show_sum(&rows[i].look, &text);
        CHECK_TEXT(buf_text(&text), rows[i].want, "sum");
    }
}

TEST(for_programs)
{
    AUTO(settings_free) struct settings *settings = settings_of(CT_URL);
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    struct ct_look look = { .all = 2, .due = 2, .asked = 1, .failed = 1 };

    fill(&record);
    list_add(&look.failures, "a.example: \"silent\"");
    for (int asked = 0; asked < 2; asked++) {
        AUTO(buf_clear) struct buf text = BUF(CT_SHOW_MAX);
        AUTO(doc_free) struct doc *doc = NULL;
        const struct node *root, *certificates;
        struct error err = { 0 };

        ct_show_json(settings, &record, asked ? &look : NULL, NOW, &text);
        REQUIRE(doc_read(buf_view(&text), "ct", &doc, &err), "%s", err.why);
        root = doc_root(doc);
        certificates = node_member(root, "certificates");
        CHECK((node_member(root, "look") != NULL) == (asked == 1), "what was asked");
        REQUIRE(node_count(certificates) == 3, "%zu", node_count(certificates));
        CHECK_TEXT(node_text(node_member(node_member(node_at(certificates, 0), "acknowledged"), "by")), "root", "who");
        CHECK(node_member(node_at(certificates, 1), "acknowledged") == NULL, "nobody");
        CHECK(node_is_true(node_member(node_at(certificates, 2), "new")), "new");
        CHECK_TEXT(node_text(node_member(node_at(certificates, 1), "url")), "https://crt.sh/?id=11", "url");
    }
    list_clear(&look.failures);
}

TEST_MAIN()
