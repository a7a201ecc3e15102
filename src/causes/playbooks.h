/* SPDX-License-Identifier: Apache-2.0 */
/* The playbooks: playbook_<enumerator> is playbooks/<code>.md, as tools/embed-playbooks made it. */
#pragma once

#define CAUSE(enumerator, code, title) extern const char playbook_##enumerator[];
#include "causes/causes.def"
#undef CAUSE
