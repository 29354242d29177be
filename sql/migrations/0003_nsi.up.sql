create schema nsi;
comment on schema nsi is 'Справочники НСИ с датами действия, по редакциям';

create table nsi.edition (
    id          bigint generated always as identity primary key,
    dictionary  text        not null,
    title       text        not null,
    loaded_at   timestamptz not null default now(),
    source      text        not null,
    sha256      text        not null,
    unique (dictionary, sha256)
);
comment on table nsi.edition is 'Редакции справочников; действует последняя загруженная';
comment on column nsi.edition.sha256 is 'SHA-256 содержимого: повторная загрузка той же редакции ничего не меняет';

create table nsi.entry (
    edition     bigint  not null references nsi.edition on delete cascade,
    row         integer not null,
    fields      jsonb   not null,
    valid_from  date,
    valid_to    date,
    primary key (edition, row)
);
comment on table nsi.entry is 'Записи справочников; поля названы, как в приказах';
comment on column nsi.entry.valid_from is 'Первый день действия (DATEBEG), пусто – не ограничено';
comment on column nsi.entry.valid_to is 'Последний день действия (DATEEND), пусто – не ограничено';

grant usage on schema nsi to oms_operator, oms_auditor;
grant select on all tables in schema nsi to oms_operator, oms_auditor;
