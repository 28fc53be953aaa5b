/* Signatures (RFC 8945), by exchanges with a real BIND, and what happens to those answers on the way. */
#include "dns/tsig.h"

#include "base/test.h"
#include "dns/tsig_examples.h"

static struct buf example_update(void)
{
    struct txt first = { .name = "_acme-challenge.example.test", .value = "gfj9Xq...Rg85nM" };
    struct txt second = { .name = "_acme-challenge.example.test", .value = "second" };
    struct txt *const txts[] = { &first, &second };
    struct buf message = BUF(DNS_MAX_MESSAGE);
    struct error err = { 0 };

    REQUIRE(update_put(&message, EXAMPLE_ID, "example.test", UPDATE_ADD, txts, COUNT(txts), &err), "%s", err.why);
    return message;
}

TEST(signing)
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        const char *name = digest_name(examples[i].digest);
        AUTO(tsig_key_clear) struct tsig_key key = example_key(examples[i].digest);
        AUTO(buf_clear) struct buf message = example_update(), mac = BUF(DIGEST_MAX), hex = BUF(256);
        size_t before = message.len;
        struct error err = { 0 };

        REQUIRE(tsig_sign(&message, &key, view_of(NULL), EXAMPLE_NOW, &mac, &err), "%s: %s", name, err.why);
        buf_put_hex(&hex, buf_view(&mac));
        CHECK_TEXT(buf_text(&hex), examples[i].mac, name);
        CHECK_INT(message.at[11], 1, name);
        CHECK(memcmp(message.at + before, "\5certs\7example\0\0\xfa\0\xff", 19) == 0, "%s: the key's name", name);
        CHECK(memcmp(message.at + message.len - 6 - mac.len, mac.at, mac.len) == 0, "%s: the MAC", name);
    }
}

TEST(verifying)
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        const char *name = digest_name(examples[i].digest);
        AUTO(tsig_key_clear) struct tsig_key key = example_key(examples[i].digest);
        AUTO(buf_clear) struct buf answer = example_unhex(examples[i].answer), mac = example_unhex(examples[i].mac);
        struct error err = { 0 };
        size_t at = example_tsig_at();

        CHECK(tsig_verify(buf_view(&answer), at, &key, buf_view(&mac), EXAMPLE_NOW, &err), "%s: %s", name, err.why);
        for (size_t k = 2; k < answer.len; k++) { /* the id may be another one: the original is in the record */
            answer.at[k] ^= 1;
            CHECK(
                !tsig_verify(buf_view(&answer), at, &key, buf_view(&mac), EXAMPLE_NOW, &err), "%s: byte %zu", name, k);
            answer.at[k] ^= 1;
        }
        for (size_t len = 0; len < answer.len; len++)
            CHECK(!tsig_verify((struct view){ answer.at, len }, at, &key, buf_view(&mac), EXAMPLE_NOW, &err), "%s: %zu",
                name, len);
        mac.at[0] ^= 1;
        CHECK(!tsig_verify(buf_view(&answer), at, &key, buf_view(&mac), EXAMPLE_NOW, &err), "%s: to another", name);
        CHECK(err.kind == ERROR_NETWORK && strstr(err.why, "does not fit"), "%s: %s", name, err.why);
    }
}

/* An answer whose MAC the server has cut; the sizes in it tell so. */
static struct buf with_cut_mac(size_t which, size_t len)
{
    AUTO(buf_clear) struct buf whole = example_unhex(examples[which].answer);
    size_t full = digest_size(examples[which].digest), mac_at = whole.len - 6 - full, size_at = example_tsig_at() + 23;
    struct buf cut = BUF(DNS_MAX_MESSAGE);

    buf_put(&cut, (struct view){ whole.at, mac_at + len });
    buf_put(&cut, (struct view){ whole.at + whole.len - 6, 6 });
    cut.at[size_at + 1] = (char)(cut.at[size_at + 1] - (char)(full - len));
    cut.at[mac_at - 1] = (char)len;
    return cut;
}

TEST(cut_signatures)
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        const char *name = digest_name(examples[i].digest);
        AUTO(tsig_key_clear) struct tsig_key key = example_key(examples[i].digest);
        AUTO(buf_clear) struct buf mac = example_unhex(examples[i].mac);
        size_t full = digest_size(examples[i].digest), least = full / 2 > 10 ? full / 2 : 10;
        struct error err = { 0 };

        for (size_t len = 0; len < full; len++) {
            AUTO(buf_clear) struct buf answer = with_cut_mac(i, len);
            bool ok = tsig_verify(buf_view(&answer), example_tsig_at(), &key, buf_view(&mac), EXAMPLE_NOW, &err);

            CHECK(ok == (len >= least), "%s: %zu bytes: %s", name, len, err.why);
        }
    }
}

TEST(time_of_the_answer)
{
    static const int64_t off[] = { -TSIG_FUDGE - 1, -TSIG_FUDGE, TSIG_FUDGE, TSIG_FUDGE + 1 };
    AUTO(tsig_key_clear) struct tsig_key key = example_key(examples[0].digest);
    AUTO(buf_clear) struct buf answer = example_unhex(examples[0].answer), mac = example_unhex(examples[0].mac);

    for (size_t i = 0; i < COUNT(off); i++) {
        struct error err = { 0 };
        bool ok = tsig_verify(buf_view(&answer), example_tsig_at(), &key, buf_view(&mac), EXAMPLE_NOW + off[i], &err);

        CHECK(ok == (i == 1 || i == 2), "%" PRId64 ": %s", off[i], err.why);
        CHECK(ok || strstr(err.why, off[i] < 0 ? "301 s ahead" : "301 s behind"), "%s", err.why);
    }
}

TEST(what_the_server_refuses)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO(tsig_key_clear) struct tsig_key key = example_key(DIGEST_SHA256);
        AUTO(buf_clear) struct buf answer = example_unhex(refusals[i].answer), mac = BUF(DIGEST_MAX);
        AUTO(buf_clear) struct buf message = example_update();
        struct error err = { 0 };

        REQUIRE(tsig_sign(&message, &key, view_of(NULL), refusals[i].request_at, &mac, &err), "%s", err.why);
        CHECK(!tsig_verify(buf_view(&answer), example_tsig_at(), &key, buf_view(&mac), refusals[i].request_at, &err));
        CHECK_TEXT(err.why, refusals[i].why, refusals[i].name);
        CHECK(strstr(err.next, refusals[i].next) != NULL, "%s: %s", refusals[i].name, err.next);
        CHECK_INT(err.kind, ERROR_PLUGIN, refusals[i].name);
    }
}

TEST(bad_keys)
{
    AUTO(tsig_key_clear) struct tsig_key key = example_key(DIGEST_SHA256);
    AUTO(buf_clear) struct buf message = example_update(), mac = BUF(DIGEST_MAX);
    struct error err = { 0 };

    xreplace(&key.name, "two..dots");
    CHECK(
        !tsig_sign(&message, &key, view_of(NULL), EXAMPLE_NOW, &mac, &err) && err.kind == ERROR_CONFIG, "%s", err.why);
    CHECK(strstr(err.why, "two..dots") != NULL, "%s", err.why);
}

TEST_MAIN()
