/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs: processes, their credentials, roots and listeners. A server's trust exists as it runs,
 * on disk, and as it was last known good; here is where the first of the three is read off.
 */
#pragma once

#include "processes/process.h"
