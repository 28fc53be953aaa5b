/* Tests the text about a name's addresses as seen from this machine. */
#include "issuance/seen_here.h"

#include "base/test.h"

static const struct {
    const char *name;
    const char *identifier, *challenge, *type, *used; /* used: by the CA; NULL: it does not say */
    bool answered;
    const char *here; /* with blanks between; NULL: no address */
    bool matters;
    const char *told; /* NULL: nothing */
} cases[] = {
    { "another address", "dns", "http-01", "connection", "192.0.2.7", true, "198.51.100.1", true,
        "the resolvers of this machine give 198.51.100.1" },
    { "two others", "dns", "tls-alpn-01", "unauthorized", "192.0.2.7", true, "198.51.100.1 2001:db8::1", true,
        "the resolvers of this machine give 198.51.100.1, 2001:db8::1" },
    { "the same", "dns", "http-01", "connection", "192.0.2.7", true, "192.0.2.7", true, NULL },
    { "the same among others", "dns", "http-01", "unauthorized", "192.0.2.7", true, "198.51.100.1 192.0.2.7", true,
        NULL },
    { "the same, written in another way", "dns", "http-01", "connection", "2001:db8:0:0::7", true, "2001:db8::7", true,
        NULL },
    { "no address", "dns", "http-01", "dns", NULL, true, NULL, true,
        "the resolvers of this machine know no address of this name" },
    { "no address, and the CA had one", "dns", "http-01", "connection", "192.0.2.7", true, NULL, true,
        "the resolvers of this machine know no address of this name" },
    { "known here alone", "dns", "http-01", "dns", NULL, true, "10.0.0.1", true,
        "the resolvers of this machine give 10.0.0.1" },
    { "the CA says it in its words", "dns", "http-01", "connection", NULL, true, "203.0.113.9", true, NULL },
    { "the CA does not say", "dns", "http-01", "connection", NULL, true, "192.0.2.7", true,
        "the resolvers of this machine give 192.0.2.7" },
    { "no answer here", "dns", "http-01", "connection", "192.0.2.7", false, NULL, true, NULL },
    { "a TXT record", "dns", "dns-01", "dns", NULL, true, "192.0.2.7", false, NULL },
    { "an address", "ip", "http-01", "connection", "192.0.2.7", true, NULL, false, NULL },
    { "another kind of trouble", "dns", "http-01", "caa", NULL, true, "192.0.2.7", false, NULL },
};

TEST(seen_here)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        AUTO(seen_here_clear) struct seen_here here = { .answered = cases[i].answered };
        AUTO(free)
        char *used = cases[i].used == NULL ? xstrdup("")
                                           : xprintf(",\"validationRecord\":[{\"url\":\"http://x/a\","
                                                     "\"addressUsed\":\"%s\"}]",
                                                 cases[i].used);
        AUTO(free)
        char *body =
            xprintf("{\"status\":\"invalid\",\"identifier\":{\"type\":\"%s\",\"value\":\"%s\"},\"challenges\":[{"
                    "\"type\":\"%s\",\"url\":\"https://ca/c\",\"token\":\"t\",\"status\":\"invalid\",\"error\":{"
                    "\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"dial tcp 203.0.113.9:80\"}%s}]}",
                cases[i].identifier, cases[i].identifier[0] == 'i' ? "192.0.2.7" : "a.example", cases[i].challenge,
                cases[i].type, used);
        AUTO(free) char *told = NULL;
        struct view rest = view_of(cases[i].here), address;
        struct error err = { 0 };

        REQUIRE(authz_parse(view_of(body), &authz, &err), "%s: %s", cases[i].name, err.why);
        while (cases[i].here != NULL && view_cut(&rest, ' ', &address))
            list_add_view(&here.addresses, address);
        CHECK(seen_here_matters(&authz) == cases[i].matters, "%s", cases[i].name);
        told = cases[i].matters ? seen_here_tell(&authz, &here) : NULL;
        CHECK_TEXT(told, cases[i].told, cases[i].name);
    }
}

/* Where there is nobody to ask, nothing is known. */
TEST(seen_here_without_a_network)
{
    struct seen_here here = { .answered = true };

    seen_here_ask(NULL, "a.example", INT64_MAX, &here);
    CHECK(!here.answered && here.addresses.len == 0, "nothing");
}

TEST_MAIN()
