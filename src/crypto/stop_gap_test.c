/* Stop-gaps as our reader and OpenSSL see them: marked, for the right names, due as soon as they are made. */
#include "crypto/stop_gap.h"

#include "crypto/fixture.h"

#define NOW 1800000000 /* 2027-01-15 */

static struct key *new_key(void)
{
    struct key *key = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    return key;
}

TEST(what_it_says)
{
    AUTO(identifiers_clear) struct identifiers names = { 0 }, got = { 0 };
    AUTO(buf_clear) struct buf pem = BUF(PEM_MAX_DER);
    AUTO(key_free) struct key *key = new_key();
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    identifiers_add(&names, IDENTIFIER_DNS, "a.example");
    identifiers_add(&names, IDENTIFIER_DNS, "*.b.example");
    identifiers_add(&names, IDENTIFIER_IP, "2001:db8::1");
    REQUIRE(stop_gap_make(key, &names, NOW, &pem, &err), "%s", err.why);
    REQUIRE(cert_from_pem(buf_view(&pem), "stop-gap", &cert, &err), "%s", err.why);
    got = cert_identifiers(cert);
    CHECK(identifiers_same_set(&got, &names) && got.len == 3);
    CHECK(cert_is_stop_gap(cert) && cert_matches_key(cert, key) && cert_check_signed_by(cert, cert, &err));
    CHECK(cert->not_after == NOW + STOP_GAP_LEFT_S && cert->not_before < NOW);
    /* less than a third of its life is left, and less than Certbot's thirty days */
    CHECK(3 * (cert->not_after - NOW) < cert->not_after - cert->not_before && cert->not_after - NOW < 30 * 86400);
    CHECK(cert->common_name == NULL && cert->ocsp_url == NULL);
}

TEST(each_has_a_serial_of_its_own)
{
    AUTO(identifiers_clear) struct identifiers names = { 0 };
    AUTO(buf_clear) struct buf first = BUF(PEM_MAX_DER), second = BUF(PEM_MAX_DER);
    AUTO(key_free) struct key *key = new_key();
    AUTO(cert_free) struct cert *a = NULL;
    AUTO(cert_free) struct cert *b = NULL;
    struct error err = { 0 };

    CHECK(!stop_gap_make(key, &names, NOW, &first, &err) && err.kind == ERROR_INTERNAL);
    identifiers_add(&names, IDENTIFIER_DNS, "a.example");
    REQUIRE(stop_gap_make(key, &names, NOW, &first, &err) && stop_gap_make(key, &names, NOW, &second, &err));
    REQUIRE(cert_from_pem(buf_view(&first), "a", &a, &err) && cert_from_pem(buf_view(&second), "b", &b, &err));
    CHECK(strcmp(a->serial, b->serial) != 0);
}

/* Of others, self-signed ones included, none is. */
TEST(others_are_none)
{
    EVP_PKEY *key = fixture_key("P-256");
    struct cert *self = fixture_cert(&(struct fixture){ .key = key, .subject = "Evercert", .san = "DNS:a.example" });
    struct cert *issued = fixture_cert(&(struct fixture){ .key = key, .subject = "a", .issuer = "Evercert stop-gap" });

    CHECK(!cert_is_stop_gap(self) && !cert_is_stop_gap(issued));
    cert_free(self);
    cert_free(issued);
    EVP_PKEY_free(key);
}

TEST_MAIN()
