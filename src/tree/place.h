#pragma once
/* Where in a JSON text a value stands, for messages. The text must be JSON (json/doc.h has read it). Pure. */
#include "base/bytes.h"

/* Line and column, from 1, of the value at that path: names of members and indices of elements. False when it is not
 * there. */
MUST_USE bool place_find(struct view text, const struct list *path, unsigned *line, unsigned *column);
