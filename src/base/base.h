/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every module speaks: ownership and errors, memory, bytes and text, moments, our own files,
 * JSON, running other programs, and the box in which hostile bytes are read. Nothing here knows
 * what a certificate or a server is.
 */
#pragma once

#include "base/base64.h"
#include "base/box.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/moment.h"
#include "base/own.h"
#include "base/pipeline.h"
#include "base/quiet.h"
#include "base/run.h"
#include "base/sandbox.h"
#include "base/text.h"
