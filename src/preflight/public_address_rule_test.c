/* What counts as this machine's address. */
#include "preflight/public_address.h"

#include "base/mem.h"
#include "base/test.h"

static const struct {
    const char *url, *by;
} operators[] = {
    { "https://api.ipify.org/", "ipify.org" },
    { "https://API6.ipify.ORG", "ipify.org" },
    { "https://ident.me", "ident.me" },
    { "https://a.b.c.example:8443/x?y", "c.example" },
    { "http://127.0.0.1:81/", "127.0.0.1:81" },
    { "http://127.0.0.1:82/", "127.0.0.1:82" },
    { "http://[::1]:81/ip", "[::1]:81" },
    { "http://localhost:81/", "localhost:81" },
    { "nonsense", "nonsense" },
};

TEST(ip_operator)
{
    for (size_t i = 0; i < COUNT(operators); i++) {
        AUTO(free) char *by = ip_operator(operators[i].url);

        CHECK_TEXT(by, operators[i].by, operators[i].url);
    }
}

static const struct {
    const char *body;
    bool takes_private;
    const char *address, *why;
} bodies[] = {
    { "8.8.4.4", false, "8.8.4.4", NULL },
    { " 8.8.4.4\r\n", false, "8.8.4.4", NULL },
    { "2606:4700:0::1111\n", false, "2606:4700::1111", NULL },
    { "", false, NULL, "no IP address" },
    { "<html>8.8.4.4</html>", false, NULL, "no IP address" },
    { "8.8.4.4, 8.8.8.8", false, NULL, "no IP address" },
    { "10.0.0.1", false, NULL, "it says 10.0.0.1, which is a private address (RFC 1918)" },
    { "192.0.2.1", false, NULL, "documentation" },
    { "10.0.0.1", true, "10.0.0.1", NULL },
    { "127.0.0.1", true, "127.0.0.1", NULL },
    { "224.0.0.1", true, NULL, "multicast" },
    { "::", true, NULL, "unspecified" },
};

TEST(ip_answer_read)
{
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct ip_answer answer = { 0 };

        ip_answer_read(&answer, view_of(bodies[i].body), bodies[i].takes_private);
        CHECK_TEXT(answer.address, bodies[i].address, bodies[i].body);
        CHECK(bodies[i].why == NULL ? answer.why == NULL : strstr(answer.why, bodies[i].why) != NULL, "%s",
            bodies[i].body);
        free(answer.address);
        free(answer.why);
    }
}

static struct list words(const char *text)
{
    struct list list = { 0 };
    struct view rest = view_of(text), word;

    while (text != NULL && view_cut(&rest, ' ', &word))
        list_add_view(&list, word);
    return list;
}

static const struct {
    const char *name, *own, *passing, *said; /* said: "OPERATOR=ADDRESS" */
    const char *v4, *v6;
} cases[] = {
    { "nothing", NULL, NULL, NULL, NULL, NULL },
    { "an interface", "127.0.0.1 8.8.4.4 ::1 fe80::1 2a00::1", NULL, NULL, "8.8.4.4", "2a00::1" },
    { "behind a router: two agree", "127.0.0.1 10.0.0.2", NULL, "a=8.8.4.4 b=8.8.4.4", "8.8.4.4", NULL },
    { "one alone", "10.0.0.2", NULL, "a=8.8.4.4", NULL, NULL },
    { "one operator twice", "10.0.0.2", NULL, "a=8.8.4.4 a=8.8.4.4", NULL, NULL },
    { "they differ", "10.0.0.2", NULL, "a=8.8.4.4 b=8.8.8.8", NULL, NULL },
    { "two of three agree", "10.0.0.2", NULL, "a=8.8.4.4 b=8.8.8.8 c=8.8.8.8", "8.8.8.8", NULL },
    { "two pairs", "10.0.0.2", NULL, "a=8.8.4.4 b=8.8.4.4 c=8.8.8.8 d=8.8.8.8", NULL, NULL },
    { "one of several own is seen", "8.8.4.4 8.8.8.8", NULL, "a=8.8.8.8", "8.8.8.8", NULL },
    { "several own, and nobody sees one", "8.8.4.4 8.8.8.8", NULL, NULL, NULL, NULL },
    { "a liar against an interface", "8.8.4.4", NULL, "a=9.9.9.9", "8.8.4.4", NULL },
    { "a temporary one", "2a00::1 2a00::2", "2a00::2", NULL, NULL, "2a00::1" },
    { "a temporary one is what services see", "2a00::1 2a00::2", "2a00::2", "a=2a00::2 b=2a00::2", NULL, "2a00::1" },
    { "temporary ones alone", "2a00::2", "2a00::2", "a=2a00::2 b=2a00::2", NULL, NULL },
    { "both families", "10.0.0.2 fd00::1", NULL, "a=8.8.4.4 b=8.8.4.4 a=2a00::1 b=2a00::1", "8.8.4.4", "2a00::1" },
};

static void add_answers(struct public_addresses *all, const struct list *said)
{
    all->answers = xcalloc(said->len + 1, sizeof *all->answers);
    for (size_t i = 0; i < said->len; i++) {
        const char *address = strchr(said->at[i], '=') + 1;

        all->answers[all->answer_count++] =
            (struct ip_answer){ .by = xstrndup(said->at[i], (size_t)(address - said->at[i]) - 1),
                .address = xstrdup(address) };
    }
}

TEST(public_address_choose)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(public_addresses_clear) struct public_addresses all = { 0 };
        AUTO(list_clear) struct list own = words(cases[i].own), passing = words(cases[i].passing);
        AUTO(list_clear) struct list said = words(cases[i].said);
        const struct public_address *v4, *v6;

        public_addresses_judge(&own, &passing, &all); /* as it is called before anybody is asked */
        add_answers(&all, &said);
        public_addresses_judge(&own, &passing, &all);
        v4 = public_address_choose(&all, false);
        v6 = public_address_choose(&all, true);
        CHECK_TEXT(v4 == NULL ? NULL : v4->address, cases[i].v4, cases[i].name);
        CHECK_TEXT(v6 == NULL ? NULL : v6->address, cases[i].v6, cases[i].name);
    }
}

TEST_MAIN()
