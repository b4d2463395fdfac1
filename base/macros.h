/* macros.h - the few things that functions cannot do. */
#pragma once

#include <stddef.h>

#define COUNT_OF(array)         (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(text, args) __attribute__((format(printf, text, args)))
#define MUST_CHECK              __attribute__((warn_unused_result))

/* AUTO_FREE(plan_free) struct plan *plan = …; frees it when the block ends; STEAL(plan) hands it
 * over. DEFINE_AUTO_FREE stands beside the prototype of the function that frees. */
#define AUTO_FREE(f) __attribute__((cleanup(f##_at)))
#define DEFINE_AUTO_FREE(type, f)                                                                  \
	static inline void f##_at(type **p)                                                        \
	{                                                                                          \
		f(*p);                                                                             \
	}
#define STEAL(p)                                                                                   \
	__extension__({                                                                            \
		__typeof__(p) *at_ = &(p), got_ = *at_;                                            \
		*at_ = NULL;                                                                       \
		got_;                                                                              \
	})
