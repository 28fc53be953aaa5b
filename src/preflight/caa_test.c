#include "base/test.h"

#include "preflight/caa.h"

#define OURS "https://ca.example/acct/7"

/* A record as it stands in a zone file; data of one that is none. */
static void add(struct caa_set *set, unsigned char flags, const char *tag, const char *value)
{
    AUTO(buf_clear) struct buf data = BUF(4096);

    buf_put_char(&data, (char)flags);
    buf_put_char(&data, (char)strlen(tag));
    buf_put_text(&data, tag);
    buf_put_text(&data, value);
    caa_add(set, buf_view(&data));
}

static const struct {
    const char *name;
    struct view data;
} broken[] = {
    { "nothing", { "", 0 } },
    { "flags alone", { "\0", 1 } },
    { "a tag without a letter", { "\0\0ca.example", 12 } },
    { "a tag that is cut", { "\0\5issu", 6 } },
    { "a tag with a blank", { "\0\5is ue", 7 } },
    { "a long tag", { "\0\20abcdefghijklmnop", 18 } },
};

TEST(caa_records_that_are_none)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO(caa_clear) struct caa_set set = { 0 };

        caa_add(&set, broken[i].data);
        CHECK_INT((int64_t)set.len, 0, broken[i].name);
        CHECK_INT((int64_t)set.unreadable, 1, broken[i].name);
    }
}

TEST(caa_of_endless_records)
{
    AUTO(caa_clear) struct caa_set set = { 0 };

    for (size_t i = 0; i < CAA_MAX_RECORDS + 10; i++)
        add(&set, 0, "issue", "ca.example");
    CHECK_INT((int64_t)set.len, CAA_MAX_RECORDS, "bounded");
    CHECK_INT((int64_t)set.unreadable, 10, "and what is left out is known");
}

/* RFC 8659 section 4.2, RFC 8657 */
static const struct {
    const char *value, *domain, *account, *methods;
    bool unsatisfiable;
} issuers[] = {
    { "ca.example", "ca.example", NULL, NULL, false },
    { " \t CA.Example ", "ca.example", NULL, NULL, false },
    { "", "", NULL, NULL, false },
    { ";", "", NULL, NULL, false },
    { "; ;", "", NULL, NULL, false },
    { "ca.example;", "ca.example", NULL, NULL, false },
    { "ca.example; account=230123", "ca.example", NULL, NULL, false },
    { "ca.example;accounturi=" OURS, "ca.example", OURS, NULL, false },
    { "ca.example ; AccountURI = " OURS " ;", "ca.example", OURS, NULL, false },
    { "ca.example; validationmethods=dns-01,http-01; accounturi=x", "ca.example", "x", "dns-01,http-01", false },
    { "ca.example; validationmethods=", "ca.example", NULL, "", false },
    { "ca.example; accounturi=", "ca.example", NULL, NULL, true },
    { "ca.example; accounturi=a; accounturi=b", "ca.example", "a", NULL, true },
    { "ca.example; policy", "ca.example", NULL, NULL, true },
    { "ca.example; a b=c", "ca.example", NULL, NULL, true },
    { "ca.example; a=b c", "ca.example", NULL, NULL, true },
    { "ca.example; a=b\x7f", "ca.example", NULL, NULL, true },
    { "ca example", "", NULL, NULL, true },
    { "ca..example", "", NULL, NULL, true },
    { "-ca.example", "", NULL, NULL, true },
    { "%%%%", "", NULL, NULL, true },
};

TEST(caa_issuers)
{
    for (size_t i = 0; i < COUNT(issuers); i++) {
        AUTO(caa_issuer_clear) struct caa_issuer issuer = { 0 };

        caa_issuer_read(view_of(issuers[i].value), &issuer);
        CHECK_TEXT(issuer.domain, issuers[i].domain, issuers[i].value);
        CHECK_TEXT(issuer.account, issuers[i].account, issuers[i].value);
        CHECK_TEXT(issuer.methods, issuers[i].methods, issuers[i].value);
        CHECK(issuer.unsatisfiable == issuers[i].unsatisfiable, "%s", issuers[i].value);
    }
}

#define RECORDS 4
static const struct {
    const char *name;
    struct {
        const char *tag, *value;
        unsigned char flags;
    } records[RECORDS];
    bool wildcard, has_no_account, ca_is_nameless;
    enum caa_verdict verdict;
    const char *tag, *culprit;
} rulings[] = {
    { .name = "no records", .verdict = CAA_ALLOWED },
    { .name = "ours", .records = { { "issue", "ca.example", 0 } }, .verdict = CAA_ALLOWED, .tag = "issue" },
    { .name = "our other name",
        .records = { { "issue", "CA.example.NET", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "another CA",
        .records = { { "issue", "other.example", 0 }, { "issue", "third.example; a=b", 0 } },
        .verdict = CAA_FORBIDDEN,
        .tag = "issue",
        .culprit = "other.example, third.example" },
    { .name = "another one and ours",
        .records = { { "issue", "other.example", 0 }, { "ISSUE", "ca.example", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "nobody", .records = { { "issue", ";", 0 } }, .verdict = CAA_FORBIDDEN, .tag = "issue", .culprit = "" },
    { .name = "malformed",
        .records = { { "issue", "ca.example; x", 0 } },
        .verdict = CAA_FORBIDDEN,
        .tag = "issue",
        .culprit = "ca.example" },
    { .name = "a parent of ours",
        .records = { { "issue", "example", 0 } },
        .verdict = CAA_FORBIDDEN,
        .tag = "issue",
        .culprit = "example" },
    { .name = "only where to report", .records = { { "iodef", "mailto:a@example.org", 0 } }, .verdict = CAA_ALLOWED },
    { .name = "wildcards only, and we want none",
        .records = { { "issuewild", "other.example", 0 } },
        .verdict = CAA_ALLOWED },
    { .name = "wildcards only",
        .records = { { "issuewild", "other.example", 0 }, { "issue", "ca.example", 0 } },
        .wildcard = true,
        .verdict = CAA_FORBIDDEN,
        .tag = "issuewild",
        .culprit = "other.example" },
    { .name = "a wildcard by issue",
        .records = { { "issue", "ca.example", 0 } },
        .wildcard = true,
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "issuewild is nothing to other names",
        .records = { { "issuewild", ";", 0 }, { "issue", "ca.example", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "unknown",
        .records = { { "tbs", "x", 0 }, { "issue", "ca.example", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "unknown and critical",
        .records = { { "issue", "ca.example", 0 }, { "tbs", "x", 0x80 } },
        .verdict = CAA_CRITICAL,
        .culprit = "tbs" },
    { .name = "known and critical",
        .records = { { "issue", "ca.example", 0x80 }, { "iodef", "x", 0x80 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "a reserved flag", .records = { { "tbs", "x", 0x01 } }, .verdict = CAA_ALLOWED },
    { .name = "our account",
        .records = { { "issue", "ca.example; accounturi=" OURS, 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "another account",
        .records = { { "issue", "ca.example; accounturi=" OURS "1", 0 } },
        .verdict = CAA_ACCOUNT,
        .tag = "issue",
        .culprit = OURS "1" },
    { .name = "an account, and we have none yet",
        .records = { { "issue", "ca.example; accounturi=" OURS, 0 } },
        .has_no_account = true,
        .verdict = CAA_ACCOUNT_UNKNOWN,
        .tag = "issue",
        .culprit = OURS },
    { .name = "our way",
        .records = { { "issue", "ca.example; validationmethods=dns-01,http-01", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "another way",
        .records = { { "issue", "ca.example; validationmethods=dns-01,http-011", 0 } },
        .verdict = CAA_METHOD,
        .tag = "issue",
        .culprit = "dns-01,http-011" },
    { .name = "no way",
        .records = { { "issue", "ca.example; validationmethods=", 0 } },
        .verdict = CAA_METHOD,
        .tag = "issue",
        .culprit = "" },
    { .name = "one record for each way",
        .records = { { "issue", "ca.example; validationmethods=dns-01", 0 },
            { "issue", "ca.example; validationmethods=http-01", 0 } },
        .verdict = CAA_ALLOWED,
        .tag = "issue" },
    { .name = "a CA that does not say its names",
        .records = { { "issue", "ca.example", 0 } },
        .ca_is_nameless = true,
        .verdict = CAA_CA_UNKNOWN,
        .tag = "issue" },
    { .name = "nobody, whatever its names",
        .records = { { "issue", ";", 0 } },
        .ca_is_nameless = true,
        .verdict = CAA_FORBIDDEN,
        .tag = "issue",
        .culprit = "" },
};

TEST(caa_rulings)
{
    char *names[] = { (char *)"ca.example", (char *)"ca.example.net" };

    for (size_t i = 0; i < COUNT(rulings); i++) {
        const struct list identities = { names, rulings[i].ca_is_nameless ? 0 : COUNT(names) };
        const struct caa_asked asked = {
            .identities = &identities,
            .account = rulings[i].has_no_account ? NULL : OURS,
            .method = rulings[i].wildcard ? "dns-01" : "http-01",
            .wildcard = rulings[i].wildcard,
        };
        AUTO(caa_clear) struct caa_set set = { 0 };
        AUTO(caa_ruling_clear) struct caa_ruling ruling = { 0 };

        for (size_t j = 0; j < RECORDS && rulings[i].records[j].tag != NULL; j++)
            add(&set, rulings[i].records[j].flags, rulings[i].records[j].tag, rulings[i].records[j].value);
        caa_judge(&set, &asked, &ruling);
        CHECK_INT(ruling.verdict, rulings[i].verdict, rulings[i].name);
        CHECK_TEXT(ruling.tag, rulings[i].tag, rulings[i].name);
        CHECK_TEXT(ruling.culprit, rulings[i].culprit, rulings[i].name);
    }
}

TEST(caa_as_text)
{
    AUTO(caa_clear) struct caa_set set = { 0 };
    AUTO(buf_clear) struct buf text = BUF(4096);

    add(&set, 0x80, "Issue", "a\"b\\c\n;");
    caa_put_text(&set.at[0], &text);
    CHECK_TEXT(buf_text(&text), "128 issue \"a\\\"b\\\\c\\010;\"", "escaped");
}

TEST_MAIN()
