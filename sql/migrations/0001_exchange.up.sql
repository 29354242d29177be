create schema exchange;

do $$
declare role_name text;
begin
    foreach role_name in array array['oms_operator', 'oms_auditor', 'oms_organisation'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
        execute format('grant %I to current_user', role_name);
    end loop;
end $$;

create table exchange.organisation (
    code text primary key,
    kind text not null check (kind in ('МО', 'СМО', 'ТФОМС')),
    name text not null,
    short_name text not null,
    mnemonic text not null unique,
    login text not null unique,
    valid_from date not null,
    valid_until date
);

create table exchange.trusted_address (
    address text primary key check (address = lower(address)),
    organisation text not null references exchange.organisation on delete cascade
);

-- What lies in the channels and is not ready yet: marks that must hold still, and since when they do.
create table exchange.sighting (
    channel text not null,
    key text not null,
    marks text not null,
    polls integer not null,
    since timestamptz not null,
    primary key (channel, key)
);

create table exchange.package (
    id bigint generated always as identity primary key,
    channel text not null,
    source_key text not null,
    sender text references exchange.organisation,
    address text not null,
    name text not null,
    reference text,
    attached boolean not null default true,
    incomplete boolean not null default false,
    sha256 text not null check (length(sha256) = 64),
    size bigint not null,
    received_at timestamptz not null,
    kind text,
    subsystem text not null default '',
    number text,
    state text not null default 'RECEIVED' check (state in ('RECEIVED', 'ANSWERED', 'FAILED')),
    result text check (result in ('ACCEPTED', 'PARTIAL', 'REJECTED', 'DUPLICATE', 'QUARANTINED')),
    duplicate_of bigint references exchange.package,
    period date,
    records integer,
    accepted integer,
    findings integer,
    sums jsonb not null default '{}',
    answered_at timestamptz,
    attempts integer not null default 0,
    due_at timestamptz,
    last_error text,
    purged_at timestamptz,
    unique (channel, source_key),
    check ((state = 'ANSWERED') = (result is not null))
);
create index package_waiting on exchange.package (subsystem, id) where state <> 'ANSWERED';
create index package_same on exchange.package (sender, name, sha256);
create index package_number on exchange.package (sender, kind, number) where result in ('ACCEPTED', 'PARTIAL');
create index package_received on exchange.package (received_at);

create table exchange.member (
    package bigint not null references exchange.package,
    role text not null,
    name text not null,
    size bigint not null,
    sha256 text not null,
    primary key (package, role)
);

create table exchange.finding (
    package bigint not null,
    ordinal integer not null,
    member text not null,
    rule text not null,
    severity text not null,
    element text not null,
    base text not null,
    n_zap text,
    idcase text,
    sl_id text,
    idserv text,
    id_pac text,
    value text,
    message text not null,
    byte_offset bigint,
    primary key (package, ordinal)
);

create table exchange.outgoing (
    id bigint generated always as identity primary key,
    package bigint references exchange.package,
    channel text not null,
    address text not null,
    name text not null,
    sha256 text not null,
    size bigint not null,
    subject text not null,
    body text not null,
    reference text,
    created_at timestamptz not null,
    sent_at timestamptz,
    attempts integer not null default 0,
    due_at timestamptz not null,
    unique (package, channel, address, name)
);
create index outgoing_waiting on exchange.outgoing (due_at) where sent_at is null;
create index outgoing_name on exchange.outgoing (channel, address, name);

-- Append-only, each row carrying the hash of the one before.
create table exchange.event (
    seq bigint primary key,
    package bigint,
    at timestamptz not null,
    name text not null,
    actor text not null,
    details jsonb not null,
    previous text not null,
    hash text not null
);
create index event_package on exchange.event (package, seq);
create index event_at on exchange.event (at);

create function exchange.chain_event() returns trigger language plpgsql as $$
declare last record;
begin
    perform pg_advisory_xact_lock(hashtext('exchange.event'));
    select seq, hash into last from exchange.event order by seq desc limit 1;
    new.seq := coalesce(last.seq, 0) + 1;
    new.previous := coalesce(last.hash, repeat('0', 64));
    new.hash := encode(sha256(convert_to(concat_ws(E'\n',
        new.previous, new.seq::text, coalesce(new.package::text, ''),
        to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        new.name, new.actor, new.details::text), 'UTF8')), 'hex');
    return new;
end $$;
create trigger chain before insert on exchange.event for each row execute function exchange.chain_event();

create function exchange.forbid_change() returns trigger language plpgsql as $$
begin
    raise exception 'exchange.event is append-only';
end $$;
create trigger append_only before update or delete on exchange.event
    for each row execute function exchange.forbid_change();
create trigger append_only_whole before truncate on exchange.event
    for each statement execute function exchange.forbid_change();

grant usage on schema exchange to oms_operator, oms_auditor, oms_organisation;
grant select on all tables in schema exchange to oms_operator, oms_auditor;
grant select on exchange.package, exchange.member, exchange.finding, exchange.outgoing, exchange.event to oms_organisation;

alter table exchange.package enable row level security;
alter table exchange.member enable row level security;
alter table exchange.finding enable row level security;
alter table exchange.outgoing enable row level security;
alter table exchange.event enable row level security;

create policy whole on exchange.package for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.member for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.finding for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.outgoing for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.event for select to oms_operator, oms_auditor using (true);

create policy own on exchange.package for select to oms_organisation
    using (sender = current_setting('oms.organisation', true));
create policy own on exchange.member for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
create policy own on exchange.finding for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
create policy own on exchange.outgoing for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
create policy own on exchange.event for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
