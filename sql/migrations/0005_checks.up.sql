alter table nsi.edition
    add column version text not null default '',
    add column issued date;
comment on column nsi.edition.version is 'Номер редакции из заголовка пакета (zglv/version); пусто – справочник территории';
comment on column nsi.edition.issued is 'Дата редакции из заголовка пакета (zglv/date)';

create schema checks;
comment on schema checks is 'Редакции справочников правил контроля: что предложено, что введено в действие, кем и почему';

create table checks.edition (
    id            bigint generated always as identity primary key,
    dictionary    text        not null,
    version       text        not null,
    issued        date,
    nsi_edition   bigint      not null unique references nsi.edition,
    package       bigint      references exchange.package,
    packet_sha256 text        not null check (length(packet_sha256) = 64),
    suites        json        not null, -- not jsonb, which would reorder the columns' types
    suites_sha256 text        not null check (length(suites_sha256) = 64),
    report_sha256 text        check (length(report_sha256) = 64),
    proposed_at   timestamptz not null default now(),
    state         text        not null default 'proposed' check (state in ('proposed', 'enabled', 'withdrawn')),
    enabled_from  date,
    check (state <> 'enabled' or enabled_from is not null)
);
comment on table checks.edition is 'Редакции Q015, Q016, Q022, Q023, скомпилированные в наборы проверок';
comment on column checks.edition.nsi_edition is 'Записи справочника, из которых скомпилированы наборы';
comment on column checks.edition.package is 'Пакет, с которым редакция поступила';
comment on column checks.edition.packet_sha256 is 'SHA-256 пакета с редакцией, как он пришёл';
comment on column checks.edition.suites is 'Наборы в JSON Great Expectations и правила, которые не исполняются';
comment on column checks.edition.report_sha256 is 'SHA-256 отчёта о редакции в хранилище';
comment on column checks.edition.state is 'proposed – предложена, enabled – введена в действие, withdrawn – отозвана';
comment on column checks.edition.enabled_from is 'Первый отчётный день, который проверяется по этой редакции';
create index edition_in_force on checks.edition (enabled_from, id) where state = 'enabled';

-- Decisions are the only way to change the state of an edition; they stay, and each is an event of the journal's chain.
create table checks.decision (
    id           bigint generated always as identity primary key,
    edition      bigint      not null references checks.edition,
    state        text        not null check (state in ('enabled', 'withdrawn')),
    enabled_from date,
    decided_by   text        not null check (decided_by <> ''),
    decided_at   timestamptz not null default now(),
    reason       text        not null check (reason <> ''),
    check ((state = 'enabled') = (enabled_from is not null))
);
comment on table checks.decision is 'Решения о введении и отзыве редакций: кто, когда, с какого дня, почему';
create index decision_of_edition on checks.decision (edition, id);

create function checks.decide() returns trigger language plpgsql as $$
begin
    update checks.edition set state = new.state, enabled_from = new.enabled_from where id = new.edition;
    insert into exchange.event (seq, package, at, name, actor, details, previous, hash)
    select 0, null, new.decided_at, 'RULES_' || upper(new.state), new.decided_by,
           jsonb_build_object('edition', e.id, 'dictionary', e.dictionary, 'version', e.version, 'issued', e.issued,
                              'suites_sha256', e.suites_sha256, 'enabled_from', new.enabled_from, 'reason', new.reason),
           '', ''
    from checks.edition e where e.id = new.edition;
    return new;
end $$;
create trigger decide after insert on checks.decision for each row execute function checks.decide();

create function checks.forbid_change() returns trigger language plpgsql as $$
begin
    raise exception 'checks.decision is append-only';
end $$;
create trigger append_only before update or delete on checks.decision
    for each row execute function checks.forbid_change();

grant usage on schema checks to oms_operator, oms_auditor;
grant select on all tables in schema checks to oms_operator, oms_auditor;
