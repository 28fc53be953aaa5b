/* Digests and random numbers. */
#include "base/test.h"
#include "base/text.h"
#include "crypto/key.h"

TEST(digests)
{
    static const struct { /* FIPS 180-4 examples; RFC 1321 appendix A.5 */
        const char *text, *sha256, *md5, *sha1;
    } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf sha = BUF(64), md5 = BUF(64), sha1 = BUF(64), hex = BUF(256), small = BUF(8);
        struct error err = { 0 };

        REQUIRE(digest_sha256(view_of(cases[i].text), &sha, &err), "%s", err.why);
        REQUIRE(digest_md5(view_of(cases[i].text), &md5, &err), "%s", err.why);
        buf_put_hex(&hex, buf_view(&sha));
        CHECK_TEXT(buf_text(&hex), cases[i].sha256, cases[i].text);
        buf_clear(&hex);
        buf_put_hex(&hex, buf_view(&md5));
        CHECK_TEXT(buf_text(&hex), cases[i].md5, cases[i].text);
        buf_clear(&hex);
        REQUIRE(digest_sha1(view_of(cases[i].text), &sha1, &err), "%s", err.why);
        buf_put_hex(&hex, buf_view(&sha1));
        CHECK_TEXT(buf_text(&hex), cases[i].sha1, cases[i].text);
        CHECK(!digest_sha256(view_of("x"), &small, &err) && strstr(err.why, "does not fit"), "%s", err.why);
    }
}

TEST_MAIN()
