"""What the Airflow pages say about each DAG and task, for the person who opens them when something is red."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.delivery import Step
from plugins.kontor.ranks import feeds_of

FETCH = """
Brings what is new at the clients' origins (S3, SFTP, databases: `origins` in their profiles) into the landing folder.
Files fetched before are not fetched again; nothing is ever changed or deleted at an origin.

**Red:** something of a client could not be fetched. The last lines of the log name client, origin, cause and who acts.
All other clients' files were fetched, and the run goes on with what is in landing. A server that did not answer
was tried three times; clear this task and those after it, or wait for the next night: it fetches what is missing.
"""

DISCOVER = """
Looks through the landing folder, registers each new file as a delivery of its source, and returns what has steps to
do, grouped by client · feed · source. Deliveries that an earlier run left unfinished come back under their number.

A client whose **profile is broken** is left alone: its files stay in landing, its deliveries where they are. The log
names file and line, **outcome** is red at the end, all other clients go through. The night after the mend takes it all.

**Red:** a contract or suite is wrong, or the profile of the client that the run is for, or the warehouse cannot be
reached. The last line of the log names file, line and who acts. Nothing was lost: clear this task when the cause is
gone.
"""

WORK_OF_RANK = "Hands the mapped group of this rank the scopes that `discover` found for it."

STEPS = {
    Step.EXTRACT: """
Archives the original for good and reads it into text cells with their row numbers.

**Red:** the file cannot be read as its profile says (encoding, delimiter, header, sheet). The log says what was
expected and what was found. Ask the client for a new file, or correct the profile and run again with *replay*.
""",
    Step.CLEAN: """
Turns the text cells into typed values in the client's locale, by the column map of the profile. A cell that cannot be
read becomes a reject with its reason; the other rows go on.

**Red:** a column of the contract is missing from the file, or a column of the file is neither mapped nor ignored.
""",
    Step.VALIDATE: """
The gate: Great Expectations judges every rule, rows that break one are set apart in quarantine, and the delivery gets
its verdict: `pass`, `pass_with_rejects`, `hold` or `fail`. Where the feed has several deliveries tonight, each is
loaded here before the next is judged: rules compare with what is loaded.

A **held** delivery is not an error: a steward decides, nothing of it is loaded before. The task stays green.
""",
    Step.LOAD: """
Checks the accounting (received = loaded + unchanged + rejected + skipped + held, in rows and in every amount) against
what it reads back, and publishes the rows into `core` with their history, all in one transaction.

**Red:** the accounting differs, so nothing was published; or a delivery of this feed failed in an earlier step.
**Skipped:** everything of this feed is held.
""",
}

PUBLISH = """
Tells the `reporting` DAG once, for all deliveries of this run. Skipped when the run worked on no delivery.
"""

WORKBOOKS = """
Writes a correction workbook (XLSX) for each delivery with rejected rows that its client can correct, below
`outbox/<client>` of the installation. A workbook that is still right is left as it is.

**Red:** the outbox cannot be written or the warehouse cannot be reached. No delivery is affected; clear this task.
"""

TELL_OF_HOLDS = """
Starts the DAG `release` once, for all held deliveries of these feeds that nobody is asked about yet. Skipped when there
is none. The night does not wait for an answer.

**Red:** the warehouse cannot be reached. What is held stays held; clear this task, or the next night tells it.
"""

OUTCOME = """
Lists every delivery of the run with its state, verdict and rows, and those that were due and are late or missing.

**Red:** at least one delivery failed or was left between two steps, files could not be fetched, or the profile of a
client is broken (*left alone*). The log names each with its file, origin or profile, the cause and who acts; all others
were loaded. Held deliveries leave this task green.
"""

INTAKE_IS_OVER = """
Waits until no intake run is under way, so that a night is built once and not once for each of its runs.

**Skipped:** they took longer than half an hour. The build then starts without them; their own events build them later.
"""

MATCH = """
Compares customers that are new or changed with all others of their client, and joins those that are one. Pairs that are
neither surely one nor surely two wait for a steward: on the page **Customer matches**, and in a review workbook below
`outbox/<client>`, which comes back through the landing folder. What stewards decide comes into effect at once.

**Red:** the customers of a client could not be matched: its golden records are those of the night before. The build
goes on; clear this task once the cause is gone, then **build_reports**.
"""

BUILD = """
Runs every model and test of the dbt project in `sql/` once, in this process.

**Skipped:** an earlier run's build began after everything that started this one was published: nothing is new.

**Red:** a model or a critical test failed. Analysts stay on the tables of the last good build.
The log names the model and the test; `.kontor/docs` has the details.
"""

LAPSE = """
Ends waivers and write-offs whose time is over: the rejects they closed are open again, and the next delivery of the row
is judged without them.

**Red:** the warehouse cannot be reached. Clear the task when it can.
"""

EXPECTED = """
Brings `ops.expected_delivery` up to date and lists the deliveries that are late or missing. It does not look at the
landing folder, so a deadline that passed since the last intake stays *expected*: that run looks for it.
"""

MORNING_WORKBOOKS = """
Writes the correction workbooks that are due since the night: decisions that lapsed open rejects again.
"""

CLIENTS = """
The clients whose profile has `notify:`; one instance of **letters** for each. One whose profile is broken is named in
the log, and written to once it is mended, of all that happened since its last letter.
"""

LETTERS = """
Tells one client what came of its deliveries since its last letter: held, failed, missing and late ones, corrections
taken back, rows still to be corrected, new correction workbooks. One message per client, night and connection, in
the client's language, with counts and reasons and no cell value. Nothing to tell: no message.

**Red:** a connection could not be used; `ops.letter` has the kind of the fault. What was sent is not sent again; the
next run, or clearing this task, tries the others. A run that is killed while a message is under way sends it once more.
"""

TIDY = """
Drops work tables and work folders of deliveries that ended. All of it is made again from the archive if somebody needs
it.
"""

MORNING = """
**Red:** a task before this one failed. Its log says why; the others have done their work.
"""

_HOUSEKEEPING = """
### {title}

Every morning, after the intakes of the night, and whenever you trigger it.

1. **lapse** ends waivers and write-offs whose time is over; **expected** lists late and missing deliveries.
2. **workbooks** writes the correction workbooks that became due.
3. **letters** writes to each client whose profile says `notify:`. One message per client, night and connection.
4. **tidy** drops what ended deliveries left in the work area.

**Running it again changes nothing**: a letter that was sent tonight is not sent again.

`python -m pipelines letters` lists what was sent, `letters --show CLIENT` what a client would be told now.

#### When it is red
**outcome** names the tasks that failed. A letter that could not be sent names the connection and the kind of the fault:
test the connection (*Admin > Connections*), then clear the task.
"""

HELD = """
Records a question for every held delivery that nobody is asked about: what is shown, when, until when. One that another
run asks about is passed over; one whose rows, verdict or declarations changed since is asked about anew.

**Red:** the warehouse or a declaration cannot be read. Nothing was asked and nothing decided; clear this task.
"""

ASK = """
Waits for a steward: **Required Actions** of this task shows what failed, how many rows, which amounts, and samples with
personal values masked. *Approve* or *Return*, with a reason. It holds no worker while it waits.

Only the stewards of the client (`stewards` in its profile) may answer, and not the one who submitted a correction.
Nobody in time (`decide_within_hours`): it counts as *Return*. **Skipped:** the question has ended.

An answer is written down at once, whatever is wrong with our declarations by then.

**Red:** the delivery could not be read, its client's profile is broken, or nobody may decide. It stays held, the next
night asks anew.
"""

DECIDE = """
Follows the first answer if it stands every check: the delivery is held, the person is a steward of the client and not
who submitted it, nothing changed since it was shown, a reason is given. The decision goes into the audit log.

**Green:** approved. **Skipped:** returned, timed out, or the question ended otherwise (superseded, decided at the
command line, changed meanwhile): the log says what. A late answer changes nothing.

**Red:** this answer may not decide, or there was none. The delivery stays held; the last line of the log says who may
decide. The next night asks anew; clearing this task changes nothing. When the log names a declaration instead, such as
a broken profile, the answer is kept: mend it and clear this task, or leave it to the next night. Nobody is asked twice.
"""

LOAD_NOW = """
Loads the approved delivery at once, as the night would: all or nothing, with its history and its accounting.

**Red:** the accounting differs, so nothing was published. The log says who acts.
**Skipped:** rows, verdict or declarations are not those that were approved: it is held again, and asked about anew.
"""

PUBLISH_ONE = "Tells the `reporting` DAG that a released delivery was loaded."

RELEASED = """
Lists every question of the run, who answered, and where the delivery stands now.

**Red:** an answer was refused or could not be followed, a load failed, or nobody may decide on a delivery. The log
names each, and who acts.
Returned and timed-out deliveries leave this task green: the client is to send a corrected file.
"""

_RELEASE = """
### {title}

Starts when an intake run leaves deliveries **held**; the night itself does not wait. A run may wait for days, and
several wait side by side.

1. **held** records one question per delivery.
2. **decision** one line per *client · feed · file*: **ask** waits for a steward, **decide** checks the answer and
   follows it, **load** publishes an approved delivery at once, **publish** tells `reporting`.
3. **outcome** lists what came of each question.

**To decide:** *Browse → Required Actions*, or the task **ask** of a run. `python -m pipelines held [DELIVERY]` shows
the same, `python -m pipelines approve|return DELIVERY --reason …` decides without Airflow.

**Four eyes:** only a steward of the client decides, and never who submitted the correction. An approval is for the
rows, the verdict and the declarations that were shown; when one of them changes it lapses. Nothing is ever loaded by a
time-out, by clearing a task or by a second answer.

#### When it is red
1. Open the log of **outcome**: it names each delivery, why its answer did not count, and who may decide.
2. The delivery is held as before. The next night asks anew, or decide at the command line. An answer that a broken
   profile stopped is kept: the next run follows it once the profile is mended.
"""

_INTAKE = """
### {title}

Every night, and whenever you trigger it, this DAG takes in what clients delivered for {feeds}.

1. **fetch** brings in what is new at the clients' own servers; a server that is down stops nobody else.
2. **discover** finds and registers new files, and counts those already accounted for.
3. **rank_…** one line per *client · feed · source*: **extract → clean → validate → load**. A rank starts when the
   one before is through, because its feeds refer to it. One broken delivery never stops another.
4. **workbooks** writes what clients are to correct.
5. **publish** tells the `reporting` DAG, **held** the `release` DAG when something waits for a steward.
6. **outcome** lists every delivery and is red when one failed, when a client's files could not be fetched, or when a
   client's profile is broken. That client waits; nobody else does.

**Running it again changes nothing**: files already accounted for are passed over, unfinished deliveries go on
where they stopped.

**Parameters** (*Trigger*): `client` and `feed` narrow the run; `replay` judges a delivery (its number), a feed or a
client again from the archive; `rehearse` only logs what that would change.

#### When it is red
1. Open the log of **outcome**: it names each failed delivery, its cause, and who acts (client or us).
2. The client acts: send back what the message says; the new file is taken in with the next run.
3. We act: correct the declaration (`python -m pipelines check`, `python -m pipelines try PROFILE FILE`), then trigger
   again; `replay` takes the number of a delivery whose declaration did not change, a feed or a client.
4. A profile is broken: correct the line that the message names and trigger again. Nothing of the client was lost.
5. `python -m pipelines explain DELIVERY` shows every reject and every change made to a cell.

A **held** delivery leaves the run green: a steward decides in the DAG `release` (`python -m pipelines held` lists
what waits).
"""

_REPORTING = """
### {title}

Runs when {dags} published deliveries; a run that is under way finishes first, later events share the next one.

All marts are built as of one moment, shown in each of them. When rows of a client fail a test, this client alone stays
on the tables it had, in all marts; when a model fails, or a test that does not tell whose rows are wrong, all stay on
those of the last good build. Either way this run is red.

#### When it is red
Open the log of **build_reports**: it names the clients kept back, the model or test and the rows it found. Correct the
model in `sql/` or find the delivery with `python -m pipelines trace SCHEMA.TABLE KEY`, then clear the task. A client
kept back is built again every time, also when nothing new came for it.
"""


def intake(dag_id: str, title: str, domains: Sequence[str]) -> str:
    """The page of an intake DAG."""
    feeds = ", ".join(f"`{feed}`" for feed in feeds_of(domains)) or f"no feed yet ({dag_id})"
    return _INTAKE.format(title=title, feeds=feeds)


def reporting(title: str, after: Sequence[str]) -> str:
    """The page of the reporting DAG."""
    return _REPORTING.format(title=title, dags=", ".join(f"`{dag_id}`" for dag_id in after))


def housekeeping(title: str) -> str:
    """The page of the housekeeping DAG."""
    return _HOUSEKEEPING.format(title=title)


def release(title: str) -> str:
    """The page of the release DAG."""
    return _RELEASE.format(title=title)


def rank(number: int) -> str:
    """What a rank is, for the tooltip of its group."""
    if number == 0:
        return "Feeds that refer to no other feed; one line per client, feed and source"
    return f"Feeds that refer to feeds of rank {number - 1}; start when those are through"
