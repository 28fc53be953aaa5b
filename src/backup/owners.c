#include "backup/owners.h"

#include "access/owner.h"
#include "base/mem.h"
#include "base/text.h"

#define REMEMBERED 64 /* of each kind */
#define MISSING_MAX 100

struct owner {
    uint32_t id;
    char *name;   /* NULL: an empty place */
    bool missing; /* the name has no number here */
};

struct owners {
    struct owner names[2][REMEMBERED]; /* by number: "" where it has no name */
    struct owner ids[2][REMEMBERED];   /* by name */
    size_t next_name[2], next_id[2];   /* the oldest, which makes room */
    struct list missing;
};

struct owners *owners_new(void)
{
    return xcalloc(1, sizeof(struct owners));
}

void owners_free(struct owners *owners)
{
    for (size_t kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < REMEMBERED; i++) {
            free(owners->names[kind][i].name);
            free(owners->ids[kind][i].name);
        }
    list_clear(&owners->missing);
    free(owners);
}

/* A place for one more, which may have been another's. */
static struct owner *place(struct owner places[static REMEMBERED], size_t *next)
{
    struct owner *at = &places[*next];

    *next = (*next + 1) % REMEMBERED;
    free(at->name);
    *at = (struct owner){ 0 };
    return at;
}

const char *owners_name(struct owners *owners, enum owner_kind kind, uint32_t id)
{
    AUTO(free) char *name = NULL;
    struct owner *at;
    uint64_t number;

    for (size_t i = 0; i < REMEMBERED; i++)
        if (owners->names[kind][i].name != NULL && owners->names[kind][i].id == id)
            return owners->names[kind][i].name;
    name = kind == OWNER_USER ? owner_user_name(id) : owner_group_name(id);
    if (view_to_number(view_of(name), 0, UINT32_MAX, &number)) /* it has none */
        xreplace(&name, "");
    at = place(owners->names[kind], &owners->next_name[kind]);
    at->id = id;
    at->name = TAKE(name);
    return at->name;
}

static void note_missing(struct owners *owners, enum owner_kind kind, const char *name)
{
    AUTO(free) char *text = xprintf("%s %s", kind == OWNER_USER ? "user" : "group", name);

    if (owners->missing.len < MISSING_MAX && !list_has(&owners->missing, text))
        list_add(&owners->missing, text);
}

/* Looks it up; a name that is a number is none. */
static struct owner *look_up(struct owners *owners, enum owner_kind kind, struct view name)
{
    struct owner *at = place(owners->ids[kind], &owners->next_id[kind]);
    struct error none = { 0 };
    uint64_t number;

    at->name = view_dup(name);
    at->missing =
        view_to_number(name, 0, UINT32_MAX, &number) ||
        !(kind == OWNER_USER ? owner_find_user(at->name, &at->id, &none) : owner_find_group(at->name, &at->id, &none));
    if (at->missing)
        note_missing(owners, kind, at->name);
    return at;
}

uint32_t owners_id(struct owners *owners, enum owner_kind kind, struct view name, uint32_t otherwise)
{
    const struct owner *at = NULL;

    if (name.len == 0)
        return otherwise;
    for (size_t i = 0; i < REMEMBERED && at == NULL; i++)
        if (owners->ids[kind][i].name != NULL && view_is(name, owners->ids[kind][i].name))
            at = &owners->ids[kind][i];
    if (at == NULL)
        at = look_up(owners, kind, name);
    return at->missing ? otherwise : at->id;
}

const struct list *owners_missing(const struct owners *owners)
{
    return &owners->missing;
}
