-- Control and payment of a report month (kind month) and of the registers of a day (kind day): what went in, what came out.
create table pump.closing (
    id bigint generated always as identity primary key,
    period date not null check (extract(day from period) = 1),
    kind text not null check (kind in ('month', 'day')),
    state text not null default 'FROZEN' check (state in
        ('FROZEN', 'GATHERED', 'CONTROLLED', 'SETTLED', 'PACKED', 'APPROVED', 'DELIVERED', 'REJECTED')),
    act_number text not null,
    act_date date not null,
    frozen_at timestamptz not null,
    packages bigint[] not null,
    fresh bigint[] not null,
    acts bigint[] not null default '{}',
    editions bigint[] not null,
    earlier bigint[] not null,
    terms_sha256 text not null check (length(terms_sha256) = 64),
    decisions_sha256 text,
    lines_sha256 text,
    decided_by text,
    decided_at timestamptz,
    reason text
);
comment on table pump.closing is 'Закрытие отчётного месяца (month) и контроль реестров дня (day)';
comment on column pump.closing.packages is 'Пакеты, случаи которых вошли; fresh – те, на которые отвечает контроль дня';
comment on column pump.closing.acts is 'Пакеты актов страховых компаний, санкции которых удерживаются';
comment on column pump.closing.editions is 'Редакции справочников, по которым считалось';
comment on column pump.closing.earlier is 'Закрытия прошлых месяцев, решения которых – история оплаты';
comment on column pump.closing.terms_sha256 is 'Выбор территории (month.yaml), как он лежит в хранилище';
-- A month is closed once; a rejected closing opens it again.
create unique index closing_period on pump.closing (period) where kind = 'month' and state <> 'REJECTED';

-- Inputs that may change later: whom the register of the insured named, what the suites of МЭК found, what is to be deducted.
create table pump.identified (
    closing bigint not null references pump.closing on delete cascade,
    package bigint not null,
    "row" integer not null,
    person bigint,
    found text not null,
    payer text,
    by text,
    attached text,
    primary key (closing, package, "row")
);
create table pump.mek_finding (
    closing bigint not null references pump.closing on delete cascade,
    package bigint not null,
    ordinal integer not null,
    member text not null,
    rule text not null,
    severity text not null,
    "table" text not null,
    "row" integer not null,
    element text not null,
    value text,
    message text not null,
    primary key (closing, package, ordinal)
);
create table pump.due (
    closing bigint not null references pump.closing on delete cascade,
    ordinal integer not null,
    payer text not null,
    code_mo text not null,
    what text not null check (what in ('advance', 'debt', 'sanction', 'fine')),
    act text not null,
    date date not null,
    amount bigint not null check (amount >= 0),
    withheld bigint,
    rest bigint,
    primary key (closing, ordinal)
);
comment on table pump.due is 'Что удерживается при расчёте, копейки: rest переходит на следующий месяц';

-- Outputs. Money in kopecks.
create table pump.decision (
    closing bigint not null references pump.closing on delete cascade,
    package bigint not null,
    "row" integer not null,
    kind text not null,
    code_mo text not null,
    idcase bigint,
    person bigint,
    payer text,
    due bigint,
    usl_ok smallint,
    sumv bigint not null,
    oplata smallint not null check (oplata in (1, 2, 3)),
    sump bigint not null,
    sank_it bigint not null,
    primary key (closing, package, "row"),
    check (sump + sank_it = sumv)
);
create index decision_case on pump.decision (code_mo, idcase);
create index decision_person on pump.decision (person, closing);
comment on table pump.decision is 'Решение по каждому случаю: row – строка ZAP в реестре пакета';
comment on column pump.decision.due is 'Цена по тарифному соглашению; пусто – тарифа нет';

create table pump.price (
    closing bigint not null references pump.closing on delete cascade,
    package bigint not null,
    "row" integer not null,
    way text not null,
    due bigint,
    n_ksg text,
    fault text not null,
    primary key (closing, package, "row")
);
comment on table pump.price is 'Цена каждого случая (SL): row – строка SL в реестре пакета';

create table pump.hit (
    closing bigint not null references pump.closing on delete cascade,
    ordinal integer not null,
    package bigint not null,
    "row" integer not null,
    visit_row integer,
    service_row integer,
    stage text not null,
    code text not null,
    osn text not null,
    rule text not null,
    amount bigint not null,
    applied bigint not null,
    other_package bigint,
    other_row integer,
    other_ref text not null,
    detail text not null,
    primary key (closing, ordinal)
);
create index hit_case on pump.hit (closing, package, "row");
comment on table pump.hit is 'Все основания МЭК; applied – сколько копеек удержано по нему (0 – не применено)';

create table pump.sanction (
    closing bigint not null references pump.closing on delete cascade,
    ordinal integer not null,
    package bigint not null,
    "row" integer not null,
    visit_row integer,
    whole boolean not null,
    s_code text not null,
    s_sum bigint not null,
    s_osn text not null,
    s_com text not null,
    hit integer not null,
    primary key (closing, ordinal)
);
create index sanction_case on pump.sanction (closing, package, "row");

create table pump.volume (
    closing bigint not null references pump.closing on delete cascade,
    code_mo text not null,
    unit text not null,
    quantity bigint not null,
    money bigint not null,
    primary key (closing, code_mo, unit)
);
comment on table pump.volume is 'Принятые объёмы месяца: quantity – сотые доли единицы, money – копейки';

create table pump.line (
    closing bigint not null references pump.closing on delete cascade,
    payer text not null,
    code_mo text not null,
    accepted_1 bigint not null,
    accepted_2 bigint not null,
    accepted_3 bigint not null,
    accepted_4 bigint not null,
    capita bigint not null,
    result bigint not null,
    stations bigint not null,
    ambulance bigint not null,
    gross bigint not null,
    advance bigint not null,
    debt bigint not null,
    sanction bigint not null,
    fine bigint not null,
    payable bigint not null check (payable >= 0),
    carried bigint not null,
    primary key (closing, payer, code_mo),
    check (gross = accepted_1 + accepted_2 + accepted_3 + accepted_4 + capita + result + stations + ambulance),
    check (payable = gross - advance - debt - sanction - fine)
);
comment on table pump.line is 'Расчёт плательщика с организацией за месяц, копейки';

create table pump.document (
    closing bigint not null references pump.closing on delete cascade,
    ordinal integer not null,
    kind text not null,
    recipient text,
    payer text,
    code_mo text,
    name text not null,
    title text not null,
    sha256 text not null check (length(sha256) = 64),
    size bigint not null,
    primary key (closing, ordinal),
    unique (closing, recipient, name)
);
comment on table pump.document is 'Документы и пакеты оплаты закрытия; recipient – кому отправляется, пусто – остаётся в фонде';

grant select on all tables in schema pump to oms_operator, oms_auditor;
grant select on pump.closing, pump.decision, pump.sanction, pump.hit, pump.line, pump.due, pump.document to oms_organisation;

do $$
declare name text;
begin
    foreach name in array array['decision', 'line', 'due', 'document', 'sanction', 'hit'] loop
        execute format('alter table pump.%I enable row level security', name);
        execute format('create policy whole on pump.%I for select to oms_operator, oms_auditor using (true)', name);
    end loop;
end $$;
create policy own on pump.decision for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.line for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.due for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.document for select to oms_organisation
    using (recipient = current_setting('oms.organisation', true));
create policy own on pump.sanction for select to oms_organisation using (exists (select from pump.decision d
    where (d.closing, d.package, d."row") = (sanction.closing, sanction.package, sanction."row")));
create policy own on pump.hit for select to oms_organisation using (exists (select from pump.decision d
    where (d.closing, d.package, d."row") = (hit.closing, hit.package, hit."row")));

-- What is sent need not answer a package: files of a closing go to the organisation that they are for.
alter table exchange.outgoing add column recipient text references exchange.organisation;
create unique index outgoing_unasked on exchange.outgoing (channel, address, name, sha256) where package is null;
drop policy own on exchange.outgoing;
create policy own on exchange.outgoing for select to oms_organisation
    using (recipient = current_setting('oms.organisation', true)
           or exists (select from exchange.package p where p.id = package));
