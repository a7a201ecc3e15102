/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores: where trust lives. A store is read whole, into entries, by the first format that
 * recognises its bytes (formats/, one file each). Damage is a finding and never an error: each
 * block is read for itself, and what is wrong with it becomes a defect with its place in the file.
 *
 * PEM is read in four steps, each a file: views undo what hides a whole text (pem_view.c), the scan
 * finds BEGIN and END wherever they stand (pem_scan.c), base64 is decoded (pem_decode.c), and each
 * block becomes an entry or a defect (pem_block.c). review.c looks at the entries together.
 *
 * Beside what is there stands what the server's library would load of it (loaders/), found by
 * asking that library about the same bytes (openssl_reader.c). The difference between the two is
 * where most outages of this kind hide.
 *
 * What holds stores of others, a manifest or a document, has them read by nested.c; where trust is
 * marked and not by being there (NSS, p11-kit, tokens), store_leaves_untrusted says what has no
 * mark. token.h has tokens listed, generated.h knows who makes a store.
 *
 * Reading happens in a box (base/box.h): parse.h is one reading of bytes, message.h what of it
 * comes out and is checked, boxed.h the two ends. Only a long CRL in a file of its own is read
 * here, in parts, by our own cursor and no library (listed.h).
 *
 * Keystores come last: passwords.h holds what opens them, keystore_crypt.h what it costs, and
 * write.h writes certificates in the form of each format that is written.
 *
 * compare.h puts stores side by side, transfer.h says what of one goes into another form,
 * relations.h how the certificates of one hang together, and scan.h finds them.
 *
 * pem.h and hashdir.h mend: they undo damage to a store's text, and say which hash links are
 * missing. Nothing here touches a file; callers put the bytes into a world's overlay.
 */
#pragma once

#include "stores/hashdir.h"
#include "stores/pem.h"
#include "stores/store.h"
#include "stores/write.h"
