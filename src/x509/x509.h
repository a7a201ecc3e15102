/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509: certificates, CRLs and names (RFC 5280), read as views over their bytes by our own strict
 * DER cursor. libcrypto refuses what is damaged and does not say where; a walk says where, and
 * costs a thousandth. Keys and signatures are libcrypto's.
 */
#pragma once

#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/crl_list.h"
#include "x509/der.h"
#include "x509/key_tables.h"
#include "x509/name.h"
#include "x509/ocsp.h"
#include "x509/signature.h"
#include "x509/signature_batch.h"
