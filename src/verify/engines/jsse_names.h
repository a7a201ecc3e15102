/* SPDX-License-Identifier: Apache-2.0 */
/* JSSE's demands of names: NameConstraintsExtension and HostnameChecker (sun.security.x509 and
 * sun.security.util of OpenJDK 17). */
#pragma once

#include "verify/engines/profile.h"

demand_check jsse_find_outside, jsse_find_other_host;
