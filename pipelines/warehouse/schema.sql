-- Schemas and tables that do not depend on a contract. Run by `ddl.create_schema`; every statement may run again.

create schema if not exists ops;
create schema if not exists quarantine;
create schema if not exists work;
create schema if not exists core;
create schema if not exists reporting;

-- clients -------------------------------------------------------------------------------------------

create table if not exists ops.client (
    client_id   text primary key,
    name        text not null,
    locale      text,
    time_zone   text,
    calendar    text,
    updated_at  timestamptz not null default now()
);
alter table ops.client add column if not exists adding jsonb not null default '[]';
comment on column ops.client.adding is
    'feed/source of each source whose periods add up to the ledger; of any other the newest period is all of it';
comment on table ops.client is 'Companies whose back office we run, as their profiles say';
alter table ops.client add column if not exists reporting jsonb not null default '{}';
comment on column ops.client.reporting is 'What figures mean at the client: the words of reporting in its profile';
alter table ops.client add column if not exists golden jsonb not null default '{}';
comment on column ops.client.golden is 'How its customers become golden records: the words of golden in its profile';

create table if not exists ops.day_off (
    calendar  text not null,
    day       date not null,
    primary key (calendar, day)
);
comment on table ops.day_off is 'Weekends and holidays of the calendars in which a client counts business days';

create table if not exists ops.client_key (
    client_id  text primary key,
    inner_key  bytea not null check (length(inner_key) = 64),
    outer_key  bytea not null check (length(outer_key) = 64),
    made_at    timestamptz not null default now()
);
comment on table ops.client_key is
    'Key of each client''s pseudonyms; read by ops.pseudonym alone. Without its row they cannot be made again';
comment on column ops.client_key.inner_key is
    'The key as HMAC hashes the value with it: filled up to the block of SHA-256, each byte xor 0x36';
comment on column ops.client_key.outer_key is 'The same with 0x5c, as HMAC hashes the inner hash with it';

-- HMAC-SHA256 (RFC 2104), of which the first half stays: 2^64 values of a client until two may meet.
create or replace function ops.pseudonym(client_id text, value text) returns text
language plpgsql stable strict parallel safe security definer set search_path = pg_catalog as $$
declare
    key ops.client_key;
begin
    select * into key from ops.client_key as k where k.client_id = pseudonym.client_id;
    if not found then
        raise exception 'client % has no key for pseudonyms', client_id
            using hint = 'run python -m pipelines migrate, which makes the keys that are missing';
    end if;
    return left(encode(sha256(key.outer_key || sha256(key.inner_key || convert_to(value, 'UTF8'))), 'hex'), 32);
end $$;
comment on function ops.pseudonym is
    'Stands for a value of a client where the value itself may not be shown: the same for the same value, so rows join';

create table if not exists ops.restricted_column (
    feed         text not null,
    column_name  text not null,
    primary key (feed, column_name)
);
comment on table ops.restricted_column is
    'Columns that the contracts call restricted, as of the last migrate: what stewards may read follows from it';

create table if not exists ops.user_client (
    user_name  text not null,
    client_id  text not null,
    primary key (user_name, client_id)
);
comment on table ops.user_client is 'Which database user may read which client''s marts';

create table if not exists ops.steward (
    user_name  text not null,
    client_id  text not null,
    primary key (user_name, client_id)
);
comment on table ops.steward is 'Who may decide on held deliveries and rejects of a client, as its profile says';

-- who is who among customers ------------------------------------------------------------------------

create schema if not exists matching;

create table if not exists matching.model (
    client_id   text not null,
    model_id    text not null,
    made_at     timestamptz not null default clock_timestamp(),
    parameters  jsonb not null,
    records     bigint not null,
    retired_at  timestamptz,
    primary key (client_id, model_id)
);
comment on table matching.model is 'By what a client''s customers are compared; one is in use, the others are history';
comment on column matching.model.records is 'Customers it was learnt from';

create table if not exists matching.record (
    client_id    text not null,
    source       text not null,
    customer_id  text not null,
    record_id    bigint not null,
    row_hash     uuid not null,
    keys         bigint[] not null,
    same_keys    bigint[] not null,
    primary key (client_id, source, customer_id)
);
comment on table matching.record is
    'Current customers that were compared, by the version that was; what is compared is made anew from core';
comment on column matching.record.record_id is 'Number within the client, as long as it is compared by one model';
comment on column matching.record.same_keys is 'Hashes of what the profile says makes two customers one';
create unique index if not exists record_number on matching.record (client_id, record_id);

create table if not exists matching.key (
    client_id    text not null,
    key          bigint not null,
    record_id    bigint not null,
    primary key (client_id, key, record_id)
);
comment on table matching.key is 'Customers that share a key are compared; a key is the hash of a part of the features';

create table if not exists matching.same_key (
    client_id    text not null,
    key          bigint not null,
    record_id    bigint not null,
    primary key (client_id, key, record_id)
);
comment on table matching.same_key is 'Customers that share one are the same, as the profile says';

create table if not exists matching.decision (
    decision_id        bigint generated always as identity primary key,
    client_id          text not null,
    left_source        text not null,
    left_customer_id   text not null,
    right_source       text not null,
    right_customer_id  text not null,
    verdict            text not null check (verdict in ('same', 'different')),
    person             text not null,
    reason             text not null,
    decided_at         timestamptz not null default clock_timestamp(),
    applied_at         timestamptz,
    revoked_at         timestamptz,
    revoked_by         text,
    revoked_reason     text
);
alter table matching.decision add column if not exists lapsed_at timestamptz;
comment on column matching.decision.lapsed_at is
    'When it was taken back since one of the customers had become somebody else; the pair waits until it is decided anew';
comment on column matching.decision.applied_at is
    'Since when golden records are as it says, or as if it had not been once it is revoked; null = from the next run on';
comment on table matching.decision is 'What stewards said of two customers; the newest that is not revoked counts, every night';
create index if not exists decision_of_client on matching.decision (client_id);

create table if not exists matching.workbook (
    workbook_id  bigint generated always as identity primary key,
    client_id    text not null,
    number       integer not null,
    token_hash   text not null unique,
    language     text not null,
    path         text not null,
    sha256       text not null,
    pairs        bigint not null,
    state        text not null default 'open' check (state in ('open', 'returned', 'replaced', 'closed')),
    made_at      timestamptz not null default clock_timestamp(),
    unique (client_id, number)
);
comment on table matching.workbook is 'Review workbooks: the pairs of customers of one client that wait for a steward';
comment on column matching.workbook.state is
    'open: waits for a steward; returned: decisions were taken from it; replaced: a newer one was made; '
    'closed: nothing waits any more';
comment on column matching.workbook.path is 'Below the outbox';

create table if not exists matching.workbook_pair (
    workbook_id        bigint not null references matching.workbook on delete cascade,
    sheet_row          bigint not null,
    token_hash         text not null,
    left_source        text not null,
    left_customer_id   text not null,
    left_hash          text not null,
    right_source       text not null,
    right_customer_id  text not null,
    right_hash         text not null,
    prints             text[] not null,
    primary key (workbook_id, sheet_row)
);
comment on table matching.workbook_pair is
    'Each pair of a review workbook: where it stands, the versions of both customers that it shows, no value';
comment on column matching.workbook_pair.prints is 'Salted hashes of the cells that must come back as they were sent';

create table if not exists matching.workbook_return (
    return_id    bigint generated always as identity primary key,
    client_id    text not null,
    workbook_id  bigint references matching.workbook on delete cascade,
    file_name    text not null,
    sha256       text not null,
    arrival_id   bigint,
    person       text,
    taken        bigint not null default 0,
    unchanged    bigint not null default 0,
    undecided    bigint not null default 0,
    left_out     text[] not null default '{}',
    refused      text,
    returned_at  timestamptz not null default clock_timestamp()
);
comment on table matching.workbook_return is 'Review workbooks that came back, and what was taken of each';
comment on column matching.workbook_return.left_out is 'Pairs whose decision was not taken, each with the reason';
create unique index if not exists workbook_return_arrival on matching.workbook_return (arrival_id);

create table if not exists core.clients_golden_members (
    client_id    text not null,
    source       text not null,
    customer_id  text not null,
    golden_id    text not null,
    linked_by    text not null check (linked_by in ('alone', 'rule', 'score', 'steward')),
    _known_from  timestamptz not null,
    _known_to    timestamptz,
    primary key (client_id, source, customer_id, _known_from)
);
comment on table core.clients_golden_members is 'Which customers are one: each version of what golden record a customer belongs to';
comment on column core.clients_golden_members.linked_by is
    'By what the customer was joined to the others: alone = to nobody; rule = keys the profile names; score; steward';
create unique index if not exists golden_member on core.clients_golden_members (client_id, source, customer_id)
    where _known_to is null;
create index if not exists golden_members_of on core.clients_golden_members (client_id, golden_id);

create table if not exists core.clients_matches (
    client_id          text not null,
    left_source        text not null,
    left_customer_id   text not null,
    right_source       text not null,
    right_customer_id  text not null,
    verdict            text not null check (verdict in ('merged', 'same', 'review', 'apart')),
    decided_by         text not null check (decided_by in ('rule', 'score', 'steward')),
    probability        double precision,
    reasons            jsonb not null default '[]',
    model_id           text,
    decision_id        bigint,
    _known_from        timestamptz not null,
    _known_to          timestamptz,
    primary key (client_id, left_source, left_customer_id, right_source, right_customer_id, _known_from)
);
comment on table core.clients_matches is 'Pairs of customers that may be one, and what was made of each: every version';
comment on column core.clients_matches.verdict is
    'merged: this pair joined two groups; same: both are of one golden record by way of others or of this pair too; '
    'review: a steward is asked; apart: they would be one but for a decision or rule against it';
comment on column core.clients_matches.reasons is
    'What was compared, strongest first: [{"what": "family_name", "how": "exact", "weight": 8.1}, …]; never a value';
create unique index if not exists customer_match on core.clients_matches
    (client_id, left_source, left_customer_id, right_source, right_customer_id) where _known_to is null;
create index if not exists customer_match_right on core.clients_matches (client_id, right_source, right_customer_id)
    where _known_to is null;

-- where files come from -----------------------------------------------------------------------------

create table if not exists ops.origin (
    client_id       text not null,
    origin          text not null,
    looked_at       timestamptz not null default clock_timestamp(),
    problem         text,
    problem_since   timestamptz,
    watermark       text,
    watermark_type  text,
    pending_file    text,
    primary key (client_id, origin)
);
comment on table ops.origin is 'How far each origin of a client is fetched, and what stands in the way';
comment on column ops.origin.watermark is 'Highest value of the watermark column in the rows fetched so far, as text';
comment on column ops.origin.pending_file is 'File a query began to write: a run that follows a killed one writes it again';

create table if not exists ops.fetched (
    fetched_id  bigint generated always as identity primary key,
    client_id   text not null,
    origin      text not null,
    url         text not null,
    path        text not null,
    size        bigint not null,
    mtime       timestamptz not null,
    tag         text not null default '',
    begun_at    timestamptz not null default clock_timestamp(),
    fetched_at  timestamptz
);
comment on table ops.fetched is 'Files brought into landing from an origin; each version of a file once';
comment on column ops.fetched.path is 'Below the client''s landing folder';
comment on column ops.fetched.mtime is 'At the origin, and of the file in landing';
comment on column ops.fetched.tag is 'Mark of the content at the origin (ETag), if it has one';
comment on column ops.fetched.fetched_at is 'Null: begun, and not known to be in place';
create index if not exists fetched_path on ops.fetched (client_id, origin, path);

-- arrivals and deliveries ---------------------------------------------------------------------------

create table if not exists ops.arrival (
    arrival_id  bigint generated always as identity primary key,
    client_id   text not null,
    path        text not null,
    size        bigint not null,
    mtime       timestamptz not null,
    sha256      text not null,
    seen_at     timestamptz not null default clock_timestamp(),
    unique (client_id, path, size, mtime, sha256)
);
comment on table ops.arrival is 'Files as seen in the landing folder; each is judged once';

create table if not exists ops.delivery (
    delivery_id       bigint generated always as identity primary key,
    client_id         text not null,
    feed              text not null,
    source            text not null,
    period            text,
    scope_period      text not null default '',
    kind              text not null check (kind in ('intake', 'correction', 'replay')),
    file_name         text not null,
    sha256            text not null,
    size              bigint not null,
    arrival_id        bigint references ops.arrival,
    file_groups       jsonb not null default '{}',
    received_at       timestamptz not null,
    registered_at     timestamptz not null default clock_timestamp(),
    moved_at          timestamptz not null default clock_timestamp(),
    published_at      timestamptz,
    state             text not null,
    verdict           text check (verdict in ('pass', 'pass_with_rejects', 'hold', 'fail')),
    attempt           integer not null default 1,
    rows_received     bigint,
    rows_loaded       bigint,
    rows_unchanged    bigint,
    rows_rejected     bigint,
    rows_skipped      bigint,
    rows_held         bigint,
    rows_closed       bigint,
    message           text,
    supersedes        bigint references ops.delivery,
    corrects          bigint references ops.delivery,
    submitted_by      text,
    inputs_hash       text not null,
    declaration_hash  text not null,
    content_hash      text,
    code_version      text
);
comment on table ops.delivery is 'What one received file says for one client, feed and period';
comment on column ops.delivery.scope_period is 'The period in period mode, else empty: part of the scope';
comment on column ops.delivery.published_at is '_known_from of the versions that its load wrote';
comment on column ops.delivery.rows_closed is 'Current versions of its scope that its load closed without a successor';
comment on column ops.delivery.content_hash is 'Hash of all row hashes and fates, in order';
alter table ops.delivery add column if not exists submitted_by text;
comment on column ops.delivery.submitted_by is 'Who handed in a correction; may not approve it';
alter table ops.delivery add column if not exists replays bigint references ops.delivery;
alter table ops.delivery add column if not exists taken_back_at timestamptz;
comment on column ops.delivery.replays is 'The first delivery of the archived original that it judges again';
comment on column ops.delivery.taken_back_at is
    'When a withdrawal took back what it had published; null: in effect, or never published';
create index if not exists delivery_replays on ops.delivery (replays) where replays is not null;
create index if not exists delivery_corrects on ops.delivery (corrects) where corrects is not null;
create unique index if not exists delivery_of_arrival on ops.delivery (arrival_id, feed, source) where kind = 'intake';
create index if not exists delivery_scope on ops.delivery (client_id, feed, source, scope_period);
create index if not exists delivery_open on ops.delivery (state)
    where state not in ('loaded', 'duplicate', 'returned', 'superseded', 'withdrawn');

create table if not exists ops.delivery_input (
    delivery_id  bigint not null references ops.delivery,
    role         text not null check (role in ('file', 'lookup', 'control')),
    name         text not null,
    path         text not null,
    sha256       text not null,
    primary key (delivery_id, role, name, path)
);
alter table ops.delivery_input drop constraint if exists delivery_input_role_check;
alter table ops.delivery_input add constraint delivery_input_role_check check (role in ('file', 'lookup', 'control'));

create table if not exists ops.delivery_amount (
    delivery_id       bigint not null references ops.delivery,
    column_name       text not null,
    currency          text not null,
    received          numeric not null default 0,
    loaded            numeric not null default 0,
    unchanged         numeric not null default 0,
    rejected          numeric not null default 0,
    skipped           numeric not null default 0,
    held              numeric not null default 0,
    unreadable_cells  bigint not null default 0,
    primary key (delivery_id, column_name, currency)
);
comment on table ops.delivery_amount is 'received = loaded + unchanged + rejected + skipped + held, per money column and currency; XXX = no currency';

create table if not exists ops.step_run (
    run_id       bigint generated always as identity primary key,
    delivery_id  bigint not null references ops.delivery,
    step         text not null,
    attempt      integer not null,
    started_at   timestamptz not null default clock_timestamp(),
    ended_at     timestamptz,
    outcome      text,
    rows         bigint,
    message      text,
    cpu_seconds  double precision
);
create index if not exists step_run_delivery on ops.step_run (delivery_id);

create table if not exists ops.rule_result (
    delivery_id  bigint not null references ops.delivery,
    attempt      integer not null,
    rule_id      text not null,
    rule_type    text not null,
    column_name  text,
    severity     text not null check (severity in ('critical', 'warning', 'info')),
    over         text not null default 'accepted' check (over in ('received', 'accepted')),
    evaluated    bigint not null,
    failed       bigint not null,
    success      boolean,
    mostly       double precision,
    observed     text,
    message      text,
    samples      jsonb not null default '[]',
    share        double precision,
    threshold    double precision,
    seconds      double precision,
    at           timestamptz not null default clock_timestamp(),
    primary key (delivery_id, attempt, rule_id)
);
alter table ops.rule_result add column if not exists share double precision;
alter table ops.rule_result add column if not exists threshold double precision;
alter table ops.rule_result add column if not exists seconds double precision;
alter table ops.rule_result add column if not exists at timestamptz not null default clock_timestamp();
comment on table ops.rule_result is 'What each rule came to, for each delivery and attempt';
comment on column ops.rule_result.success is 'Null: the rule had nothing to evaluate';
comment on column ops.rule_result.share is 'Failing share of the rows it was evaluated on, 0 to 1; null when nothing was evaluated';
comment on column ops.rule_result.threshold is 'Largest share that does not hold the delivery (1 - mostly; 0 = hold at the first); null: no own bound';
comment on column ops.rule_result.seconds is 'Row rules: CPU seconds spent on the rule over all chunks, the conversion of a chunk left out; set rules: seconds its queries took (rules measured together share them evenly); null: counted on the way';

create table if not exists ops.control_total (
    delivery_id  bigint not null references ops.delivery,
    name         text not null,
    promised     numeric,
    measured     numeric,
    ok           boolean not null,
    primary key (delivery_id, name)
);

create table if not exists ops.declaration (
    sha256         text primary key,
    kind           text not null check (kind in ('contract', 'profile', 'suite', 'client_suite', 'code')),
    name           text not null,
    text           text not null,
    first_seen_at  timestamptz not null default clock_timestamp()
);

alter table ops.declaration drop constraint if exists declaration_kind_check;
alter table ops.declaration add constraint declaration_kind_check
    check (kind in ('contract', 'profile', 'suite', 'client_suite', 'code'));

create table if not exists ops.delivery_declaration (
    delivery_id  bigint not null references ops.delivery,
    kind         text not null,
    sha256       text not null references ops.declaration,
    primary key (delivery_id, kind)
);

create table if not exists ops.layout (
    delivery_id  bigint primary key references ops.delivery,
    layout       jsonb not null,
    listed       jsonb,
    unread       jsonb not null default '[]',
    against      bigint references ops.delivery,
    changes      jsonb not null default '[]',
    at           timestamptz not null default clock_timestamp()
);
comment on table ops.layout is 'How each file was laid out; that of the newest accepted delivery is what the next is compared with';
comment on column ops.layout.listed is 'The layout that the profile listed when the file was read';
comment on column ops.layout.unread is 'Columns that the profile neither read nor ignored';
comment on column ops.layout.against is 'The delivery it was compared with; null: the list of the profile, or nothing';

create table if not exists ops.unmatched_file (
    client_id      text not null,
    path           text not null,
    size           bigint not null,
    mtime          timestamptz not null,
    first_seen_at  timestamptz not null default clock_timestamp(),
    last_seen_at   timestamptz not null default clock_timestamp(),
    reason         text,
    primary key (client_id, path)
);
alter table ops.unmatched_file add column if not exists reason text;
comment on column ops.unmatched_file.reason is 'Why the file cannot be taken at all; null when merely nobody named it';

create table if not exists ops.approval (
    approval_id  bigint generated always as identity primary key,
    delivery_id  bigint not null references ops.delivery,
    decision     text not null check (decision in ('approve', 'return')),
    hash         text not null,
    person       text not null,
    reason       text not null,
    at           timestamptz not null default clock_timestamp()
);

create table if not exists ops.approval_request (
    request_id   bigint generated always as identity primary key,
    delivery_id  bigint not null references ops.delivery,
    attempt      integer not null,
    hash         text not null,
    asked_at     timestamptz not null default clock_timestamp(),
    expires_at   timestamptz not null,
    asked_in     text not null,
    answer       text check (answer in ('approve', 'return')),
    answered_by  text,
    answered_at  timestamptz,
    reason       text,
    ended_at     timestamptz,
    outcome      text check (outcome in ('approved', 'returned', 'refused', 'lapsed', 'timed out')),
    message      text
);
alter table ops.approval_request add column if not exists answer text check (answer in ('approve', 'return'));
alter table ops.approval_request add column if not exists answered_by text;
alter table ops.approval_request add column if not exists answered_at timestamptz;
alter table ops.approval_request add column if not exists reason text;
alter table ops.approval_request add column if not exists message text;
create unique index if not exists approval_request_open on ops.approval_request (delivery_id) where ended_at is null;
create index if not exists approval_request_run on ops.approval_request (asked_in);
comment on table ops.approval_request is 'Held deliveries that a steward was asked about, and what became of the question';
comment on column ops.approval_request.hash is 'What was shown; an answer counts for this only';
comment on column ops.approval_request.asked_in is 'The run that asks';
comment on column ops.approval_request.answer is 'The first answer; it is checked before anything follows from it';
comment on column ops.approval_request.answered_by is 'Null beside an answer: nobody answered in time';
comment on column ops.approval_request.message is 'Why it ended as it did';

create table if not exists ops.expected_delivery (
    client_id    text not null,
    feed         text not null,
    source       text not null,
    due_at       timestamptz not null,
    period       text,
    state        text not null check (state in ('expected', 'arrived', 'late', 'missing')),
    delivery_id  bigint references ops.delivery,
    arrived_at   timestamptz,
    noted_at     timestamptz not null default clock_timestamp(),
    looked_at    timestamptz,
    primary key (client_id, feed, source, due_at)
);
alter table ops.expected_delivery add column if not exists looked_at timestamptz;
comment on table ops.expected_delivery is 'Deliveries that the profiles promise, and whether they came: one line per deadline';
comment on column ops.expected_delivery.state is
    'expected: not due, or not looked for since; arrived: in time; late: after the deadline; missing: not there';
comment on column ops.expected_delivery.noted_at is 'When its state was last found to have changed';
comment on column ops.expected_delivery.looked_at is
    'End of the first look at the landing folder after the deadline: what was seen later came later';

create table if not exists ops.letter (
    client_id   text not null,
    night       date not null,
    connection  text not null,
    state       text not null check (state in ('begun', 'sent', 'failed')),
    language    text not null,
    subject     text not null,
    body        text not null,
    facts_hash  text not null,
    begun_at    timestamptz not null default clock_timestamp(),
    sent_at     timestamptz,
    problem     text,
    told        text[] not null default '{}',
    primary key (client_id, night, connection)
);
alter table ops.letter add column if not exists told text[] not null default '{}';
comment on table ops.letter is 'What each client was told of each night, once per connection';
comment on column ops.letter.state is
    'begun: about to be sent, or the run was killed while it was, then the next run sends it again; sent; failed';
comment on column ops.letter.told is 'The events it tells of, so that no later letter tells them again';

create table if not exists ops.model_run (
    build_id  text not null,
    cut_off   timestamptz not null,
    model     text not null,
    status    text not null,
    rows      bigint,
    seconds   double precision,
    message   text,
    at        timestamptz not null default clock_timestamp(),
    primary key (build_id, model)
);

create table if not exists ops.mart_state (
    only_one      boolean primary key default true check (only_one),
    build_id      text not null,
    cut_off       timestamptz not null,
    project_hash  text not null,
    clients       jsonb not null,
    shapes        jsonb not null,
    unfinished    boolean not null default false
);
alter table ops.mart_state add column if not exists behind jsonb not null default '{}';
comment on table ops.mart_state is 'The build that the marts stand at: the next one makes anew what has changed since';
comment on column ops.mart_state.project_hash is 'Models, tests and the code that runs them; with others all is made anew';
comment on column ops.mart_state.clients is 'What marts took from each client''s profile: a hash of it and of its date at the cut-off';
comment on column ops.mart_state.shapes is 'Hash of each mart''s columns, indexes, policies and grants as they were published';
comment on column ops.mart_state.behind is
    'Clients whose rows a test found fault with: since when they stay as they were, and the marts that have none of them';
comment on column ops.mart_state.unfinished is 'A build began since and was not published; the next one makes all anew';

-- audit: every entry carries the hash of the one before it -------------------------------------------

create table if not exists ops.audit (
    entry_id     bigint generated always as identity primary key,
    audit_id     bigint unique,
    at           timestamptz not null,
    actor        text not null,
    db_user      text not null,
    action       text not null,
    delivery_id  bigint,
    old_state    text,
    new_state    text,
    attempt      integer,
    detail       jsonb not null default '{}',
    prev_hash    text,
    hash         text
);
comment on table ops.audit is 'Who did what; numbered without gaps, hash-chained, insert only';
comment on column ops.audit.audit_id is 'Place in the chain; like the hashes it is given when the transaction commits';
create index if not exists audit_delivery on ops.audit (delivery_id);

create or replace function ops.audit_hash(entry ops.audit) returns text
language sql stable set search_path = pg_catalog as $$
    select encode(sha256(convert_to(jsonb_build_array(
        entry.prev_hash, entry.audit_id, extract(epoch from entry.at)::text, entry.actor, entry.db_user, entry.action,
        entry.delivery_id, entry.old_state, entry.new_state, entry.attempt, entry.detail
    )::text, 'UTF8')), 'hex')
$$;

create or replace function ops.audit_stamp() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    new.at := clock_timestamp();
    new.db_user := session_user;
    new.audit_id := null;
    new.prev_hash := null;
    new.hash := null;
    return new;
end $$;

-- The chain needs one writer at a time. Linking at commit keeps that lock for the moment of the commit only, not for
-- the minutes that a transaction with an early entry may take.
create or replace function ops.audit_link() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    last record;
    entry ops.audit;
begin
    perform pg_advisory_xact_lock(hashtextextended('ops.audit', 0));
    select audit_id, hash into last from ops.audit where audit_id is not null order by audit_id desc limit 1;
    select * into strict entry from ops.audit where entry_id = new.entry_id;
    entry.audit_id := coalesce(last.audit_id, 0) + 1;
    entry.prev_hash := coalesce(last.hash, '');
    update ops.audit set audit_id = entry.audit_id, prev_hash = entry.prev_hash, hash = ops.audit_hash(entry)
    where entry_id = entry.entry_id;
    return null;
end $$;

create or replace function ops.audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only: % refused', lower(tg_op) using errcode = 'insufficient_privilege';
end $$;

create or replace trigger audit_stamp before insert on ops.audit for each row execute function ops.audit_stamp();
create or replace trigger audit_refuse_update before update on ops.audit
    for each row when (old.hash is not null) execute function ops.audit_refuse();
create or replace trigger audit_refuse_delete before delete on ops.audit
    for each row execute function ops.audit_refuse();
create or replace trigger audit_refuse_truncate before truncate on ops.audit
    for each statement execute function ops.audit_refuse();
do $$
begin
    if not exists (select from pg_trigger where tgrelid = 'ops.audit'::regclass and tgname = 'audit_link') then
        create constraint trigger audit_link after insert on ops.audit deferrable initially deferred
            for each row execute function ops.audit_link();
    end if;
end $$;

-- quarantine ------------------------------------------------------------------------------------------

create table if not exists quarantine.row (
    delivery_id  bigint not null references ops.delivery,
    row_number   bigint not null,
    row_part     integer not null,
    cells        jsonb not null,
    amounts      jsonb not null default '{}',
    currencies   jsonb not null default '{}',
    row_hash     text,
    key_hash     text,
    primary key (delivery_id, row_number, row_part)
);
alter table quarantine.row add column if not exists key_hash text;
comment on table quarantine.row is 'Each rejected row once: its cells as received, and its readable amounts';
comment on column quarantine.row.key_hash is 'Hash of the business key: the same row in another delivery; null when the key cannot be read';

create table if not exists quarantine.reject (
    reject_id      bigint generated always as identity primary key,
    delivery_id    bigint not null references ops.delivery,
    client_id      text,
    row_number     bigint not null,
    row_part       integer not null,
    rule_id        text not null,
    column_name    text,
    value          text,
    message        text not null,
    severity       text not null default 'critical' check (severity in ('critical', 'warning', 'info')),
    state          text not null default 'open',
    owner          text not null default 'client' check (owner in ('client', 'us')),
    cause_code     text not null default 'implausible',
    opened_at      timestamptz not null default clock_timestamp(),
    resolved_by    text,
    resolved_at    timestamptz,
    decision_id    bigint,
    superseded_by  bigint
);
alter table quarantine.reject add column if not exists owner text not null default 'client';
alter table quarantine.reject add column if not exists cause_code text not null default 'implausible';
alter table quarantine.reject add column if not exists opened_at timestamptz not null default clock_timestamp();
alter table quarantine.reject add column if not exists decision_id bigint;
alter table quarantine.reject add column if not exists superseded_by bigint;
alter table quarantine.reject drop constraint if exists reject_state_check;
alter table quarantine.reject add constraint reject_state_check
    check (state in ('open', 'corrected', 'waived', 'written_off', 'superseded', 'withdrawn')) not valid;
comment on table quarantine.reject is 'Every reason why a row was kept out or flagged; personal values are masked';
comment on column quarantine.reject.owner is 'Who has to act: the client, or us';
comment on column quarantine.reject.resolved_by is 'Person, or the delivery that brought the row';
comment on column quarantine.reject.opened_at is
    'Since when the row is kept out by the rule: a newer delivery with the same fault keeps the day of the first';
comment on column quarantine.reject.decision_id is 'The waiver or write-off that closed it';
comment on column quarantine.reject.superseded_by is
    'The newer delivery of the scope that speaks for the row, whatever the state; null: this one still does';
create index if not exists reject_row on quarantine.reject (delivery_id, row_number, row_part);
create index if not exists reject_open on quarantine.reject (client_id, delivery_id) where state = 'open';
create index if not exists reject_newest on quarantine.reject (delivery_id) where superseded_by is null;

create table if not exists quarantine.left_out (
    delivery_id  bigint not null references ops.delivery,
    row_number   bigint not null,
    row_part     integer not null,
    rule_id      text not null,
    column_name  text not null,
    row_hash     uuid not null,
    primary key (delivery_id, row_number, row_part, column_name)
);
comment on table quarantine.left_out is
    'Wrong values without which rows were taken, of deliveries that speak for their scope; no value is kept here';
comment on column quarantine.left_out.row_hash is
    'Of the row without them: while core has it, the value is still to be corrected';

create table if not exists quarantine.decision (
    decision_id   bigint generated always as identity primary key,
    kind          text not null check (kind in ('waive', 'write_off')),
    client_id     text not null,
    feed          text not null,
    source        text not null,
    period        text not null default '',
    rule_id       text not null,
    key_hash      text,
    delivery_id   bigint not null references ops.delivery,
    row_number    bigint not null,
    row_part      integer not null,
    reason        text not null,
    person        text not null,
    amount_limit  numeric,
    decided_at    timestamptz not null default clock_timestamp(),
    expires_at    timestamptz not null,
    lapsed_at     timestamptz
);
comment on table quarantine.decision is
    'Rules that somebody lets one row break (waive), and rows whose absence somebody accepts (write off)';
comment on column quarantine.decision.key_hash is 'It counts for this row in later deliveries of the scope, too';
comment on column quarantine.decision.amount_limit is 'Counts only while no money amount of the row is above it, major units';
comment on column quarantine.decision.lapsed_at is 'When it was found to have expired; its rejects were opened again';
create index if not exists decision_row on quarantine.decision (client_id, feed, source, key_hash);
create index if not exists decision_address on quarantine.decision (delivery_id, row_number, row_part);

create table if not exists quarantine.workbook (
    workbook_id  bigint generated always as identity primary key,
    delivery_id  bigint not null references ops.delivery,
    number       integer not null,
    token_hash   text not null unique,
    language     text not null,
    path         text not null,
    sha256       text not null,
    rows         bigint not null,
    state        text not null default 'open' check (state in ('open', 'returned', 'replaced', 'closed')),
    made_at      timestamptz not null default clock_timestamp(),
    returned_as  bigint references ops.delivery,
    unique (delivery_id, number)
);
comment on table quarantine.workbook is 'Correction workbooks: the open rejects of one delivery, to be filled in by the client';
comment on column quarantine.workbook.state is
    'open: waits for the client; returned: taken in; replaced: a newer one was made; closed: nothing is left to correct';
comment on column quarantine.workbook.path is 'Below the outbox';

create table if not exists quarantine.workbook_row (
    workbook_id  bigint not null references quarantine.workbook,
    sheet_row    bigint not null,
    token_hash   text not null,
    row_number   bigint not null,
    cells        jsonb not null,
    primary key (workbook_id, sheet_row)
);
comment on table quarantine.workbook_row is 'Each record of a workbook: where it stands, which record of the delivery it is, its cells as sent';

-- history guard of the core tables ---------------------------------------------------------------------

create or replace function ops.refuse_history_change() returns trigger language plpgsql as $$
begin
    raise exception 'history of % is append-only: % of a version refused', tg_relid::regclass, lower(tg_op)
        using errcode = 'insufficient_privilege';
end $$;

create or replace trigger history before update on core.clients_golden_members for each row
    when (old._known_to is not null or new._known_to is null) execute function ops.refuse_history_change();
create or replace trigger history_delete before delete on core.clients_golden_members for each row
    when (coalesce(current_setting('kontor.erasure', true), '') <> 'on') execute function ops.refuse_history_change();
create or replace trigger history before update on core.clients_matches for each row
    when (old._known_to is not null or new._known_to is null) execute function ops.refuse_history_change();
create or replace trigger history_delete before delete on core.clients_matches for each row
    when (coalesce(current_setting('kontor.erasure', true), '') <> 'on') execute function ops.refuse_history_change();

-- Stock at moving average cost, as a window aggregate over the movements of a product in their order: quantity on hand,
-- its value, the average cost of a unit. An inflow without an amount makes the value unknown until nothing is left. What
-- is taken beyond what is there goes out at the average so far; the next inflow values what it leaves by its own cost.
create or replace function ops.stock_after(stock numeric[], quantity numeric, amount numeric) returns numeric[]
language plpgsql immutable set search_path = pg_catalog as $$
declare
    rest numeric := stock[1] + quantity;
begin
    if coalesce(quantity, 0) = 0 then
        return stock;
    elsif quantity > 0 and stock[1] >= 0 then
        return array[rest, stock[2] + amount, (stock[2] + amount) / rest];
    elsif quantity > 0 then
        return array[rest, rest * (amount / quantity), amount / quantity];
    elsif rest > 0 then
        return array[rest, round(stock[2] * rest / stock[1], 10), stock[3]];
    elsif rest = 0 then
        return array[0, 0, stock[3]];
    end if;
    return array[rest, rest * stock[3], stock[3]];
end $$;
create or replace aggregate ops.moving_stock(quantity numeric, amount numeric) (
    sfunc = ops.stock_after, stype = numeric[], initcond = '{0,0,null}'
);
comment on aggregate ops.moving_stock(numeric, numeric) is 'Quantity, value and average cost after each movement';

-- erasure ------------------------------------------------------------------------------------------------

create table if not exists ops.erasure (
    erasure_id   bigint generated always as identity primary key,
    client_id    text not null,
    source       text not null,
    customer_id  text not null,
    person       text not null,
    reason       text not null,
    erased_at    timestamptz not null default clock_timestamp(),
    finished_at  timestamptz,
    counts       jsonb not null default '{}',
    originals    bigint[] not null default '{}'
);
comment on table ops.erasure is 'Tombstones: customers of whom everything was erased, by whom, why and how much; no value';
comment on column ops.erasure.finished_at is 'Null: begun; the same command again brings it to its end';
comment on column ops.erasure.counts is 'Table or kind of file → rows or files that are gone';
comment on column ops.erasure.originals is
    'Deliveries whose archived originals were deleted with it: their rows cannot be explained or replayed any more';
create index if not exists erasure_of on ops.erasure (client_id, source, customer_id);
