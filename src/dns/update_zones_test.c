/* Values come into the zones that they belong to, by a server that is played: it signs, refuses, lies or is silent. */
#include "dns/update_zones.h"

#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "net/dns_name.h"

#define HEADER 12
#define VALUES_MAX 256

static struct played {
    struct tsig_key key;
    struct list zones;
    const char *no_tcp, *silent; /* why connections, or all questions, fail; NULL: they do not */
    const char *refuses;         /* a zone whose updates it refuses */
    const char *fails;           /* a name of which it says SERVFAIL */
    bool unsigned_answers;       /* no key signs them */
    bool another_secret;         /* the key that signs them is somebody else's */
    bool from_cache, elsewhere;  /* SOA records: not authoritative; not in the section of answers */
    int told_rcode;              /* what the network process makes of the code of an update */
    size_t questions, updates, by_udp;
    struct list changes; /* "ZONE COUNT" of each update */
} played;

static void played_clear(void)
{
    tsig_key_clear(&played.key);
    list_clear(&played.zones);
    list_clear(&played.changes);
    played = (struct played){ 0 };
}

static void put_u16(struct buf *out, unsigned value)
{
    buf_put_char(out, (char)(unsigned char)(value >> 8));
    buf_put_char(out, (char)(unsigned char)(value & 0xff));
}

static unsigned u16_at(struct view wire, size_t at)
{
    return (unsigned)(unsigned char)wire.at[at] << 8 | (unsigned char)wire.at[at + 1];
}

/* The MAC of a request: its TSIG record is the last one, and ends in id, error and the length of nothing. */
static struct view mac_of(struct view request)
{
    size_t size = digest_size(played.key.algorithm);

    return (struct view){ request.at + request.len - 6 - size, size };
}

static void answer_with(struct view request, size_t question_end, int rcode, bool is_signed, struct dns_answer *out)
{
    AUTO(tsig_key_clear)
    struct tsig_key key = {
        .name = xstrdup(played.key.name), .algorithm = played.key.algorithm, .secret = BUF_SECRET(TSIG_MAX_SECRET)
    };
    AUTO(buf_clear) struct buf mac = BUF(DIGEST_MAX);
    struct error err = { 0 };

    *out = (struct dns_answer){ .rcode = rcode, .ede = -1, .wire = BUF(DNS_MAX_MESSAGE) };
    buf_put(&out->wire, (struct view){ request.at, 2 });
    buf_put_char(&out->wire, (char)(0x80 | request.at[2]));
    buf_put_char(&out->wire, (char)rcode);
    put_u16(&out->wire, 1);
    for (int i = 0; i < 3; i++)
        put_u16(&out->wire, 0);
    buf_put(&out->wire, (struct view){ request.at + HEADER, question_end - HEADER });
    if (!is_signed)
        return;
    out->tsig_at = out->wire.len;
    buf_put(&key.secret, played.another_secret ? view_of("another") : buf_view(&played.key.secret));
    REQUIRE(tsig_sign(&out->wire, &key, mac_of(request), clock_now(), &mac, &err), "%s", err.why);
}

static void answer_soa(const char *name, struct dns_answer *out)
{
    if (!list_has(&played.zones, name))
        return;
    out->aa = !played.from_cache;
    out->len = 1;
    out->at = xcalloc(1, sizeof *out->at);
    out->at[0] = (struct dns_record){
        .section = played.elsewhere ? DNS_IN_AUTHORITY : DNS_IN_ANSWER, .name = xstrdup(name), .type = DNS_SOA
    };
}

static bool ask(
    void *way __attribute__((unused)), const struct dns_question *question, struct dns_answer *out, struct error *err)
{
    struct view wire = question->message;
    AUTO(buf_clear) struct buf name = BUF(DNS_NAME_TEXT_SIZE);
    AUTO(free) char *change = NULL;
    size_t at = HEADER;
    bool refused;

    played.by_udp += !question->tcp;
    if (played.silent != NULL || (question->tcp && played.no_tcp != NULL))
        return error_set(err, ERROR_NETWORK, "%s", played.silent != NULL ? played.silent : played.no_tcp);
    REQUIRE(dns_name_get(wire, &at, &name));
    if ((wire.at[2] >> 3 & 0xf) == 0) {
        played.questions++;
        if (played.fails != NULL && strcmp(buf_text(&name), played.fails) == 0) {
            answer_with(wire, at + 4, DNS_SERVFAIL, false, out);
            return true;
        }
        answer_with(wire, at + 4, DNS_NOERROR, false, out);
        answer_soa(buf_text(&name), out);
        return true;
    }
    played.updates++;
    change = xprintf("%s %u", buf_text(&name), u16_at(wire, 8));
    list_add(&played.changes, change);
    refused = played.refuses != NULL && strcmp(buf_text(&name), played.refuses) == 0;
    answer_with(wire, at + 4, refused ? DNS_REFUSED : DNS_NOERROR, !played.unsigned_answers, out);
    out->rcode = played.told_rcode != 0 ? played.told_rcode - 1 : out->rcode;
    return true;
}

struct scene {
    struct update_zones zones;
    struct txt at[VALUES_MAX], *txts[VALUES_MAX];
    size_t count;
};

static void begin(struct scene *scene, const char *zones)
{
    struct view rest = view_of(zones), zone;

    played_clear();
    played.key = (struct tsig_key){
        .name = xstrdup("certs."), .algorithm = DIGEST_SHA256, .secret = BUF_SECRET(TSIG_MAX_SECRET)
    };
    buf_put_text(&played.key.secret, "secret");
    while (view_cut(&rest, ' ', &zone))
        list_add_view(&played.zones, zone);
    *scene = (struct scene){ 0 };
    update_zones_init(&scene->zones);
    scene->zones.server = (struct update_server){ .address = "192.0.2.53", .port = 53, .key = &played.key, .ask = ask };
}

static void need(struct scene *scene, const char *name, const char *value)
{
    scene->at[scene->count] = (struct txt){ .name = name, .value = value };
    scene->txts[scene->count] = &scene->at[scene->count];
    scene->count++;
}

static bool add(struct scene *scene, struct error *err)
{
    return update_zones_change(&scene->zones, UPDATE_ADD, scene->txts, scene->count, err);
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        free(scene->at[i].error);
    update_zones_clear(&scene->zones);
    played_clear();
}

static void check_changes(const char *want, const char *name)
{
    AUTO(free) char *changes = list_join(&played.changes, ", ");

    CHECK_TEXT(changes, want, name);
}

TEST(one_update_for_each_zone)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test b.a.test");
    need(&scene, "_acme-challenge.a.test", "1");
    need(&scene, "_acme-challenge.b.a.test", "2");
    need(&scene, "_acme-challenge.a.test", "3");
    need(&scene, "_acme-challenge.www.a.test", "4");
    REQUIRE(add(&scene, &err), "%s", err.why);
    check_changes("a.test 3, b.a.test 1", "zones");
    CHECK_INT((int64_t)played.questions, 6, "names that are no zones, and zones, are asked for once");
    for (size_t i = 0; i < scene.count; i++)
        CHECK_INT(scene.at[i].state, TXT_DONE, scene.at[i].value);
    end(&scene);
}

TEST(the_challenges_name_may_be_a_zone)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test _acme-challenge.a.test");
    need(&scene, "_acme-challenge.a.test", "1");
    REQUIRE(add(&scene, &err), "%s", err.why);
    check_changes("_acme-challenge.a.test 1", "the longest zone");
    CHECK_INT((int64_t)played.questions, 1, "and nothing else is asked");
    end(&scene);
}

TEST(many_values)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test");
    for (size_t i = 0; i < 2 * UPDATE_MAX_VALUES + 1; i++)
        need(&scene, "_acme-challenge.a.test", "value");
    REQUIRE(add(&scene, &err), "%s", err.why);
    check_changes("a.test 100, a.test 100, a.test 1", "as many as go into one");
    end(&scene);
}

TEST(a_zone_fails_alone)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test b.test");
    played.refuses = "a.test";
    need(&scene, "_acme-challenge.a.test", "1");
    need(&scene, "_acme-challenge.nowhere.example", "2");
    need(&scene, "_acme-challenge.b.test", "3");
    REQUIRE(add(&scene, &err), "%s", err.why);
    CHECK_INT(scene.at[0].state, TXT_FAILED, "refused");
    CHECK(strstr(scene.at[0].error->why, "REFUSED. It does not let the key certs. change") != NULL, "%s",
        scene.at[0].error->why);
    CHECK_INT(scene.at[1].state, TXT_FAILED, "no zone");
    CHECK(strstr(scene.at[1].error->why, "'nowhere.example', 'example'].") != NULL, "%s", scene.at[1].error->why);
    CHECK_INT(scene.at[2].state, TXT_DONE, "another zone");
    end(&scene);
}

/* A resolver that has the SOA record in its cache, and a server that tells of the zone above, have no such zone. */
TEST(what_is_no_zone)
{
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        struct error err = { 0 };

        begin(&scene, "a.test");
        played.from_cache = i == 0;
        played.elsewhere = i == 1;
        need(&scene, "_acme-challenge.a.test", "1");
        REQUIRE(add(&scene, &err), "%s", err.why);
        CHECK_INT(scene.at[0].state, TXT_FAILED, i == 0 ? "from a cache" : "in another section");
        check_changes("", "nothing is changed");
        end(&scene);
    }
}

TEST(by_udp_where_there_is_no_connection)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test");
    played.no_tcp = "Connection refused";
    need(&scene, "_acme-challenge.a.test", "1");
    REQUIRE(add(&scene, &err), "%s", err.why);
    CHECK_INT((int64_t)played.by_udp, 3, "two questions and the update");
    CHECK_INT(scene.at[0].state, TXT_DONE, "done");
    end(&scene);
}

/* Whoever cannot be reached, or does not sign, is not tried with every value. */
TEST(failures_of_all)
{
    static const struct {
        const char *name, *silent;
        bool unsigned_answers, another_secret;
        int told_rcode;
        const char *why, *changes;
    } cases[] = {
        { "silent", "no answer", false, false, 0, "no answer", "" },
        { "unsigned", NULL, true, false, 0, "is not signed, so that it may be anybody's", "a.test 1" },
        { "unsigned, and told to be a refusal", NULL, true, false, 1 + DNS_REFUSED, "is not signed", "a.test 1" },
        { "signed by another", NULL, false, true, 0, "its signature does not fit", "a.test 1" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct error err = { 0 };

        begin(&scene, "a.test b.test");
        played.silent = cases[i].silent;
        played.unsigned_answers = cases[i].unsigned_answers;
        played.another_secret = cases[i].another_secret;
        played.told_rcode = cases[i].told_rcode;
        need(&scene, "_acme-challenge.a.test", "1");
        need(&scene, "_acme-challenge.b.test", "2");
        CHECK(!add(&scene, &err) && err.kind == ERROR_NETWORK, "%s: %s", cases[i].name, err.why);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        check_changes(cases[i].changes, cases[i].name);
        CHECK(scene.at[0].state == TXT_WANTED && scene.at[1].state == TXT_WANTED, "%s", cases[i].name);
        end(&scene);
    }
}

/* The network process hands on what it wants; what was signed counts. */
TEST(what_is_signed_counts)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test b.test");
    played.refuses = "a.test";
    played.told_rcode = 1 + DNS_NOERROR;
    need(&scene, "_acme-challenge.a.test", "1");
    REQUIRE(add(&scene, &err), "%s", err.why);
    CHECK_INT(scene.at[0].state, TXT_FAILED, "it says that it was done");
    played.told_rcode = 1 + DNS_REFUSED;
    scene.count = 0;
    free(scene.at[0].error);
    need(&scene, "_acme-challenge.b.test", "2");
    REQUIRE(add(&scene, &err), "%s", err.why);
    CHECK_INT(scene.at[0].state, TXT_DONE, "it says that it was refused");
    end(&scene);
}

/* A refusal needs no signature: servers that know no TSIG, or not this zone, cannot give one. */
TEST(refused_without_a_signature)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "a.test");
    played.refuses = "a.test";
    played.unsigned_answers = true;
    need(&scene, "_acme-challenge.a.test", "1");
    REQUIRE(add(&scene, &err), "%s", err.why);
    CHECK(scene.at[0].state == TXT_FAILED && strstr(scene.at[0].error->why, "REFUSED"), "told");
    end(&scene);
}

/* Neither is the zone above taken for it, nor is the failure remembered. */
TEST(a_server_that_cannot_tell)
{
    struct scene scene;
    struct error err = { 0 };

    begin(&scene, "test a.test b.test");
    played.fails = "a.test";
    need(&scene, "_acme-challenge.a.test", "1");
    need(&scene, "_acme-challenge.b.test", "2");
    REQUIRE(add(&scene, &err), "%s", err.why);
    check_changes("b.test 1", "the other zone alone");
    CHECK_INT(scene.at[0].state, TXT_FAILED, "failed");
    CHECK_TEXT(scene.at[0].error->why,
        "the name server 192.0.2.53 cannot tell whether it has the zone a.test (SERVFAIL)", "why");
    played.fails = NULL;
    scene.at[0].state = TXT_WANTED;
    REQUIRE(add(&scene, &err), "%s", err.why);
    check_changes("b.test 1, a.test 1", "again");
    CHECK_INT(scene.at[0].state, TXT_DONE, "done");
    end(&scene);
}

TEST_MAIN()
