#include "outlook/ct_record.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define FOLDER "transparency"
#define RECORD_FILE "record.txt"
#define LOCK_FILE ".lock"
#define LOCK_WAIT_S 30
#define FIELDS_MAX 8
#define FIELD_MAX 8192

/* ---- memory ---- */

static void clear_found(struct found *found)
{
    free(found->serial);
    free(found->issuer);
    free(found->by);
    free(found->note);
    list_clear(&found->names);
}

static void clear_own(struct own *own)
{
    free(own->serial);
    free(own->issuer);
}

void ct_record_clear(struct ct_record *record)
{
    for (size_t i = 0; i < record->looked_len; i++)
        free(record->looked[i].name);
    for (size_t i = 0; i < record->own_len; i++)
        clear_own(&record->own[i]);
    for (size_t i = 0; i < record->found_len; i++)
        clear_found(&record->found[i]);
    free(record->looked);
    free(record->own);
    free(record->found);
    *record = (struct ct_record){ 0 };
}

/* Room for one more. */
static void *grow(void *at, size_t len, size_t *room, size_t size)
{
    if (len < *room)
        return at;
    *room = *room == 0 ? 32 : *room * 2;
    return xrealloc(at, *room, size);
}

/* ---- lookups ---- */

/* Where the name is, or belongs. */
static size_t place_of(const struct ct_record *record, const char *name)
{
    size_t from = 0, to = record->looked_len;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (strcmp(record->looked[middle].name, name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool is_there(const struct ct_record *record, size_t place, const char *name)
{
    return place < record->looked_len && strcmp(record->looked[place].name, name) == 0;
}

int64_t ct_record_looked_at(const struct ct_record *record, const char *name)
{
    size_t place = place_of(record, name);

    return is_there(record, place, name) ? record->looked[place].at : 0;
}

void ct_record_note_look(struct ct_record *record, const char *name, int64_t at)
{
    size_t place = place_of(record, name);

    if (is_there(record, place, name)) {
        record->looked[place].at = at;
        return;
    }
    record->looked = grow(record->looked, record->looked_len, &record->looked_room, sizeof *record->looked);
    memmove(&record->looked[place + 1], &record->looked[place], (record->looked_len - place) * sizeof *record->looked);
    record->looked[place] = (struct looked){ xstrdup(name), at };
    record->looked_len++;
}

/* ---- our own ---- */

static int by_serial(const void *a, const void *b)
{
    const struct own *left = a, *right = b;
    int order = strcmp(left->serial, right->serial);

    return order != 0 ? order : strcmp(left->issuer, right->issuer);
}

void ct_record_add_own(struct ct_record *record, const char *serial, const char *issuer, int64_t not_after)
{
    record->own = grow(record->own, record->own_len, &record->own_room, sizeof *record->own);
    record->own[record->own_len++] = (struct own){ xstrdup(serial), xstrdup(issuer), not_after };
}

void ct_record_settle(struct ct_record *record)
{
    size_t kept = 0;

    if (record->own_len > 1)
        qsort(record->own, record->own_len, sizeof *record->own, by_serial);
    for (size_t i = 0; i < record->own_len; i++) {
        if (kept > 0 && by_serial(&record->own[kept - 1], &record->own[i]) == 0)
            clear_own(&record->own[i]);
        else
            record->own[kept++] = record->own[i];
    }
    record->own_len = kept;
}

bool ct_record_has_own(const struct ct_record *record, const char *serial, const char *issuer)
{
    const struct own wanted = { (char *)serial, (char *)issuer, 0 };

    return record->own_len > 0 &&
           bsearch(&wanted, record->own, record->own_len, sizeof *record->own, by_serial) != NULL;
}

/* ---- those of others ---- */

static struct found *same_certificate(struct ct_record *record, const char *serial, const char *issuer)
{
    for (size_t i = 0; i < record->found_len; i++)
        if (strcmp(record->found[i].serial, serial) == 0 && strcmp(record->found[i].issuer, issuer) == 0)
            return &record->found[i];
    return NULL;
}

static void add_names(const struct list *names, struct list *to)
{
    for (size_t i = 0; i < names->len && to->len < RECORD_NAMES; i++)
        if (!list_has(to, names->at[i]))
            list_add(to, names->at[i]);
}

struct found *ct_record_add_found(struct ct_record *record, const struct logged *logged, int64_t now)
{
    struct found *found = same_certificate(record, logged->serial, logged->issuer);

    if (found != NULL) {
        add_names(&logged->names, &found->names);
        return found;
    }
    if (record->found_len == RECORD_FOUND_MAX) {
        record->left_out++;
        return NULL;
    }
    record->found = grow(record->found, record->found_len, &record->found_room, sizeof *record->found);
    found = &record->found[record->found_len++];
    *found = (struct found){ .id = logged->id,
        .serial = xstrdup(logged->serial),
        .issuer = xstrdup(logged->issuer),
        .not_before = logged->not_before,
        .not_after = logged->not_after,
        .seen = now,
        .is_new = true };
    add_names(&logged->names, &found->names);
    return found;
}

struct found *ct_record_find(struct ct_record *record, int64_t id)
{
    for (size_t i = 0; i < record->found_len; i++)
        if (record->found[i].id == id)
            return &record->found[i];
    return NULL;
}

void ct_record_sweep(struct ct_record *record, int64_t now, int64_t age_s,
    bool (*is_known)(void *ctx, const struct found *found), void *ctx)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->found_len; i++) {
        if (record->found[i].not_after <= now || is_known(ctx, &record->found[i]))
            clear_found(&record->found[i]);
        else
            record->found[kept++] = record->found[i];
    }
    record->found_len = kept;
    kept = 0;
    for (size_t i = 0; i < record->own_len; i++) {
        if (record->own[i].not_after <= now)
            clear_own(&record->own[i]);
        else
            record->own[kept++] = record->own[i];
    }
    record->own_len = kept;
    kept = 0;
    for (size_t i = 0; i < record->looked_len; i++) {
        if (now - record->looked[i].at > age_s)
            free(record->looked[i].name);
        else
            record->looked[kept++] = record->looked[i];
    }
    record->looked_len = kept;
}

/* ---- the text: words with tabs between them ---- */

static void put_text(struct buf *out, const char *text)
{
    AUTO(free) char *line = text_printable_dup(view_of(text), FIELD_MAX, false); /* has no tab */

    buf_putf(out, "\t%s", line);
}

static void put_time(struct buf *out, int64_t at)
{
    char text[CLOCK_TEXT_SIZE] = "-";

    if (at != 0)
        clock_format_rfc3339(at, text);
    buf_putf(out, "\t%s", text);
}

static void put_found(struct buf *out, const struct found *found)
{
    AUTO(free) char *names = list_join(&found->names, " ");

    buf_putf(out, "found\t%lld\t%s", (long long)found->id, found->serial);
    put_time(out, found->not_before);
    put_time(out, found->not_after);
    put_time(out, found->seen);
    put_text(out, found->issuer);
    put_text(out, names);
    buf_put_char(out, '\n');
    if (found->acknowledged == 0)
        return;
    buf_putf(out, "acknowledged\t%lld", (long long)found->id);
    put_time(out, found->acknowledged);
    put_text(out, found->by == NULL ? "" : found->by);
    put_text(out, found->note == NULL ? "" : found->note);
    buf_put_char(out, '\n');
}

void ct_record_format(const struct ct_record *record, struct buf *out)
{
    for (size_t i = 0; i < record->looked_len; i++) {
        buf_put_text(out, "looked");
        put_time(out, record->looked[i].at);
        put_text(out, record->looked[i].name);
        buf_put_char(out, '\n');
    }
    for (size_t i = 0; i < record->own_len; i++) {
        buf_put_text(out, "own");
        put_time(out, record->own[i].not_after);
        buf_putf(out, "\t%s", record->own[i].serial);
        put_text(out, record->own[i].issuer);
        buf_put_char(out, '\n');
    }
    for (size_t i = 0; i < record->found_len; i++)
        put_found(out, &record->found[i]);
}

struct fields {
    struct view at[FIELDS_MAX];
    size_t len;
};

static bool read_time(struct view text, int64_t *out)
{
    *out = 0;
    return view_is(text, "-") || clock_parse_rfc3339(text, out);
}

static bool read_serial(struct view text, char **out)
{
    AUTO(free) char *serial = view_dup(text);

    if (strspn(serial, "0123456789abcdef") != text.len || serial[0] == '0')
        return false;
    *out = TAKE(serial);
    return true;
}

static bool read_id(struct view text, int64_t *out)
{
    uint64_t id;

    TRY(view_to_number(text, 1, INT64_MAX, &id));
    *out = (int64_t)id;
    return true;
}

static char *text_of(struct view text)
{
    return text_printable_dup(text, FIELD_MAX, false);
}

/* "looked TIME NAME" */
static void read_looked(const struct fields *fields, struct ct_record *out)
{
    AUTO(free) char *name = NULL;
    int64_t at;

    if (fields->len != 3 || !read_time(fields->at[1], &at) || fields->at[2].len == 0)
        return;
    name = text_of(fields->at[2]);
    ct_record_note_look(out, name, at);
}

/* "own NOT-AFTER SERIAL ISSUER" */
static void read_own(const struct fields *fields, struct ct_record *out)
{
    AUTO(free) char *serial = NULL, *issuer = NULL;
    int64_t not_after;

    if (fields->len != 4 || !read_time(fields->at[1], &not_after) || !read_serial(fields->at[2], &serial))
        return;
    issuer = text_of(fields->at[3]);
    ct_record_add_own(out, serial, issuer, not_after);
}

/* "found ID SERIAL NOT-BEFORE NOT-AFTER SEEN ISSUER NAMES" */
static void read_found(const struct fields *fields, struct ct_record *out)
{
    AUTO(logged_clear) struct logged logged = { 0 };
    struct view names, name;
    struct found *found;
    int64_t seen;

    if (fields->len != 8 || !read_id(fields->at[1], &logged.id) || !read_serial(fields->at[2], &logged.serial) ||
        !read_time(fields->at[3], &logged.not_before) || !read_time(fields->at[4], &logged.not_after) ||
        !read_time(fields->at[5], &seen))
        return;
    logged.issuer = text_of(fields->at[6]);
    names = fields->at[7];
    while (view_cut(&names, ' ', &name)) {
        AUTO(free) char *text = text_of(name);

        if (text[0] != '\0' && logged.names.len < RECORD_NAMES)
            list_add(&logged.names, text);
    }
    found = ct_record_add_found(out, &logged, seen);
    if (found != NULL)
        found->is_new = false;
}

/* "acknowledged ID TIME BY NOTE", behind the certificate */
static void read_acknowledged(const struct fields *fields, struct ct_record *out)
{
    struct found *found;
    int64_t id, at;

    if (fields->len != 5 || !read_id(fields->at[1], &id) || !read_time(fields->at[2], &at) || at == 0)
        return;
    found = ct_record_find(out, id);
    if (found == NULL || found->acknowledged != 0)
        return;
    found->acknowledged = at;
    found->by = text_of(fields->at[3]);
    found->note = text_of(fields->at[4]);
}

void ct_record_parse(struct view text, struct ct_record *out)
{
    static const struct {
        const char *word;
        void (*read)(const struct fields *fields, struct ct_record *out);
    } kinds[] = { { "looked", read_looked }, { "own", read_own }, { "found", read_found },
        { "acknowledged", read_acknowledged } };
    struct view line;

    while (view_cut(&text, '\n', &line)) {
        struct fields fields = { 0 };
        bool whole = !view_has(line, '\0');

        while (whole && fields.len < FIELDS_MAX && view_cut(&line, '\t', &fields.at[fields.len]))
            fields.len++;
        for (size_t i = 0; whole && i < COUNT(kinds); i++)
            if (view_is(fields.at[0], kinds[i].word))
                kinds[i].read(&fields, out);
    }
    ct_record_settle(out);
    out->left_out = 0;
}

/* ---- the file ---- */

static char *path_of(const char *config_dir, const char *name)
{
    return xprintf("%s/" FOLDER "/%s", config_dir, name);
}

bool ct_record_lock(const char *config_dir, struct range_lock **out, struct error *err)
{
    AUTO(free) char *folder = file_join(config_dir, FOLDER), *path = path_of(config_dir, LOCK_FILE);

    TRY(file_mkdirs(folder, 0700, err));
    return range_lock_take(path, (struct range){ 0, 1 }, lock_wait_of(LOCK_WAIT_S, "run it again"),
        "looking at the logs of certificates", out, err);
}

bool ct_record_load(const char *config_dir, struct ct_record *out, struct error *err)
{
    AUTO(free) char *path = path_of(config_dir, RECORD_FILE);
    AUTO(buf_clear) struct buf text = BUF(RECORD_MAX);

    if (!file_read(path, &text, err)) {
        if (err->sys != ENOENT && err->sys != ENOTDIR)
            return false;
        error_clear(err);
        return true;
    }
    ct_record_parse(buf_view(&text), out);
    return true;
}

bool ct_record_save(const char *config_dir, const struct ct_record *record, struct error *err)
{
    AUTO(free) char *path = path_of(config_dir, RECORD_FILE), *temporary = file_beside(path, "new");
    AUTO(buf_clear) struct buf text = BUF(RECORD_MAX);

    ct_record_format(record, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s would be larger than %zu bytes", path, RECORD_MAX);
    return file_replace_by(path, temporary, buf_view(&text), FILE_PRIVATE, err);
}
