#include "nginx/challenge.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "webconf/nginx_edit.h"

#define MARK " # managed by Certbot"
#define FOLDER "/.well-known/acme-challenge/"
#define REWRITTEN "^(" FOLDER ".*)"

struct place { /* a block that gets answers */
    const struct nginx_node *node;
    const struct web_answer **answers;
    size_t count, size;
};

struct edit {
    const struct nginx_model *model;
    const struct nginx_http *http;
    struct place *places;
    size_t count, size;
};

/* ---- which blocks ---- */

static struct place *place_of(struct edit *edit, const struct nginx_node *node)
{
    for (size_t i = edit->count; i > 0; i--)
        if (edit->places[i - 1].node == node)
            return &edit->places[i - 1];
    if (edit->count == edit->size) {
        edit->size = edit->size * 2 + 8;
        edit->places = xrealloc(edit->places, edit->size, sizeof *edit->places);
    }
    edit->places[edit->count] = (struct place){ .node = node };
    return &edit->places[edit->count++];
}

/* The path of a "location = PATH" is that of a token. */
static bool is_location_of(const struct nginx_node *node, const char *token)
{
    return nginx_is(node, "location") && node->word_count == 3 && text_starts(node->words[2].text, FOLDER) &&
           strcmp(node->words[2].text + strlen(FOLDER), token) == 0;
}

/* Two locations of one path are refused. */
static bool has_answer(const struct place *place, const struct web_answer *answer)
{
    for (const struct nginx_node *node = place->node != NULL ? place->node->child : NULL; node != NULL;
         node = node->next)
        if (is_location_of(node, answer->token))
            return true;
    for (size_t i = place->count; i > 0; i--)
        if (strcmp(place->answers[i - 1]->token, answer->token) == 0)
            return true;
    return false;
}

static void add_answer(struct edit *edit, const struct nginx_node *node, const struct web_answer *answer)
{
    struct place *place = place_of(edit, node);

    if (has_answer(place, answer))
        return;
    if (place->count == place->size) {
        place->size = place->size * 2 + 4;
        place->answers = xrealloc(place->answers, place->size, sizeof(const struct web_answer *));
    }
    place->answers[place->count++] = answer;
}

/* Validators begin there. */
static bool is_http(const struct nginx_address *address, int http_port)
{
    return address->family != NGINX_UNIX && !address->quic && !address->tls && address->port == http_port;
}

bool nginx_challenge_has_port(const struct nginx_model *model, int http_port)
{
    for (size_t i = 0; i < model->address_count; i++)
        if (is_http(&model->addresses[i], http_port))
            return true;
    return false;
}

/* Where a server in front, a redirect or the network may lead them to for a name. */
static bool is_behind(const struct edit *edit, const struct nginx_address *address)
{
    if (address->family == NGINX_UNIX)
        return true;
    if (address->quic)
        return false;
    return address->tls ? address->port == edit->http->ports.https : edit->http->unused;
}

static void set_spot(struct web_spot *spot, const struct nginx_address *address)
{
    const char *host = address->host;

    if (spot->address[0] != '\0' || address->proxied || address->family == NGINX_HOST)
        return;
    if (address->any)
        host = address->family == NGINX_IP6 ? "::1" : "127.0.0.1";
    (void)snprintf(spot->address, sizeof spot->address, "%s", host);
    spot->port = address->port;
}

/* False: no block answers it. */
static bool find_places(struct edit *edit, const struct web_answer *answer, struct web_spot *spot)
{
    AUTO(nginx_candidates_clear) struct nginx_candidates candidates = { 0 };
    bool answered = false;

    nginx_candidates_find(edit->model, answer->host, &candidates);
    for (size_t i = 0; i < edit->model->address_count; i++) {
        const struct nginx_address *address = &edit->model->addresses[i];
        bool http = is_http(address, edit->http->ports.http);
        struct nginx_candidate chosen;

        if (!http && !is_behind(edit, address))
            continue;
        chosen = nginx_candidate_at(edit->model, &candidates, i);
        if (!http && chosen.match == NGINX_DEFAULT)
            continue;
        add_answer(edit, chosen.block->node, answer);
        answered |= http || address->family == NGINX_UNIX || edit->http->other != NULL;
        if (http)
            set_spot(spot, address);
    }
    return answered;
}

/* ---- what they get ---- */

/* Unless it is there already, in front of all that it is to keep away. */
static void put_rewrite(const struct nginx_node *block, struct buf *lines)
{
    const struct nginx_node *node = block->child;

    while (node != NULL && nginx_is(node, "location"))
        node = node->next;
    if (node != NULL && nginx_is(node, "rewrite") && node->word_count == 4 &&
        strcmp(node->words[1].text, REWRITTEN) == 0)
        return;
    buf_put_text(lines, "rewrite " REWRITTEN " $1 break;" MARK "\n");
}

/* Token and content are of letters, digits, '-', '_' and '.' (proof_check_http). */
static void put_locations(const struct place *place, const char *indent, struct buf *lines)
{
    for (size_t i = 0; i < place->count; i++)
        buf_putf(lines, "%slocation = " FOLDER "%s { default_type text/plain; return 200 %s; }" MARK "\n", indent,
            place->answers[i]->token, place->answers[i]->content);
}

static bool has_ipv6(const struct nginx_model *model)
{
    for (size_t i = 0; i < model->address_count; i++)
        if (model->addresses[i].family == NGINX_IP6)
            return true;
    return false;
}

/* Nothing listens at the port: the block is the default one there, so it needs no names. */
static void put_own_block(const struct edit *edit, const struct place *place, const char *indent, struct buf *lines)
{
    AUTO(free) char *deeper = xprintf("%s    ", indent);

    buf_putf(lines, "%sserver {" MARK "\n%slisten %d;\n", indent, deeper, edit->http->ports.http);
    if (has_ipv6(edit->model))
        buf_putf(lines, "%slisten [::]:%d;\n", deeper, edit->http->ports.http);
    put_locations(place, deeper, lines);
    buf_putf(lines, "%slocation / { return 404; }\n%s}\n", deeper, indent);
}

static void add_own_block(const struct edit *edit, const struct place *place, struct patch *patches)
{
    const struct nginx_node *http = edit->model->http;
    struct nginx_file *file = http != NULL ? http->file : edit->model->conf->files[0];
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX);

    if (http == NULL)
        buf_put_text(&lines, "http {" MARK "\n");
    put_own_block(edit, place, http == NULL ? "    " : "", &lines);
    buf_put_text(&lines, http == NULL ? "}" : "");
    if (http != NULL)
        buf_cut(&lines, lines.len - 1); /* lines are parted by LF, not ended */
    nginx_append(&patches[file->index], file->text, http, buf_text(&lines));
}

static void edit_place(const struct edit *edit, const struct place *place, struct patch *patches)
{
    AUTO(buf_clear) struct buf lines = BUF(NGINX_TEXT_MAX);
    struct nginx_file *file;

    if (place->count == 0)
        return;
    if (place->node == NULL) {
        add_own_block(edit, place, patches);
        return;
    }
    file = place->node->file;
    put_rewrite(place->node, &lines);
    put_locations(place, "", &lines);
    buf_cut(&lines, lines.len - 1);
    nginx_prepend(&patches[file->index], file->text, place->node, buf_text(&lines));
}

static bool unserved(const struct nginx_http *http, const char *host, struct error *err)
{
    error_clear(err);
    (void)error_set(err, ERROR_PLUGIN, "nothing in the configuration of nginx listens on port %d, or serves %s",
        http->ports.http, host);
    return error_next(err,
        "that port belongs to %s: have it prove control, or name the port of nginx to which it passes requests on with "
        "--http-01-port",
        http->other);
}

static bool find_all(struct edit *edit, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        spots[i] = (struct web_spot){ .port = edit->http->ports.http };
        if (find_places(edit, &answers[i], &spots[i]))
            continue;
        if (edit->http->other != NULL) {
            ok = unserved(edit->http, answers[i].host, err);
            each[i] = error_dup(err);
            continue;
        }
        add_answer(edit, NULL, &answers[i]);
        (void)snprintf(spots[i].address, sizeof spots[i].address, "127.0.0.1");
    }
    return ok;
}

bool nginx_challenge_edit(const struct nginx_model *model, const struct nginx_http *http,
    const struct web_answer *answers, size_t count, struct patch *patches, struct web_spot *spots, struct error **each,
    struct error *err)
{
    struct edit edit = { .model = model, .http = http };
    bool ok = find_all(&edit, answers, count, spots, each, err);

    for (size_t i = 0; i < edit.count; i++) {
        if (ok)
            edit_place(&edit, &edit.places[i], patches);
        free(edit.places[i].answers);
    }
    free(edit.places);
    return ok;
}
