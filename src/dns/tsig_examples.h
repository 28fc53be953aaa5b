#pragma once
/*
 * For tests: an update as this program signs it, and what BIND 9.18 said to it, with each algorithm.
 *
 * The update: id 0x1234, zone example.test, two values added to _acme-challenge.example.test.
 */
#include "base/mem.h"
#include "base/text.h"
#include "dns/tsig.h"
#include "dns/update.h"
#include "net/dns.h"

#define EXAMPLE_NOW 1796072277
#define EXAMPLE_SECRET "a secret that everybody knows"
#define EXAMPLE_ID 0x1234

static const struct {
    enum digest digest;
    const char *mac, *answer; /* in hexadecimal */
} examples[] = {
    { DIGEST_MD5, "5117b680b9b5bcd9792ab5061c99c972",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000003a08686d61632d6d6435077369672d616c670372656703696e740000006b0de355012c00103287066c71"
        "612cdefbce5a485a461d17123400000000" },
    { DIGEST_SHA1, "c3fbe17e12ecc20f6238c23f3cb080f337821ebd",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000002f09686d61632d736861310000006b0de355012c0014809e45eec3a99b9e0e4398dbef04b6b35fd2bfff"
        "123400000000" },
    { DIGEST_SHA224, "d056f68441d7a613e2d448236ae0c671b0db4f3318bcd6bdca666d54",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff0000000000390b686d61632d7368613232340000006b0de355012c001c347720b34dee3b5cf0cd9f73d1b316ef96b8"
        "b62f85a5e5407f413f47123400000000" },
    { DIGEST_SHA256, "29dd2a45a6a4f6e15a6f8bfdff5c0a6b7d792d03fc38983191bd0406cd9312e6",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000003d0b686d61632d7368613235360000006b0de355012c002025ad6337180f43073b1a4a2b8dc22c86416e"
        "7ce9252f924ea6b0747fbc40e0f8123400000000" },
    { DIGEST_SHA384, "8b7e3efa155dc0f396db8ef608da97a79d5290b6d3307c76e93163a22f6fec6ac41a6e82d744e4bb1d527aeefec47e80",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000004d0b686d61632d7368613338340000006b0de355012c0030b1d87e4b5a2e5f8a9fa311c81ca4e601a617"
        "0e0148a3807a1f3cbb986f8c82f6920564fa9e5fae998f69c0351eded62b123400000000" },
    { DIGEST_SHA512,
        "fb5eab81e1dcc562480dcb105fa8739c63bf1a75554403812c5c53977c58e8db588615e86438cc77a2be862877c22f9b"
        "ba85375cd17dc815e29431be2f74d3bb",
        "1234a8000001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000005d0b686d61632d7368613531320000006b0de355012c004036f21a461cc20b6b1c0358792954cd95df38"
        "d54bcda093e553c9a659e37505256a6f2ca4bff9ce0f92bfc23d1fa0f304da40bf600772d41c8523c2612098956a1234"
        "00000000" },
};

/* The same request, with HMAC-SHA256, but for what the name says. */
static const struct {
    const char *name, *answer;
    int64_t request_at;
    const char *why, *next; /* of the error */
} refusals[] = {
    { "our clock is behind",
        "1234a8090001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff0000000000430b686d61632d7368613235360000006b0ddf6d012c0020dddc0ce00971042feb1864dc23dc656499fe"
        "7a2f6e9212ec59ae1a9f34d1c21412340012000600006b0de355",
        EXAMPLE_NOW - 1000, "BADTIME: the server's clock is 1000 s ahead of that of this machine", "NTP" },
    { "our clock is ahead",
        "1234a8090001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff0000000000430b686d61632d7368613235360000006b0de73d012c0020d353f72aa984fcee263601579912bfd13e2c"
        "e092315dc8c4e8ada91caf5cc24a12340012000600006b0de355",
        EXAMPLE_NOW + 1000, "BADTIME: the server's clock is 1000 s behind that of this machine", "NTP" },
    { "it knows no such key",
        "1234a8090001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000001d0b686d61632d7368613531320000006b0de355012c0000123400110000",
        EXAMPLE_NOW, "BADKEY: the server has no key Certs.example. for HMAC-SHA256", "compare the key's name" },
    { "it has another secret",
        "1234a8090001000000000001076578616d706c6504746573740000060001056365727473076578616d706c650000fa00"
        "ff00000000001d0b686d61632d7368613235360000006b0de355012c0000123400100000",
        EXAMPLE_NOW, "BADSIG: the server has another secret for the key Certs.example.", "copy the secret" },
};

static inline struct tsig_key example_key(enum digest digest)
{
    struct tsig_key key = {
        .name = xstrdup("Certs.example."), .algorithm = digest, .secret = BUF_SECRET(TSIG_MAX_SECRET)
    };

    buf_put_text(&key.secret, EXAMPLE_SECRET);
    return key;
}

static inline struct buf example_unhex(const char *hex)
{
    struct buf bytes = BUF(DNS_MAX_MESSAGE);

    if (!buf_put_unhex(&bytes, view_of(hex)))
        abort();
    return bytes;
}

/* Where the TSIG record of these answers begins: behind the zone. */
static inline size_t example_tsig_at(void)
{
    return 12 + sizeof "\7example\4test" + 4;
}
