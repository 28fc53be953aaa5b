#include "acme/order.h"

#include "acme/script.h"

static const struct {
    const char *name, *kid;
    int reason;
    struct step step;
    const char *problem, *why; /* why NULL: revoked */
} cases[] = {
    { "no such reason", KID, 11, { 0 }, "", "11 is not a reason" },
    { "the reason that is not used", KID, 7, { 0 }, "", "7 is not a reason" },
    { "negative", KID, -1, { 0 }, "", "-1 is not a reason" },
    { "was revoked before", KID, 0,
        { "POST " CA "/revoke", "{\"certificate\":\"AQID\",\"reason\":0}", 400, NULL,
            "{\"type\":\"urn:ietf:params:acme:error:alreadyRevoked\"}" },
        "alreadyRevoked", "revoked already" },
    { "by account", KID, 4, { "POST " CA "/revoke", "{\"certificate\":\"AQID\",\"reason\":4}", 200, NULL, "" }, "",
        NULL },
    { "by the certificate's key", NULL, 1,
        { "POST " CA "/revoke", "{\"certificate\":\"AQID\",\"reason\":1}", 200, NULL, "" }, "", NULL },
};

TEST(revoke_cert)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(script_clear) struct script script = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, &cases[i].step, cases[i].step.request == NULL ? 0 : 1);
        script.kid = cases[i].kid;
        ok = revoke_cert(script.session, (struct identity){ &signer, cases[i].kid }, (struct view){ "\1\2\3", 3 },
            cases[i].reason, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(err.problem, cases[i].problem, cases[i].name);
    }
}

TEST_MAIN()
