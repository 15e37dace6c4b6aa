/* spell.h - "did you mean ...?" */
#ifndef ELB_SPELL_H
#define ELB_SPELL_H

#include <stddef.h>

/* The word of a list that is spelled most like this one, or NULL if none is near enough to be meant (more than a third
 * of its letters differ). Letter case does not count. */
const char *elb_nearest(const char *word, const char *const *list, size_t count);

#endif
