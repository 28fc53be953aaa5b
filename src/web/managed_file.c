#include "web/managed_file.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define VARIANTS 4 /* of a text, by what the server understands */
#define DIGEST_SIZE 64

/* Mozilla's "intermediate" recommendation of TLS 1.2, version 5.7. */
#define CIPHERS                                                                                                        \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                                       \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                                       \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                                                       \
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"

#define HEAD(server)                                                                                                   \
    "# How " server " speaks TLS: Mozilla's intermediate recommendation, https://ssl-config.mozilla.org\n"             \
    "#\n"                                                                                                              \
    "# This file is replaced when the recommendation changes, as long as nobody has edited it. An edited\n"            \
    "# one stays as it is, and is yours to keep safe; remove it to get the present one at the next run.\n"             \
    "\n"

#define TLS12 "TLSv1.2"
#define TLS13 "TLSv1.2 TLSv1.3"
#define NO_TICKETS "ssl_session_tickets off;\n"

/* The cache's name and size are Certbot's: a zone must be the same wherever a configuration names it. Groups for the
 * key exchange are left to OpenSSL, whose own choice is the recommended one, with ML-KEM where it has that. */
#define OPTIONS_NGINX(protocols, tickets)                                                                              \
    HEAD("nginx")                                                                                                      \
    "ssl_session_cache shared:le_nginx_SSL:10m;\n"                                                                     \
    "ssl_session_timeout 1440m;\n" tickets "\n"                                                                        \
    "ssl_protocols " protocols ";\n"                                                                                   \
    "ssl_prefer_server_ciphers off;\n"                                                                                 \
    "ssl_ciphers \"" CIPHERS "\";\n"

#define OPTIONS_APACHE(tickets)                                                                                        \
    HEAD("Apache")                                                                                                     \
    "SSLEngine on\n"                                                                                                   \
    "\n"                                                                                                               \
    "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1\n"                                                                         \
    "SSLHonorCipherOrder off\n"                                                                                        \
    "SSLCipherSuite " CIPHERS "\n" tickets "\n"                                                                        \
    "SSLOptions +StrictRequire\n"

/* The group ffdhe2048 of RFC 7919 appendix A.1. */
static const char dhparams[] = "-----BEGIN DH PARAMETERS-----\n"
                               "MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz\n"
                               "+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a\n"
                               "87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7\n"
                               "YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi\n"
                               "7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD\n"
                               "ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==\n"
                               "-----END DH PARAMETERS-----\n";

/* SHA-256 of what Certbot has released since 2015, in its order. A text of ours that is changed below joins these. */
static const char *const known_nginx[] = {
    "0f81093a1465e3d4eaa8b0c14e77b2a2e93568b0fc1351c2b87893a95f0de87c",
    "9a7b32c49001fed4cff8ad24353329472a50e86ade1ef9b2b9e43566a619612e",
    "a6d9f1c7d6b36749b52ba061fff1421f9a0a3d2cfdafbd63c05d06f65b990937",
    "7f95624dd95cf5afc708b9f967ee83a24b8025dc7c8d9df2b556bbc64256b3ff",
    "394732f2bbe3e5e637c3fb5c6e980a1f1b90b01e2e8d6b7cff41dde16e2a756d",
    "4b16fec2bcbcd8a2f3296d886f17f9953ffdcc0af54582452ca1e52f5f776f16",
    "c052ffff0ad683f43bffe105f7c606b339536163490930e2632a335c8d191cc4",
    "02329eb19930af73c54b3632b3165d84571383b8c8c73361df940cb3894dd426",
    "63e2bddebb174a05c9d8a7cf2adf72f7af04349ba59a1a925fe447f73b2f1abf",
    "2901debc7ecbc10917edd9084c05464c9c5930b463677571eaf8c94bffd11ae2",
    "30baca73ed9a5b0e9a69ea40e30482241d8b1a7343aa79b49dc5d7db0bf53b6c",
    "108c4555058a087496a3893aea5d9e1cee0f20a3085d44a52dc1a66522299ac3",
    "d5e021706ecdccc7090111b0ae9a29ef61523e927f020e410caf0a1fd7063981",
    "ef11e3fb17213e74d3e1816cde0ec37b8b95b4167cf21e7b8ff1eaa9c6f918ee",
    "af85f6193808a44789a1d293e6cffa249cad9a21135940800958b8e3c72dbc69",
    "a2a612fd21b02abaa32d9d11ac63d987d6e3054dbfa356de5800eea0d7ce17f3",
    "2d9648302e3588a172c318e46bff88ade46fc7a16d6afc85322776a04800d473",
    "5e21cc66989f26ec46116d979421e538131cf8ab33ffff3f682fbfe491b0ace8",
    "f5615544105c4eee44f02a604e3e9ae55b3d5bad247160bb18731a0ac531af02",
    "05a799c4db12f8e15e68219c98056824cbd5ae7b05863225318ae112f343880b",
    "dc81acfd9670f137d5abbccfe3438d9306d4b6a906439b0fbf6a6756272e7cc7",
    "0175f71721dd8e5315a6d0f3efef703ff54e867d1ab2a4e076791b89a0b3511a",
    "246b520bedc461fcbd35f4d3efdd75ebf171baccaba5c38f488009566de6d5b3",
    "dd72286f760c90550f34fbeeceb5a1f1351b09b812e65a18569a0f4a4d7f5847",
    NULL,
};

static const char *const known_apache[] = {
    "2086bca02db48daf93468332543c60ac6acdb6f0b58c7bfdf578a5d47092f82a",
    "4844d36c9a0f587172d9fa10f4f1c9518e3bcfa1947379f155e16a70a728c21a",
    "5a922826719981c0a234b1fbcd495f3213e49d2519e845ea0748ba513044b65b",
    "4066b90268c03c9ba0201068eaa39abbc02acf9558bb45a788b630eb85dadf27",
    "f175e2e7c673bd88d0aff8220735f385f916142c44aa83b09f1df88dd4767a88",
    "cfdd7c18d2025836ea3307399f509cfb1ebf2612c87dd600a65da2a8e2f2797b",
    "80720bd171ccdc2e6b917ded340defae66919e4624962396b992b7218a561791",
    "c0c022ea6b8a51ecc8f1003d0a04af6c3f2bc1c3ce506b3c2dfc1f11ef931082",
    "717b0a89f5e4c39b09a42813ac6e747cfbdeb93439499e73f4f70a1fe1473f20",
    "0fcdc81280cd179a07ec4d29d3595068b9326b455c488de4b09f585d5dafc137",
    "86cc09ad5415cd6d5f09a947fe2501a9344328b1e8a8b458107ea903e80baa6c",
    "06675349e457eae856120cdebb564efe546f0b87399f2264baeb41e442c724c7",
    "5cc003edd93fb9cd03d40c7686495f8f058f485f75b5e764b789245a386e6daf",
    "007cd497a56a3bb8b6a2c1aeb4997789e7e38992f74e44cc5d13a625a738ac73",
    "34783b9e2210f5c4a23bced2dfd7ec289834716673354ed7c7abf69fe30192a3",
    "61466bc2f98a623c02be8a5ee916ead1655b0ce883bdc936692076ea499ff5ce",
    "3fd812e3e87fe5c645d3682a511b2a06c8286f19594f28e280f17cd6af1301b5",
    "27155797e160fe43b6951354a0a0ca4d829e9e605b3b41fc223c20bf2f6cb3c6",
    "3a6881d0a7e5740b039ec550c916105259f53b577a3d38d0ed11bd675bfeab88",
    "0f3d9c62d4274aca0406925dc4ee0919599c397e7463bce792a915b60060d004",
    "95f7367d4905a1cd0932a35ce476b4a639e2108dbd1eedf924a5ea9e51fecaf7",
    NULL,
};

static const char *const known_dhparams[] = { "9ba6429597aeed2d8617a7705b56e96d044f64b07971659382e426675105654b",
    NULL };

struct release {
    const char *text;    /* ours; NULL: there is no such variant */
    const char *certbot; /* SHA-256 of Certbot's current one for the same servers */
};

/* A text's variant is tls13 + 2 * tickets. */
static const struct managed {
    const char *name, *digest_name;
    struct release releases[VARIANTS];
    const char *const *known; /* digests of earlier releases, ended by NULL */
} files[] = {
    [MANAGED_OPTIONS_NGINX] = { "options-ssl-nginx.conf", ".updated-options-ssl-nginx-conf-digest.txt",
        { { OPTIONS_NGINX(TLS12, ""), "0175f71721dd8e5315a6d0f3efef703ff54e867d1ab2a4e076791b89a0b3511a" },
            { OPTIONS_NGINX(TLS13, ""), "dd72286f760c90550f34fbeeceb5a1f1351b09b812e65a18569a0f4a4d7f5847" },
            { OPTIONS_NGINX(TLS12, NO_TICKETS), "246b520bedc461fcbd35f4d3efdd75ebf171baccaba5c38f488009566de6d5b3" },
            { OPTIONS_NGINX(TLS13, NO_TICKETS), "5e21cc66989f26ec46116d979421e538131cf8ab33ffff3f682fbfe491b0ace8" } },
        known_nginx },
    [MANAGED_DHPARAMS] = { "ssl-dhparams.pem", ".updated-ssl-dhparams-pem-digest.txt",
        { { dhparams, "9ba6429597aeed2d8617a7705b56e96d044f64b07971659382e426675105654b" } }, known_dhparams },
    [MANAGED_OPTIONS_APACHE] = { "options-ssl-apache.conf", ".updated-options-ssl-apache-conf-digest.txt",
        { { OPTIONS_APACHE(""), "95f7367d4905a1cd0932a35ce476b4a639e2108dbd1eedf924a5ea9e51fecaf7" }, { NULL, NULL },
            { OPTIONS_APACHE("SSLSessionTickets off\n"),
                "0f3d9c62d4274aca0406925dc4ee0919599c397e7463bce792a915b60060d004" } },
        known_apache },
};

/* Before OpenSSL 1.0.2l, some browsers fail against servers without tickets. Apache's is known only where it says so:
 * mod_ssl may not be loaded yet; one that is not known is taken for a newer one, so that the text stays the same. */
#define OPENSSL_WITHOUT_TICKETS 1000212

struct managed_facts managed_facts_nginx(unsigned nginx, unsigned openssl)
{
    return (struct managed_facts){
        .tls13 = nginx >= 1013000,
        .tickets = nginx >= 1005009 && openssl >= OPENSSL_WITHOUT_TICKETS,
    };
}

struct managed_facts managed_facts_apache(unsigned apache, unsigned openssl)
{
    return (
        struct managed_facts){ .tickets = apache >= 2004011 && (openssl == 0 || openssl >= OPENSSL_WITHOUT_TICKETS) };
}

char *managed_file_path(const char *config_dir, enum managed_file file)
{
    return file_join(config_dir, files[file].name);
}

static const struct release *release_of(enum managed_file file, const struct managed_facts *facts)
{
    size_t variant = 0;

    if (file == MANAGED_OPTIONS_NGINX)
        variant = (size_t)facts->tls13 + (facts->tickets ? 2 : 0);
    else if (file == MANAGED_OPTIONS_APACHE)
        variant = facts->tickets ? 2 : 0;
    return &files[file].releases[variant];
}

struct view managed_file_text(enum managed_file file, const struct managed_facts *facts)
{
    return view_of(release_of(file, facts)->text);
}

static bool digest_of(struct view text, struct buf *hex, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(DIGEST_SIZE / 2);

    TRY(digest_sha256(text, &digest, err));
    buf_put_hex(hex, buf_view(&digest));
    return true;
}

static bool is_among(const char *digest, const char *const *digests)
{
    for (; *digests != NULL; digests++)
        if (text_equal(digest, *digests))
            return true;
    return false;
}

/* Whether a text was released once, by us or by Certbot. */
static bool is_released(const struct managed *managed, struct view text, const char *digest)
{
    for (size_t i = 0; i < VARIANTS; i++)
        if (managed->releases[i].text != NULL && view_is(text, managed->releases[i].text))
            return true;
    return is_among(digest, managed->known);
}

/* Behind a link, what it leads to is replaced; owner, group and mode stay. */
static bool replace(const char *path, struct view text, struct error *err)
{
    AUTO(free) char *real = realpath(path, NULL);
    struct stat st;

    if (real == NULL)
        return file_error(err, "find", path);
    if (stat(real, &st) != 0)
        return file_error(err, "look at", real);
    return file_replace(real, text,
        (struct file_access){ .mode = st.st_mode & 07777, .set_owner = true, .uid = st.st_uid, .gid = st.st_gid }, err);
}

/* Whether the user was told that there is a release newer than the file, or has edited that very release. */
static bool was_told(const char *digest_path, const char *digest, const char *certbot, bool *told, struct error *err)
{
    AUTO(buf_clear) struct buf saved = BUF(FILE_MAX_TEXT);
    struct view text;

    *told = false;
    if (!file_exists(digest_path))
        return true;
    TRY(file_read(digest_path, &saved, err));
    text = view_trim(buf_view(&saved));
    *told = view_is(text, digest) || view_is(text, certbot);
    return true;
}

static bool tell(const char *path, const char *digest_path, const char *digest, struct error *err)
{
    TRY(file_replace(digest_path, view_of(digest), FILE_PUBLIC, err));
    log_warning("%s was edited, so that it stays as it is; the settings that are recommended today differ from it. To "
                "have those, move it away and run this again.",
        path);
    return true;
}

bool managed_file_keep(
    const char *config_dir, enum managed_file file, const struct managed_facts *facts, struct error *err)
{
    const struct managed *managed = &files[file];
    const struct release *release = release_of(file, facts);
    struct view text = view_of(release->text);
    AUTO(free) char *path = managed_file_path(config_dir, file);
    AUTO(free) char *digest_path = file_join(config_dir, managed->digest_name);
    AUTO(buf_clear) struct buf present = BUF(FILE_MAX_TEXT), digest = BUF(DIGEST_SIZE), found = BUF(DIGEST_SIZE);
    bool told;

    TRY(digest_of(text, &digest, err));
    if (!file_exists(path) && !file_is_link(path))
        return file_replace(path, text, FILE_PUBLIC, err) &&
               file_replace(digest_path, buf_view(&digest), FILE_PUBLIC, err);
    TRY(file_read(path, &present, err));
    TRY(digest_of(buf_view(&present), &found, err));
    if (view_equal(buf_view(&present), text) || text_equal(buf_text(&found), release->certbot))
        return true;
    if (is_released(managed, buf_view(&present), buf_text(&found)))
        return replace(path, text, err) && file_replace(digest_path, buf_view(&digest), FILE_PUBLIC, err);
    TRY(was_told(digest_path, buf_text(&digest), release->certbot, &told, err));
    return told || tell(path, digest_path, buf_text(&digest), err);
}
