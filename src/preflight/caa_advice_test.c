#include "base/test.h"

#include "preflight/caa_advice.h"

#define OURS "https://ca.example/acct/7"
#define NAMES 3

static const struct {
    const char *name;
    const char *names[NAMES], *types, *account, *email;
    const char *records; /* name: records, with | between */
} cases[] = {
    { "one name", { "a.example" }, "http-01", OURS, NULL,
        "a.example: 0 issue \"ca.example; accounturi=" OURS "; validationmethods=http-01\"|0 issuewild \";\"|" },
    { "no account", { "a.example" }, "http-01", NULL, NULL,
        "a.example: 0 issue \"ca.example; validationmethods=http-01\"|0 issuewild \";\"|" },
    { "where to report", { "a.example" }, "http-01", NULL, "x@a.example",
        "a.example: 0 issue \"ca.example; validationmethods=http-01\"|0 issuewild \";\"|0 iodef "
        "\"mailto:x@a.example\"|" },
    { "a wildcard alone", { "*.a.example" }, "dns-01", NULL, NULL,
        "a.example: 0 issuewild \"ca.example; validationmethods=dns-01\"|0 issue \"ca.example; "
        "validationmethods=dns-01\"|" },
    { "a wildcard and its name", { "a.example", "*.a.example" }, "http-01,dns-01", NULL, NULL,
        "a.example: 0 issue \"ca.example; validationmethods=http-01\"|0 issuewild \"ca.example; "
        "validationmethods=dns-01\"|" },
    { "two names", { "a.example", "b.example" }, "dns-01", NULL, NULL,
        "a.example: 0 issue \"ca.example; validationmethods=dns-01\"|0 issuewild \";\"|"
        "b.example: 0 issue \"ca.example; validationmethods=dns-01\"|0 issuewild \";\"|" },
    { "a type that is unknown", { "a.example" }, "teapot-01", NULL, NULL,
        "a.example: 0 issue \"ca.example\"|0 issuewild \";\"|" },
};

static void advise(size_t i, struct caa_advice **all, size_t *len)
{
    AUTO(list_clear) struct list types = { 0 };
    AUTO(identifiers_clear) struct identifiers names = { 0 };
    char *identity = (char *)"ca.example";
    const struct list identities = { &identity, 1 };
    struct view rest = view_of(cases[i].types), type;

    while (view_cut(&rest, ',', &type))
        list_add_view(&types, type);
    for (size_t j = 0; j < NAMES && cases[i].names[j] != NULL; j++)
        identifiers_add(&names, IDENTIFIER_DNS, cases[i].names[j]);
    caa_advise(&(struct caa_wanted){ &names, &types, &identities, cases[i].account, cases[i].email }, all, len);
}

static void put_all(const struct caa_advice *all, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        buf_putf(out, "%s: ", all[i].name);
        for (size_t j = 0; j < all[i].records.len; j++) {
            caa_put_text(&all[i].records.at[j], out);
            buf_put_char(out, '|');
        }
    }
}

static void clear(struct caa_advice *all, size_t len)
{
    for (size_t i = 0; i < len; i++)
        caa_advice_clear(&all[i]);
    free(all);
}

TEST(caa_advise)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf text = BUF(8192);
        struct caa_advice *all = NULL;
        size_t len = 0;

        advise(i, &all, &len);
        put_all(all, len, &text);
        CHECK_TEXT(buf_text(&text), cases[i].records, cases[i].name);
        clear(all, len);
    }
}

/* Of several certificates: a wildcard of a later one is permitted, too, and nothing stands there twice. */
TEST(caa_advise_for_several)
{
    AUTO(buf_clear) struct buf text = BUF(8192);
    struct caa_advice *all = NULL;
    size_t len = 0;

    advise(1, &all, &len);
    advise(1, &all, &len);
    advise(3, &all, &len);
    put_all(all, len, &text);
    CHECK_TEXT(buf_text(&text),
        "a.example: 0 issue \"ca.example; validationmethods=http-01\"|0 issuewild \"ca.example; "
        "validationmethods=dns-01\"|",
        "merged");
    clear(all, len);
}

TEST(caa_put_generic)
{
    AUTO(buf_clear) struct buf text = BUF(1024);
    struct caa_record record = { .tag = (char *)"issue", .value = BUF(64) };

    buf_put_text(&record.value, "a;");
    caa_put_generic(&record, &text);
    CHECK_TEXT(buf_text(&text), "\\# 9 00056973737565613b", "RFC 3597");
    buf_clear(&record.value);
}

TEST_MAIN()
