/* Questions by the real evercert-net to BIND's named, by UDP and TCP, IPv4 and IPv6: every type that we have a use for.
 */
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "client/fixture.h"
#include "net/dns.h"
#include "net/dns_name.h"

#define WAIT_MS 60000

#define SECRET "a secret of the tests that stays here"
#define SECRET_BASE64 "YSBzZWNyZXQgb2YgdGhlIHRlc3RzIHRoYXQgc3RheXMgaGVyZQ=="

static const char *const programs[] = { "/usr/sbin/named", "/usr/bin/named", "/usr/local/sbin/named" };
static pid_t named;
static int port;
static struct net *net;

static const char zone[] = "$TTL 300\n"
                           "@ SOA ns.example.test. host.example.test. 7 3600 600 86400 60\n"
                           "@ NS ns.example.test.\n"
                           "ns A 127.0.0.1\n"
                           "ns AAAA ::1\n"
                           "www CNAME ns\n"
                           "@ MX 10 ns\n"
                           "@ CAA 0 issue \"ca.example\"\n"
                           "_443._tcp TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000001\n"
                           "_acme-challenge TXT \"one\" \"two\"\n"
                           "*.wild TXT \"any\"\n";

static void write_file(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void write_files(void)
{
    AUTO(buf_clear) struct buf long_zone = BUF(65536);
    AUTO(free)
    char *conf = xprintf("options { directory \"%s\"; listen-on port %d { 127.0.0.1; }; "
                         "listen-on-v6 port %d { ::1; }; recursion no; dnssec-validation no; "
                         "pid-file none; session-keyfile none; };\n"
                         "controls { };\n"
                         "key \"k\" { algorithm hmac-sha256; secret \"" SECRET_BASE64 "\"; };\n"
                         "zone \"example.test\" { type primary; file \"zone\"; };\n"
                         "zone \"broken.test\" { type primary; file \"missing\"; };\n",
        test_dir(), port, port);

    buf_put_text(&long_zone, zone);
    for (int i = 0; i < 60; i++) /* more than goes by UDP */
        buf_putf(&long_zone, "long TXT \"%02d 0123456789012345678901234567890123456789\"\n", i);
    write_file("zone", buf_text(&long_zone));
    write_file("named.conf", conf);
}

static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    REQUIRE(
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0, "port");
    return ntohs(at.sin_port);
}

static bool ask(
    const char *address, const char *name, enum dns_type type, bool tcp, int timeout_ms, struct dns_answer *answer)
{
    AUTO(buf_clear) struct buf message = BUF(512);
    struct error err = { 0 };
    bool ok =
        dns_put_question(&message, name, type, 0, &err) &&
        net_dns(net,
            &(struct dns_question){
                .server = address, .port = port, .tcp = tcp, .message = buf_view(&message), .timeout_ms = timeout_ms },
            answer, &err);

    CHECK(ok || timeout_ms < WAIT_MS, "%s: %s", name, err.why);
    return ok;
}

static const char *program(void)
{
    for (size_t i = 0; i < COUNT(programs); i++)
        if (access(programs[i], X_OK) == 0)
            return programs[i];
    return NULL;
}

/* A copy of it: profiles of AppArmor bind the packaged one, by its path, to the packaged configuration. */
static void copy_program(const char *to)
{
    AUTO(buf_clear) struct buf bytes = BUF((size_t)64 << 20);
    struct error err = { 0 };
    FILE *file = fopen(to, "w");

    REQUIRE(file_read(program(), &bytes, &err), "%s", err.why);
    REQUIRE(file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len && fclose(file) == 0, "%s", to);
    REQUIRE(chmod(to, 0700) == 0, "%s", to);
}

/* False: it is not installed. */
static bool start(void)
{
    AUTO(free) char *copy = test_path("named");
    AUTO(free) char *conf = test_path("named.conf"), *log = test_path("named.log");
    bool up = false;

    if (program() == NULL)
        return false;
    net = netd_start((struct net_options){ 0 });
    port = free_port();
    write_files();
    copy_program(copy);
    named = fork();
    if (named == 0) {
        (void)!freopen(log, "w", stdout);
        (void)!freopen(log, "w", stderr);
        (void)execl(copy, "named", "-g", "-n", "1", "-c", conf, (char *)NULL);
        (void)execl(program(), "named", "-g", "-n", "1", "-c", conf, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < WAIT_MS / 50 && !up; i++) {
        AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

        REQUIRE(waitpid(named, NULL, WNOHANG) == 0, "named has ended: see its log");
        up = ask("127.0.0.1", "ns.example.test", DNS_A, true, 500, &answer) && answer.aa;
        if (!up)
            (void)poll(NULL, 0, 50);
    }
    REQUIRE(up, "named answers");
    return true;
}

static void end(void)
{
    (void)kill(named, SIGTERM);
    (void)waitpid(named, NULL, 0);
    net_stop(net);
}

static const struct {
    const char *name;
    enum dns_type type;
    int rcode;
    bool aa;
    const char *answers; /* of the answer section, data in hexadecimal digits; NULL: not looked at */
    size_t count;
} cases[] = {
    { "ns.example.test", DNS_A, 0, true, "7f000001", 1 },
    { "NS.Example.TEST.", DNS_AAAA, 0, true, "00000000000000000000000000000001", 1 },
    { "www.example.test", DNS_A, 0, true, NULL, 2 },
    { "www.example.test", DNS_CNAME, 0, true, "026e73076578616d706c65047465737400", 1 },
    { "example.test", DNS_NS, 0, true, "026e73076578616d706c65047465737400", 1 },
    { "example.test", DNS_MX, 0, true, "000a026e73076578616d706c65047465737400", 1 },
    { "example.test", DNS_SOA, 0, true,
        "026e73076578616d706c6504746573740004686f7374076578616d706c65047465737400"
        "0000000700000e1000000258000151800000003c",
        1 },
    { "example.test", DNS_CAA, 0, true,
        "000569737375"
        "6563612e6578616d706c65",
        1 },
    { "_443._tcp.example.test", DNS_TLSA, 0, true,
        "0301010000000000000000000000000000000000000000000000000000000000000001", 1 },
    { "_acme-challenge.example.test", DNS_TXT, 0, true, "036f6e650374776f", 1 },
    { "x.wild.example.test", DNS_TXT, 0, true, "03616e79", 1 },
    { "long.example.test", DNS_TXT, 0, true, NULL, 60 },
    { "nobody.example.test", DNS_A, 3, true, "", 0 },
    { "ns.example.test", DNS_TXT, 0, true, "", 0 },
    { "elsewhere.test", DNS_A, 5, false, "", 0 },
    { "a.broken.test", DNS_A, 2, false, "", 0 },
};

static void check(size_t i, const char *address, bool tcp)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
    AUTO(buf_clear) struct buf seen = BUF(65536);
    size_t count = 0;

    if (!ask(address, cases[i].name, cases[i].type, tcp, WAIT_MS, &answer)) {
        CHECK(false, "%s: no answer", cases[i].name);
        return;
    }
    for (size_t n = 0; n < answer.len; n++) {
        count += answer.at[n].section == DNS_IN_ANSWER;
        for (size_t at = 0; answer.at[n].section == DNS_IN_ANSWER && at < answer.at[n].data.len; at++)
            buf_putf(&seen, "%02x", (unsigned char)answer.at[n].data.at[at]);
    }
    CHECK_INT(answer.rcode, cases[i].rcode, cases[i].name);
    CHECK_INT(answer.aa, cases[i].aa, cases[i].name);
    CHECK_INT(answer.tc, false, cases[i].name);
    CHECK_INT(count, cases[i].count, cases[i].name);
    CHECK(cases[i].answers == NULL || strcmp(buf_text(&seen), cases[i].answers) == 0, "%s %d: %s", cases[i].name,
        cases[i].type, buf_text(&seen));
}

TEST(named_answers)
{
    if (!start())
        skip();
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int how = 0; how < 4; how++)
            check(i, how % 2 == 0 ? "127.0.0.1" : "::1", how >= 2);
    end();
}

/* The zone a name is in, as it is found for a DNS challenge: the SOA beside "no such name". */
/* Several questions at the same time, each with its own answer or its own error. */
TEST(named_answers_all)
{
    static const struct {
        const char *server, *name;
        int rcode; /* -1: no answer */
    } asked[] = { { "127.0.0.1", "ns.example.test", 0 }, { "127.0.0.1", "nobody.example.test", 3 },
        { "no address", "ns.example.test", -1 }, { "127.0.0.1", "elsewhere.test", 5 } };
    struct dns_question questions[COUNT(asked)] = { 0 };
    struct dns_reply replies[COUNT(asked)] = { 0 };
    struct buf messages[COUNT(asked)] = { 0 };
    struct error err = { 0 };

    if (!start())
        skip();
    for (size_t i = 0; i < COUNT(asked); i++) {
        messages[i] = BUF(512);
        REQUIRE(dns_put_question(&messages[i], asked[i].name, DNS_A, 0, &err), "%s", err.why);
        questions[i] = (struct dns_question){
            .server = asked[i].server, .port = port, .message = buf_view(&messages[i]), .timeout_ms = WAIT_MS
        };
    }
    CHECK(net_dns_all(net, questions, COUNT(asked), replies, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(asked); i++) {
        CHECK((replies[i].error != NULL) == (asked[i].rcode < 0), "%s at %s", asked[i].name, asked[i].server);
        if (replies[i].error == NULL)
            CHECK_INT(replies[i].answer.rcode, asked[i].rcode, asked[i].name);
        dns_reply_clear(&replies[i]);
        buf_clear(&messages[i]);
    }
    end();
}

TEST(named_tells_the_zone)
{
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    if (!start())
        skip();
    CHECK(ask("127.0.0.1", "_acme-challenge.a.b.example.test", DNS_SOA, false, WAIT_MS, &answer), "answer");
    CHECK(answer.rcode == DNS_NXDOMAIN && answer.len == 1 && answer.at[0].section == DNS_IN_AUTHORITY &&
              answer.at[0].type == DNS_SOA && strcmp(answer.at[0].name, "example.test") == 0,
        "%zu records, code %d", answer.len, answer.rcode);
    CHECK(answer.wire.len > 12 && answer.tsig_at == 0, "its bytes");
    end();
}

/* ---- TSIG (RFC 8945): signed here, verified here, and only the bytes have crossed ---- */

#define MAC 32
#define KEY_NAME "\1k\0"
#define ALGORITHM "\13hmac-sha256\0"

#define BYTES(text) ((struct view){ text, sizeof(text) - 1 })

static void put_u16(struct buf *out, unsigned value)
{
    buf_put_char(out, (char)(value >> 8));
    buf_put_char(out, (char)(value & 0xff));
}

static void put_hmac(struct buf *out, const struct buf *signed_data)
{
    unsigned char mac[MAC];

    REQUIRE(HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), (const unsigned char *)signed_data->at, signed_data->len,
                mac, NULL) != NULL,
        "HMAC");
    buf_put(out, (struct view){ (const char *)mac, MAC });
}

/* Writes the variables of the TSIG record that are signed, around time and fudge (RFC 8945 section 4.3.3). */
static void put_variables(struct buf *out, struct view time_and_fudge)
{
    buf_put(out, BYTES(KEY_NAME "\0\xff\0\0\0\0" ALGORITHM));
    buf_put(out, time_and_fudge);
    buf_put(out, BYTES("\0\0\0\0"));
}

static void sign(struct buf *message, struct buf *mac)
{
    AUTO(buf_clear) struct buf data = BUF(1024), when = BUF(8);
    uint64_t now = (uint64_t)time(NULL);

    for (int shift = 40; shift >= 0; shift -= 8)
        buf_put_char(&when, (char)(now >> shift & 0xff));
    put_u16(&when, 300);
    buf_put(&data, buf_view(message));
    put_variables(&data, buf_view(&when));
    put_hmac(mac, &data);
    buf_put(message, BYTES(KEY_NAME "\0\xfa\0\xff\0\0\0\0"));
    put_u16(message, (unsigned)(sizeof ALGORITHM - 1 + 8 + 2 + MAC + 6));
    buf_put(message, BYTES(ALGORITHM));
    buf_put(message, buf_view(&when));
    put_u16(message, MAC);
    buf_put(message, buf_view(mac));
    buf_put(message, (struct view){ message->at, 2 }); /* the id */
    buf_put(message, BYTES("\0\0\0\0"));
    message->at[11]++;
}

static bool is_signed(const struct dns_answer *answer, const struct buf *asked_mac)
{
    const struct dns_record *tsig = answer->len > 0 ? &answer->at[answer->len - 1] : NULL;
    AUTO(buf_clear) struct buf data = BUF(DNS_MAX_MESSAGE), mac = BUF(MAC);
    size_t begun = sizeof ALGORITHM - 1;

    if (tsig == NULL || tsig->type != DNS_TSIG || answer->tsig_at == 0 || tsig->data.len != begun + 8 + 2 + MAC + 6)
        return false;
    put_u16(&data, MAC);
    buf_put(&data, buf_view(asked_mac));
    buf_put(&data, (struct view){ answer->wire.at, answer->tsig_at });
    data.at[2 + MAC + 11]--;
    put_variables(&data, (struct view){ tsig->data.at + begun, 8 });
    put_hmac(&mac, &data);
    return memcmp(mac.at, tsig->data.at + begun + 10, MAC) == 0;
}

TEST(named_and_a_signed_question)
{
    if (!start())
        skip();
    for (int tcp = 0; tcp < 2; tcp++) {
        AUTO(buf_clear) struct buf message = BUF(1024), mac = BUF(MAC);
        AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
        struct error err = { 0 };
        struct dns_question question = { .server = "127.0.0.1", .port = port, .tcp = tcp != 0, .timeout_ms = WAIT_MS };

        REQUIRE(dns_put_question(&message, "ns.example.test", DNS_A, 0, &err), "%s", err.why);
        sign(&message, &mac);
        question.message = buf_view(&message);
        CHECK(net_dns(net, &question, &answer, &err), "%s", err.why);
        CHECK(
            answer.rcode == DNS_NOERROR && is_signed(&answer, &mac), "code %d, %zu records", answer.rcode, answer.len);
        mac.at[0] ^= 1;
        CHECK(!is_signed(&answer, &mac), "not of another question");
    }
    end();
}

TEST_MAIN()
