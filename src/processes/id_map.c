/* SPDX-License-Identifier: Apache-2.0 */
#include "processes/id_map.h"

#include <stdlib.h>
#include <string.h>

#include "processes/proc.h"

enum { MAP_SIZE = ID_MAP_MAX_RANGES * 34 }; /* three columns of ten digits and a blank each */

/* "         0     100000      65536": the first id inside, the first outside, how many. */
static bool
read_range(char *line, struct id_range *ret)
{
	char *end;

	(void)strtoul(line, &end, 10);
	if (end == line)
		return false;
	line = end;
	ret->first = (uint32_t)strtoul(line, &end, 10);
	if (end == line)
		return false;
	line = end;
	ret->count = (uint32_t)strtoul(line, &end, 10);
	return end != line;
}

struct id_map
id_map_read(struct arena *arena, int directory, const char *name)
{
	char *text = proc_read(arena, directory, name, MAP_SIZE, NULL), *line;
	struct id_range *ranges = arena_alloc(arena, ID_MAP_MAX_RANGES * sizeof(*ranges));
	struct id_map map = { .ranges = ranges };

	while (text != NULL && map.count < ID_MAP_MAX_RANGES &&
		(line = strsep(&text, "\n")) != NULL)
		if (read_range(line, &ranges[map.count]))
			map.count++;
	return map;
}
