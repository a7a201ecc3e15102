/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/book.h"
#include "ledger/database.h"
#include "tap.h"

static struct step some_steps[] = {
	{ .number = 1, .kind = STEP_DIRECTORY, .path = "/etc", .text = "remember /etc" },
	{ .number = 2,
		.kind = STEP_WRITE,
		.path = "/etc/ca.pem",
		.text = "write it",
		.mode = 0640,
		.owner = UINT32_MAX - 1,
		.group = 33,
		.content = { (const uint8_t *)"content", 7 } },
	{ .number = 3,
		.kind = STEP_SPLICE,
		.path = "/etc/nginx.conf",
		.text = "splice it",
		.offset = 70'000,
		.old_bytes = { (const uint8_t *)"1\0", 2 },
		.new_bytes = { (const uint8_t *)"", 0 } },
	{ .number = 4, .kind = STEP_RELOAD, .text = "reload" },
};

static struct trust_change some_changes[] = {
	{ true, "aa", "CN=Root", "/etc/ca.pem", "anchor", 5 },
	{ false, "bb", "CN=Old", "/etc/ca.pem", "crl", 6 },
};

static struct recorded_verdict some_verdicts[] = {
	{ "accept/a.pem", "v", "disk", true, true, false, "unable" },
	{ "reject/b.pem", "v", "running", true, false, false, NULL },
};

static struct transaction
some_transaction(void)
{
	some_steps[1].before = (struct file_version){ .path = "/etc/ca.pem",
		.exists = true,
		.digest = digest_of(text_span("before")),
		.identity = { .mode = 0600 } };
	some_steps[1].after = digest_of(text_span("content"));
	return (struct transaction){
		.service = "nginx:/etc/nginx.conf",
		.begun_at = 1'000,
		.summary = "nginx: chain.root-missing",
		.causes = "chain.root-missing",
		.steps = some_steps,
		.step_count = COUNT_OF(some_steps),
		.changes = some_changes,
		.change_count = COUNT_OF(some_changes),
		.verdicts = some_verdicts,
		.verdict_count = COUNT_OF(some_verdicts),
	};
}

static struct transaction
get(struct book *book, int64_t id)
{
	struct transaction found = { 0 };
	struct err err = { 0 };

	if (ledger_transaction_get(book->ledger, book->arena, id, &found, &err) != 1)
		found.id = -1;
	return found;
}

TEST(whole,
	"a transaction is on record with all its steps, changes and verdicts when begin returns")
{
	struct transaction wanted = some_transaction(), found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_transaction_begin(book.ledger, &wanted, &err) == 0);
	book_reopen(&book);
	found = get(&book, wanted.id);
	CHECK(found.id == wanted.id && found.state == TRANSACTION_OPEN && found.ended_at == 0);
	CHECK(found.step_count == 4 && found.change_count == 2 && found.verdict_count == 2);
	CHECK_TEXT(found.service, wanted.service);
	CHECK_TEXT(found.summary, wanted.summary);
	CHECK_TEXT(found.causes, wanted.causes);
	CHECK_TEXT(found.proof, "");
	CHECK(found.steps[1].kind == STEP_WRITE && found.steps[1].mode == 0640);
	CHECK(found.steps[1].owner == UINT32_MAX - 1 && found.steps[1].group == 33);
	CHECK(found.steps[1].before.exists && found.steps[1].before.identity.mode == 0600);
	CHECK(digest_equal(&found.steps[1].before.digest, &wanted.steps[1].before.digest));
	CHECK(digest_equal(&found.steps[1].after, &wanted.steps[1].after));
	CHECK(found.steps[0].before.path == NULL && found.steps[3].path == NULL);
	CHECK_TEXT(found.changes[1].subject, "CN=Old");
	CHECK(found.changes[0].added && !found.changes[1].added && found.changes[1].at == 6);
	CHECK_TEXT(found.verdicts[0].text, "unable");
	CHECK(found.verdicts[1].text == NULL && !found.verdicts[1].must_be_accepted);
}

TEST(changed_bytes, "of a configuration the changed bytes alone are kept, of no file its content")
{
	struct transaction wanted = some_transaction(), found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_transaction_begin(book.ledger, &wanted, &err) == 0);
	found = get(&book, wanted.id);
	CHECK(found.steps[2].offset == 70'000);
	CHECK(span_equal(found.steps[2].old_bytes, span_of("1\0", 2)));
	CHECK(found.steps[2].new_bytes.data != NULL && found.steps[2].new_bytes.length == 0);
	for (size_t i = 0; i < found.step_count; i++)
		CHECK(found.steps[i].content.length == 0);
	/* The whole content is an object only where somebody put it. */
	CHECK(ledger_get(book.ledger, book.arena, &found.steps[1].after, &found.steps[1].content,
		      &err) == 0);
}

TEST(order, "steps come back by their number, transactions newest first, at most as many as asked")
{
	struct transaction first = some_transaction(), second = some_transaction(), *found;
	struct err err = { 0 };
	size_t count;
	struct step mixed[4];
	BOOK;

	for (size_t i = 0; i < 4; i++)
		mixed[i] = some_steps[3 - i];
	first.steps = mixed;
	CHECK(ledger_transaction_begin(book.ledger, &first, &err) == 0);
	CHECK(ledger_transaction_begin(book.ledger, &second, &err) == 0);
	CHECK(first.id < second.id);
	CHECK(ledger_transactions(book.ledger, book.arena, 0, &found, &count, &err) == 0);
	CHECK(count == 2 && found[0].id == second.id && found[1].id == first.id);
	for (size_t i = 0; i < 4; i++)
		CHECK(found[1].steps[i].number == (int)i + 1);
	CHECK(ledger_transactions(book.ledger, book.arena, 1, &found, &count, &err) == 0);
	CHECK(count == 1 && found[0].id == second.id);
}

TEST(journal, "each step's state and staged file is on record when the call returns, of it alone")
{
	struct transaction first = some_transaction(), second = some_transaction(), found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_transaction_begin(book.ledger, &first, &err) == 0);
	CHECK(ledger_transaction_begin(book.ledger, &second, &err) == 0);
	CHECK(ledger_step_staged(book.ledger, second.id, 2, "/etc/.staged", &err) == 0);
	CHECK(ledger_step_state(book.ledger, second.id, 2, STEP_BEGUN, &err) == 0);
	CHECK(ledger_step_state(book.ledger, second.id, 1, STEP_DONE, &err) == 0);
	book_reopen(&book);
	found = get(&book, second.id);
	CHECK(found.steps[0].state == STEP_DONE && found.steps[1].state == STEP_BEGUN);
	CHECK(found.steps[2].state == STEP_PLANNED && found.steps[2].staged == NULL);
	CHECK_TEXT(found.steps[1].staged, "/etc/.staged");
	found = get(&book, first.id);
	CHECK(found.steps[0].state == STEP_PLANNED && found.steps[1].staged == NULL);
}

TEST(states, "a transaction has ended once it is closed, rolled back or stuck, and not before")
{
	static const bool ends[TRANSACTION__COUNT] = { [TRANSACTION_CLOSED] = true,
		[TRANSACTION_ROLLED_BACK] = true,
		[TRANSACTION_STUCK] = true };
	struct transaction transaction = some_transaction(), found;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == 0);
	for (int state = 0; state < TRANSACTION__COUNT; state++) {
		CHECK(ledger_transaction_state(book.ledger, transaction.id,
			      (enum transaction_state)state, 7'000, &err) == 0);
		found = get(&book, transaction.id);
		CHECK((int)found.state == state);
		CHECK(found.ended_at == (ends[state] ? 7'000 : 0));
	}
}

TEST(proof, "the proof and its verdicts stand behind those from before")
{
	struct transaction transaction = some_transaction(), found;
	const struct recorded_verdict after = { "accept/a.pem", "v", "running", false, true, true,
		"HTTP 200" };
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == 0);
	CHECK(ledger_transaction_proof(book.ledger, transaction.id, "handshake", &after, 1, &err) ==
		0);
	found = get(&book, transaction.id);
	CHECK_TEXT(found.proof, "handshake");
	CHECK(found.verdict_count == 3 && found.verdicts[0].before && found.verdicts[1].before);
	CHECK(!found.verdicts[2].before && found.verdicts[2].accepted);
}

TEST(nothing_half, "a transaction of which one step cannot be written is not on record at all")
{
	struct transaction transaction = some_transaction(), *found;
	struct step twice[2] = { some_steps[0], some_steps[0] };
	struct err err = { 0 };
	size_t count;
	BOOK;

	transaction.steps = twice;
	transaction.step_count = 2;
	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == -1);
	CHECK(ledger_transactions(book.ledger, book.arena, 0, &found, &count, &err) == 0);
	CHECK(count == 0);
	transaction = some_transaction();
	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == 0);
}

TEST(unknown, "a transaction that is not there is not found, and its number is never given anew")
{
	struct transaction transaction = some_transaction(), found;
	struct err err = { 0 };
	int64_t gone;
	BOOK;

	CHECK(ledger_transaction_get(book.ledger, book.arena, 1, &found, &err) == 0);
	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == 0);
	gone = transaction.id;
	CHECK(database_run(book.ledger, "DELETE FROM repair", &err) == 0);
	CHECK(ledger_transaction_begin(book.ledger, &transaction, &err) == 0);
	CHECK(transaction.id > gone);
	CHECK(get(&book, gone).id == -1);
}

TEST(names, "states and kinds have the names of the interface")
{
	CHECK_TEXT(transaction_state_name(TRANSACTION_ROLLED_BACK), "rolled-back");
	CHECK_TEXT(transaction_state_name(TRANSACTION_STUCK), "stuck");
	CHECK_TEXT(transaction_state_name(TRANSACTION__COUNT), "unknown");
	CHECK_TEXT(step_kind_name(STEP_DIRECTORY), "directory");
	CHECK_TEXT(step_kind_name(STEP_START), "start");
	CHECK_TEXT(step_kind_name(STEP__COUNT), "unknown");
}

TAP_MAIN()
