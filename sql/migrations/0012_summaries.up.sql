-- What the pages read of a closing: its sums by account and by ground, made once; parts of names; cases by their number.
create table pump.month_account (
    closing bigint not null references pump.closing on delete cascade,
    package bigint not null,
    code_mo text not null,
    payer text not null,
    kind text not null,
    cases bigint not null,
    sumv bigint not null,
    paid bigint not null,
    partly bigint not null,
    refused bigint not null,
    sank_it bigint not null,
    sump bigint not null,
    primary key (closing, code_mo, package, payer)
);
create index month_account_package on pump.month_account (package, closing);
comment on table pump.month_account is 'Решения закрытия по счетам и плательщикам, копейки; payer пуст – плательщик не определён';
create table pump.month_kind (
    closing bigint not null references pump.closing on delete cascade,
    code_mo text not null,
    payer text not null,
    kind text not null,
    accounts bigint not null,
    cases bigint not null,
    sumv bigint not null,
    paid bigint not null,
    partly bigint not null,
    refused bigint not null,
    sank_it bigint not null,
    sump bigint not null,
    primary key (closing, code_mo, payer, kind)
);
comment on table pump.month_kind is 'То же по видам реестров организации: чем складываются месяцы';
create table pump.month_ground (
    closing bigint not null references pump.closing on delete cascade,
    code_mo text not null,
    payer text not null,
    stage text not null,
    osn text not null,
    positions bigint not null,
    cases bigint not null,
    amount bigint not null,
    primary key (closing, code_mo, payer, stage, osn)
);
comment on table pump.month_ground is 'Отказы закрытия по этапам и основаниям; cases – отказанные целиком, у которых это основание первое';
create table pump.month_intake (
    closing bigint not null references pump.closing on delete cascade,
    code_mo text not null,
    cases bigint not null,
    amount bigint not null,
    primary key (closing, code_mo)
);
comment on table pump.month_intake is 'Что из реестров месяца отклонил ФЛК, копейки';

-- The tables of a closing; it has been controlled, so nothing of them changes any more.
create function pump.summarise(of_closing bigint) returns void language sql as $$
    delete from pump.month_account where closing = of_closing;
    delete from pump.month_kind where closing = of_closing;
    delete from pump.month_ground where closing = of_closing;
    delete from pump.month_intake where closing = of_closing;
    insert into pump.month_account
    select closing, package, code_mo, coalesce(payer, ''), kind, count(*), sum(sumv), count(*) filter (where oplata = 1),
           count(*) filter (where oplata = 3), count(*) filter (where oplata = 2), sum(sank_it), sum(sump)
    from pump.decision where closing = of_closing group by 1, 2, 3, 4, 5;
    insert into pump.month_kind
    select closing, code_mo, payer, kind, count(*), sum(cases), sum(sumv), sum(paid), sum(partly), sum(refused), sum(sank_it),
           sum(sump)
    from pump.month_account where closing = of_closing group by 1, 2, 3, 4;
    insert into pump.month_ground
    select h.closing, d.code_mo, coalesce(d.payer, ''), h.stage, h.osn, count(*),
           count(*) filter (where h.place = 1 and d.oplata = 2), sum(h.applied)
    from (
        select closing, package, "row", stage, osn, applied,
               row_number() over (partition by package, "row" order by stage, ordinal) as place
        from pump.hit where closing = of_closing and applied > 0
    ) h
    join pump.decision d on (d.closing, d.package, d."row") = (h.closing, h.package, h."row")
    group by 1, 2, 3, 4, 5;
    insert into pump.month_intake
    select c.id, coalesce(p.sender, ''), coalesce(sum(p.records - p.accepted), 0),
           coalesce(sum((p.sums ->> 'SUMV_REFUSED')::bigint), 0)
    from pump.closing c
    join exchange.package p on p.subsystem = 'pump' and p.kind like 'PUMP\__' and p.period = c.period
        and p.state = 'ANSWERED' and p.duplicate_of is null and p.received_at <= c.frozen_at
    where c.id = of_closing
    group by 1, 2
    having coalesce(sum(p.records - p.accepted), 0) > 0;
$$;
create function pump.summarise_controlled() returns trigger language plpgsql as $$
begin
    perform pump.summarise(new.id);
    return null;
end $$;
create trigger summarise after update of state on pump.closing for each row
    when (new.state = 'CONTROLLED' and old.state <> new.state) execute function pump.summarise_controlled();
select pump.summarise(id) from pump.closing where state not in ('FROZEN', 'GATHERED');

grant select on pump.month_account, pump.month_kind, pump.month_ground, pump.month_intake to oms_operator, oms_auditor, oms_organisation;
do $$
declare name text;
begin
    foreach name in array array['month_account', 'month_kind', 'month_ground', 'month_intake'] loop
        execute format('alter table pump.%I enable row level security', name);
        execute format('create policy whole on pump.%I for select to oms_operator, oms_auditor using (true)', name);
    end loop;
end $$;
create policy own on pump.month_account for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.month_kind for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.month_ground for select to oms_organisation
    using (current_setting('oms.organisation', true) in (code_mo, payer));
create policy own on pump.month_intake for select to oms_organisation
    using (code_mo = current_setting('oms.organisation', true));

-- Grounds of refusal in words, for everybody who is refused anything: the rows of F014 as last loaded, the newest of each.
create view pump.ground_title as
select distinct on (e.fields ->> 'Osn') e.fields ->> 'Osn' as osn, e.fields ->> 'Kod' as code, e.fields ->> 'Naim' as title
from nsi.entry e
where e.edition = (select max(id) from nsi.edition where dictionary = 'F014')
order by e.fields ->> 'Osn', e.valid_from desc nulls last, e.fields ->> 'Kod';
grant select on pump.ground_title to oms_operator, oms_auditor, oms_organisation;

create index closing_packages on pump.closing using gin (packages);
create index decision_idcase on pump.decision (idcase);
create index document_of_line on pump.document (closing, payer, code_mo);
create index event_of_month on exchange.event (((details ->> 'closing')::bigint)) where name like 'MONTH\_%';
create index event_of_impact on exchange.event ((details -> 'request' ->> 'rule')) where name like 'RULE\_IMPACT%';

-- A part of a name; the extension is trusted, so the owner of the database may create it.
create extension if not exists pg_trgm with schema public;
create index package_name_part on exchange.package using gin (upper(name) public.gin_trgm_ops);
