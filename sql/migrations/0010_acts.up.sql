-- Acts of control (МЭК, МЭЭ, ЭКМП) of insurers: what stands of their packages. Money in kopecks.
create table pump.act (
    package bigint not null references exchange.package,
    "row" integer not null,
    smo text not null references exchange.organisation,
    code_mo text not null references exchange.organisation,
    number text not null,
    date date not null,
    kont smallint not null check (kont in (1, 2, 3)),
    typek smallint not null,
    skont smallint not null,
    s_tip smallint,
    experts text[] not null,
    primary key (package, "row")
);
comment on table pump.act is 'Акты контроля страховых компаний: row – строка AKT в файле пакета';
create unique index act_number on pump.act (smo, (extract(year from date)), number);

create table pump.act_case (
    package bigint not null,
    "row" integer not null,
    act integer not null,
    case_package bigint not null,
    case_row integer not null,
    oplata smallint not null check (oplata in (1, 2, 3)),
    sump bigint not null check (sump >= 0),
    refreason smallint,
    sank_it bigint not null check (sank_it >= 0),
    penalty bigint not null check (penalty >= 0),
    primary key (package, "row"),
    unique (package, act, case_package, case_row),
    foreign key (package, act) references pump.act
);
comment on table pump.act_case is 'Случаи актов: case_package, case_row – случай, как в pump.decision; sump – после санкций этого и прежних актов';
create index act_case_of on pump.act_case (case_package, case_row);

create table pump.act_sanction (
    package bigint not null,
    "row" integer not null,
    act_case integer not null,
    smo text not null,
    s_code text not null,
    s_sum bigint not null check (s_sum >= 0),
    s_osn smallint not null,
    fin_penalty bigint not null check (fin_penalty >= 0),
    visits text[] not null,
    s_com text,
    primary key (package, "row"),
    unique (smo, s_code),
    foreign key (package, act_case) references pump.act_case (package, "row")
);
comment on table pump.act_sanction is 'Санкции по случаям актов; visits – SL_ID, оплата которых уменьшается';
create index act_sanction_case on pump.act_sanction (package, act_case);

grant select on pump.act, pump.act_case, pump.act_sanction to oms_operator, oms_auditor, oms_organisation;
do $$
declare name text;
begin
    foreach name in array array['act', 'act_case', 'act_sanction'] loop
        execute format('alter table pump.%I enable row level security', name);
        execute format('create policy whole on pump.%I for select to oms_operator, oms_auditor using (true)', name);
    end loop;
end $$;
create policy own on pump.act for select to oms_organisation
    using (current_setting('oms.organisation', true) in (smo, code_mo));
create policy own on pump.act_case for select to oms_organisation using (exists (select from pump.act a
    where (a.package, a."row") = (act_case.package, act_case.act)));
create policy own on pump.act_sanction for select to oms_organisation using (exists (select from pump.act_case c
    where (c.package, c."row") = (act_sanction.package, act_sanction.act_case)));
