#include "web/names.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"

#define NAME_MAX_LEN 255
#define LABEL_MAX_LEN 63

static bool is_label(struct view label)
{
    if (label.len == 0 || label.len > LABEL_MAX_LEN || label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char byte = label.at[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-'))
            return false;
    }
    return true;
}

static bool is_address(struct view name)
{
    AUTO(free) char *text = view_dup(name), *address = NULL;
    struct error ignored;

    return ip_address_normalize(text, &address, &ignored);
}

bool web_name_is_offered(struct view name)
{
    struct view rest = name, label;
    size_t labels = 0;

    if (name.len > NAME_MAX_LEN)
        return false;
    for (; view_cut(&rest, '.', &label); labels++)
        if (!is_label(label))
            return false;
    return labels >= 2 && !is_address(name);
}

/* Cuts the last label off *rest; false when none is left. */
static bool cut_last(struct view *rest, struct view *label)
{
    size_t at = rest->len;

    if (rest->at == NULL)
        return false;
    while (at > 0 && rest->at[at - 1] != '.')
        at--;
    *label = (struct view){ rest->at + at, rest->len - at };
    *rest = at > 0 ? (struct view){ rest->at, at - 1 } : (struct view){ NULL, 0 };
    return true;
}

static int compare_labels(struct view a, struct view b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_names(const void *left, const void *right)
{
    struct view a = view_of(*(char *const *)left), b = view_of(*(char *const *)right), of_a, of_b;
    int order = 0, top = 0;

    if (cut_last(&a, &of_a) && cut_last(&b, &of_b))
        top = compare_labels(of_a, of_b);
    while (order == 0) {
        bool more_a = cut_last(&a, &of_a), more_b = cut_last(&b, &of_b);

        if (!more_a || !more_b)
            return more_a != more_b ? more_a - more_b : top;
        order = compare_labels(of_a, of_b);
    }
    return order;
}

/* In lower case, without one dot at its end; of the caller's. */
static char *in_form(const char *name)
{
    size_t len = strlen(name);
    char *form = xstrndup(name, len > 0 && name[len - 1] == '.' ? len - 1 : len);

    text_lower(form);
    return form;
}

void web_names_offer(const struct list *found, struct list *out)
{
    AUTO(list_clear) struct list offered = { 0 };

    for (size_t i = 0; i < found->len; i++) {
        AUTO(free) char *name = in_form(found->at[i]);

        if (web_name_is_offered(view_of(name)))
            list_add(&offered, name);
    }
    if (offered.len > 0)
        qsort(offered.at, offered.len, sizeof *offered.at, compare_names);
    for (size_t i = 0; i < offered.len; i++)
        if (i == 0 || !text_equal(offered.at[i], offered.at[i - 1]))
            list_add(out, offered.at[i]);
}
