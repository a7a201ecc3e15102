/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services: discovery of server instances and their configuration languages, down to verifiers.
 */
#pragma once

#include "services/product.h"
#include "services/service.h"
