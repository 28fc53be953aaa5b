/* SHA-256 in pieces: the same as at once, and anew after its end. */
#include "crypto/hash.h"

#include "base/test.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-4, example "abc" */
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(hash_in_pieces)
{
    AUTO(hash_free) struct hash *hash = NULL;
    char hex[HASH_HEX_SIZE];
    struct error err = { 0 };

    REQUIRE(hash_new(&hash, &err), "%s", err.why);
    REQUIRE(hash_put(hash, view_of("a"), &err) && hash_put(hash, view_of("bc"), &err) && hash_end(hash, hex, &err));
    CHECK_TEXT(hex, ABC, "abc");
    REQUIRE(hash_end(hash, hex, &err));
    CHECK_TEXT(hex, NOTHING, "nothing, after an end");
    REQUIRE(hash_put(hash, view_of("abc"), &err) && hash_end(hash, hex, &err));
    CHECK_TEXT(hex, ABC, "abc again");
}

TEST_MAIN()
