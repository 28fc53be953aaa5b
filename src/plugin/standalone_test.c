#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/port_owner.h"
#include "plugin/builtin.h"
#include "plugin/proof_play.h"
#include "ui/scene.h"

/* The network process's part, played here: what is linked is the plugin alone. */
static int opens, refusals, refuse_with, open_port;
static enum responder open_responder; /* the last one that was opened */
static struct list answered;
static bool add_fails;

bool net_responder_open(struct net *net, enum responder responder, const char *address, int port, struct error *err)
{
    (void)net;
    open_responder = responder;
    if (refusals > 0) {
        refusals--;
        (void)error_set(err, ERROR_PLUGIN, "Could not bind TCP port %d of %s", port, address != NULL ? address : "all");
        return error_sys(err, refuse_with);
    }
    opens++;
    open_port = port;
    return true;
}

static bool owner_is_ours;

char *port_owner(const char *address, int port, bool *ours)
{
    *ours = owner_is_ours;
    return xprintf("who listens on %s %d", address != NULL ? address : "all", port);
}

void net_responder_close(struct net *net, enum responder responder, const char *address, int port)
{
    (void)net;
    (void)responder;
    (void)address;
    (void)port;
    opens--;
}

static bool add(char *entry, struct error *err)
{
    AUTO(free) char *own = entry;

    if (add_fails)
        return error_set(err, ERROR_NETWORK, "the network process has died");
    if (!list_has(&answered, own))
        list_add(&answered, own);
    return true;
}

static bool take_away(const char *name, struct error *err)
{
    AUTO(free) char *entry = xprintf("%s=", name);

    for (size_t i = 0; i < answered.len; i++)
        if (strncmp(answered.at[i], entry, strlen(entry)) == 0) {
            list_remove(&answered, i);
            return true;
        }
    return error_set(err, ERROR_NETWORK, "%s was not there", name);
}

bool net_responder_add(struct net *net, const char *token, struct view content, struct error *err)
{
    (void)net;
    return add(xprintf("%s=%.*s", token, (int)content.len, content.at), err);
}

bool net_responder_remove(struct net *net, const char *token, struct error *err)
{
    (void)net;
    return take_away(token, err);
}

bool net_alpn_add(
    struct net *net, const char *identifier, const uint8_t digest[static NET_DIGEST_SIZE], struct error *err)
{
    (void)net;
    return add(xprintf("%s=%d", identifier, digest[0]), err);
}

bool net_alpn_remove(struct net *net, const char *identifier, struct error *err)
{
    (void)net;
    return take_away(identifier, err);
}

static const struct authenticator *standalone;
static struct settings settings = { .voice = &voice_own, .http_01_port = 80, .tls_alpn_01_port = 443 };
static struct plugin_context context = { .settings = &settings };

/* Of the run: one for all orders, also of several tests. */
static void share(struct plugin_context *with)
{
    static void *shared;
    struct error err = { 0 };

    REQUIRE(shared != NULL || plugin_standalone.share->make(with, &shared, &err), "%s", err.why);
    with->shared = shared;
}

static void *new_order(void)
{
    struct error err = { 0 };
    void *self = NULL;

    standalone = plugin_standalone.authenticator;
    share(&context);
    REQUIRE(standalone->prepare(&context, &self, &err), "%s", err.why);
    return self;
}

static struct proof proof_of(const char *token)
{
    return (struct proof){ .type = "http-01", .identifier = "a.test", .token = token, .key_authorization = "key" };
}

static void check_answered(const char *want, const char *name)
{
    AUTO(free) char *all = list_join(&answered, " ");

    CHECK_TEXT(all, want, name);
}

TEST(one_order)
{
    struct proof one = proof_of("one"), two = proof_of("two"), bad = proof_of("../bad");
    struct error err = { 0 };
    void *self = new_order();

    CHECK_INT(opens, 0, "no port before there is a proof");
    CHECK(!present_it(standalone, self, &bad, &err) && strstr(err.why, "../bad") != NULL, "%s", err.why);
    CHECK(present_it(standalone, self, &one, &err) && present_it(standalone, self, &two, &err), "%s", err.why);
    CHECK_INT(opens, 1, "once for an order");
    check_answered("one=key two=key", "both");
    CHECK(clean_it_up(standalone, self, &bad, &err), "what was not presented: %s", err.why);
    CHECK(clean_it_up(standalone, self, &one, &err), "%s", err.why);
    CHECK(clean_it_up(standalone, self, &one, &err), "twice: %s", err.why);
    check_answered("two=key", "one is left");
    standalone->release(self);
    check_answered("", "release forgets nothing");
    CHECK_INT(opens, 0, "closed");
    list_clear(&answered);
}

TEST(two_orders_with_one_token)
{
    struct proof proof = proof_of("same");
    struct error err = { 0 };
    void *first = new_order(), *second = new_order();

    CHECK(present_it(standalone, first, &proof, &err) && present_it(standalone, second, &proof, &err), "%s", err.why);
    CHECK_INT(opens, 2, "counted by net");
    CHECK(clean_it_up(standalone, first, &proof, &err), "%s", err.why);
    check_answered("same=key", "the second order still needs it");
    CHECK(clean_it_up(standalone, second, &proof, &err), "%s", err.why);
    check_answered("", "nobody needs it");
    standalone->release(first);
    standalone->release(second);
    standalone->release(NULL);
    list_clear(&answered);
}

static atomic_bool presented;

static void *present_elsewhere(void *order)
{
    struct proof proof = proof_of("elsewhere");
    struct error err = { 0 };

    presented = present_it(standalone, order, &proof, &err);
    return NULL;
}

/* One responder cannot be in two places: nobody's answer is to be given where the CA does not ask for it. */
TEST(an_order_for_another_port_waits)
{
    struct settings other = { .http_01_port = 8080 };
    struct plugin_context elsewhere = { .settings = &other };
    struct proof proof = proof_of("here");
    struct error err = { 0 };
    void *first = new_order(), *second = NULL;
    pthread_t thread;

    share(&elsewhere);
    REQUIRE(standalone->prepare(&elsewhere, &second, &err), "%s", err.why);
    REQUIRE(present_it(standalone, first, &proof, &err), "%s", err.why);
    presented = false;
    REQUIRE(pthread_create(&thread, NULL, present_elsewhere, second) == 0, "no thread");
    (void)clock_sleep_ms(100);
    CHECK(!presented, "the first order is still at work");
    CHECK_INT(open_port, 80, "the place of the first");
    standalone->release(first);
    (void)pthread_join(thread, NULL);
    CHECK(presented, "its turn has come");
    CHECK_INT(open_port, 8080, "the place of the second");
    standalone->release(second);
    CHECK_INT(opens, 0, "closed");
    list_clear(&answered);
}

/* ---- tls-alpn-01 ---- */

static char a_name[] = "a.test", an_ip[] = "192.0.2.1";
static char *names_of_one[] = { a_name }, *names_of_two[] = { a_name, an_ip };
static const struct list only_a = { names_of_one, 1 }, a_and_ip = { names_of_two, 2 };

static struct proof alpn_proof(const char *identifier, const struct list *all, uint8_t digest)
{
    return (struct proof){ .type = "tls-alpn-01",
        .kind = PROOF_ALPN,
        .identifier = identifier,
        .token = "token",
        .key_authorization = "key",
        .digest = { digest },
        .all_identifiers = all };
}

TEST(alpn_order)
{
    struct proof name = alpn_proof("a.test", &a_and_ip, 1), ip = alpn_proof("192.0.2.1", &a_and_ip, 2);
    struct error err = { 0 };
    void *self = new_order();

    CHECK(present_it(standalone, self, &name, &err) && present_it(standalone, self, &ip, &err), "%s", err.why);
    CHECK_INT(opens, 1, "once for an order");
    CHECK_INT(open_responder, RESPONDER_ALPN, "the responder");
    CHECK_INT(open_port, 443, "the port");
    check_answered("a.test=1 192.0.2.1=2", "both, by name");
    CHECK(
        clean_it_up(standalone, self, &name, &err) && clean_it_up(standalone, self, &name, &err), "twice: %s", err.why);
    check_answered("192.0.2.1=2", "one is left");
    standalone->release(self);
    check_answered("", "release forgets nothing");
    CHECK_INT(opens, 0, "closed");
    list_clear(&answered);
}

TEST(both_types_in_one_order)
{
    struct proof name = alpn_proof("a.test", &only_a, 1), file = proof_of("token");
    struct error err = { 0 };
    void *self = new_order();

    CHECK(present_it(standalone, self, &name, &err) && present_it(standalone, self, &file, &err), "%s", err.why);
    CHECK_INT(opens, 2, "two responders");
    check_answered("a.test=1 token=key", "both");
    standalone->release(self);
    check_answered("", "both are gone");
    CHECK_INT(opens, 0, "both are closed");
    list_clear(&answered);
}

static void *present_a(void *order)
{
    struct proof proof = alpn_proof("a.test", &only_a, 2);
    struct error err = { 0 };

    presented = present_it(standalone, order, &proof, &err);
    return NULL;
}

/* There is one certificate for a name: the second order must not take the first one's from the CA's eyes. */
TEST(an_order_for_the_same_name_waits)
{
    struct proof name = alpn_proof("a.test", &a_and_ip, 1), ip = alpn_proof("192.0.2.1", &a_and_ip, 1);
    struct error err = { 0 };
    void *first = new_order(), *second = new_order();
    pthread_t thread;

    REQUIRE(present_it(standalone, first, &ip, &err), "%s", err.why);
    presented = false;
    REQUIRE(pthread_create(&thread, NULL, present_a, second) == 0, "no thread");
    (void)clock_sleep_ms(100);
    CHECK(!presented, "the name is the first order's, though it is presented later");
    REQUIRE(present_it(standalone, first, &name, &err), "%s", err.why);
    check_answered("192.0.2.1=1 a.test=1", "the first order's");
    CHECK(clean_it_up(standalone, first, &ip, &err) && clean_it_up(standalone, first, &name, &err), "%s", err.why);
    (void)pthread_join(thread, NULL);
    CHECK(presented, "its turn has come before the first is released");
    check_answered("a.test=2", "the second order's");
    standalone->release(first);
    check_answered("a.test=2", "and stays");
    standalone->release(second);
    check_answered("", "gone");
    CHECK_INT(opens, 0, "closed");
    list_clear(&answered);
}

TEST(an_alpn_order_for_another_port_waits)
{
    struct settings other = { .http_01_port = 80, .tls_alpn_01_port = 8443 };
    struct plugin_context elsewhere = { .settings = &other };
    struct proof proof = alpn_proof("192.0.2.1", &a_and_ip, 1);
    struct error err = { 0 };
    void *first = new_order(), *second = NULL;
    pthread_t thread;

    share(&elsewhere);
    REQUIRE(standalone->prepare(&elsewhere, &second, &err), "%s", err.why);
    REQUIRE(present_it(standalone, first, &proof, &err), "%s", err.why);
    presented = false;
    REQUIRE(pthread_create(&thread, NULL, present_a, second) == 0, "no thread");
    (void)clock_sleep_ms(100);
    CHECK(!presented, "the first order is still at work");
    standalone->release(first);
    (void)pthread_join(thread, NULL);
    CHECK(presented, "its turn has come");
    CHECK_INT(open_port, 8443, "the place of the second");
    standalone->release(second);
    CHECK_INT(opens, 0, "closed");
    list_clear(&answered);
}

TEST(a_failure_half_way)
{
    struct proof proof = proof_of("one");
    struct error err = { 0 };
    void *self = new_order();

    add_fails = true;
    CHECK(!present_it(standalone, self, &proof, &err) && strstr(err.why, "died") != NULL, "%s", err.why);
    add_fails = false;
    CHECK(!clean_it_up(standalone, self, &proof, &err) && strstr(err.why, "was not there") != NULL,
        "it may have arrived, so it is removed: %s", err.why);
    CHECK(clean_it_up(standalone, self, &proof, &err), "and that only once: %s", err.why);
    standalone->release(self);
    CHECK_INT(opens, 0, "closed");
}

static void open_busy(void *ctx)
{
    struct ui_options options = { .non_interactive = ctx != NULL };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct proof proof = proof_of("one");
    struct error err = { 0 };
    void *self = NULL;

    context.ui = ui;
    share(&context);
    standalone = plugin_standalone.authenticator;
    if (!standalone->prepare(&context, &self, &err))
        _exit(99);
    if (present_it(standalone, self, &proof, &err))
        dprintf(STDERR_FILENO, "open\n");
    else
        dprintf(STDERR_FILENO, "%s\n", err.why);
    standalone->release(self);
    list_clear(&answered);
}

TEST(busy_port)
{
    static char unattended[] = "-n";
    static const struct {
        const char *name;
        int refusals, sys;
        char *unattended;
        const char *input, *err;
        bool asked;
    } cases[] = {
        { "nobody to ask", 1, EADDRINUSE, unattended, NULL, "Could not bind TCP port 80 of all\n", false },
        { "not allowed", 1, EACCES, NULL, "r\n", "Could not bind TCP port 80 of all\n", false },
        { "cancel", 1, EADDRINUSE, NULL, "c\n", "Could not bind TCP port 80 of all\n", true },
        { "end of input", 1, EADDRINUSE, NULL, "\004", "Could not bind TCP port 80 of all\n", true },
        { "retry", 2, EADDRINUSE, NULL, "r\nr\n", "open\n", true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .terminal = true, .columns = 80, .input = cases[i].input };

        scene.after = cases[i].asked ? "(R)etry/(C)ancel: " : NULL;
        refusals = cases[i].refusals;
        refuse_with = cases[i].sys;
        scene_play(&scene, open_busy, cases[i].unattended);
        CHECK_INT(scene.status, 0, cases[i].name);
        CHECK_TEXT(buf_text(&scene.err), cases[i].err, cases[i].name);
        CHECK((strstr(buf_text(&scene.out), "(R)etry") != NULL) == cases[i].asked, "%s: %s", cases[i].name,
            buf_text(&scene.out));
    }
    refusals = 0;
}

/* Two runs with --standalone at the same time: the second waits, and nobody is told to stop the first. */
TEST(another_run_is_waited_for)
{
    AUTO(scene_clear) struct scene scene = { .terminal = false, .columns = 80 };

    owner_is_ours = true;
    refusals = 2;
    refuse_with = EADDRINUSE;
    scene_play(&scene, open_busy, NULL);
    CHECK_INT(scene.status, 0, "status");
    CHECK(strstr(buf_text(&scene.err), "Waiting up to 180 s for who listens on all 80") != NULL &&
              text_ends(buf_text(&scene.err), "open\n"),
        "%s", buf_text(&scene.err));
    owner_is_ours = false;
    refusals = 0;
}

TEST(hint)
{
    static const struct {
        const char *type;
        int port;
        const char *want;
    } cases[] = {
        { "http-01", 80, "reach this machine on port 80" },
        { "http-01", 8080, "asks on port 80, and this machine answered on port 8080" },
        { "tls-alpn-01", 443, "reach this machine on port 443" },
        { "tls-alpn-01", 443, "acme-tls/1" },
        { "tls-alpn-01", 8443, "asks on port 443, and this machine answered on port 8443" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *hint = NULL;
        void *self = new_order();

        *(strcmp(cases[i].type, "http-01") == 0 ? &settings.http_01_port : &settings.tls_alpn_01_port) = cases[i].port;
        hint = standalone->hint(self, cases[i].type);
        CHECK(strstr(hint, cases[i].want) != NULL, "%s", hint);
        standalone->release(self);
    }
    settings.http_01_port = 80;
    settings.tls_alpn_01_port = 443;
}

TEST_MAIN()
