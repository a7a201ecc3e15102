/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/model.h"

#include <string.h>

struct verifier
model_verifier(const struct model *model, const struct verifier *verifier)
{
	struct verifier ret = *verifier;

	ret.by_standard = true;
	ret.partial_chain = ret.partial_chain || model->any_anchor_ends;
	ret.last_error_decides = false;
	ret.ignores_all_leaf_errors = ret.ignores_all_ca_errors = false;
	(void)memset(ret.ignored_leaf_errors, 0, sizeof(ret.ignored_leaf_errors));
	(void)memset(ret.ignored_ca_errors, 0, sizeof(ret.ignored_ca_errors));
	return ret;
}

void
model_examine(const struct model *model, const struct question *question, struct path *path)
{
	struct examination examination = { question, path };

	if (!path_is_affordable(&examination))
		return;
	for (size_t i = 0; i < model->rule_count; i++) {
		unsigned first = path->failure_count;

		model->rules[i].rule->check(&examination);
		for (unsigned j = first; j < path->failure_count; j++) {
			path->failures[j].engine_error = model->rules[i].error;
			path->failures[j].source = model->rules[i].source;
		}
	}
	path_sort_failures(path);
}
