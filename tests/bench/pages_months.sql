-- A year of closed months past the closing itself: the newest with a million decided cases, the others with its sums.
set session_replication_role = replica;

insert into pump.closing (period, kind, state, act_number, act_date, frozen_at, packages, fresh, editions, earlier, terms_sha256,
                          decided_by, decided_at, reason)
select m::date, 'month', 'DELIVERED', 'МЭК-' || to_char(m, 'MMYY') || '-1', (m + interval '1 month 9 days')::date,
       m + interval '1 month 9 days', array(select id from exchange.package p where p.period = m::date order by id limit 5000),
       '{}', '{}', '{}', repeat('0', 64), 'главный бухгалтер', m + interval '1 month 12 days', 'суммы сверены'
from generate_series(date_trunc('month', now()) - interval '12 months', date_trunc('month', now()) - interval '1 month',
                     interval '1 month') m;

insert into pump.decision (closing, package, "row", kind, code_mo, idcase, person, payer, due, usl_ok, sumv, oplata, sump, sank_it)
select c.id, p.id, r, substr(p.kind, 6, 1), p.sender,
       case when r < 3 then p.id * 3 + r + 1 else 1000000000 + p.id * 200 + r end, null,
       (array['98001', '98002', '75000'])[1 + (r % 20 = 0)::int + (p.place % 2)::int], s.sumv, 1 + r % 4, s.sumv,
       case when r % 50 = 0 then 2 else 1 end, case when r % 50 = 0 then 0 else s.sumv end,
       case when r % 50 = 0 then s.sumv else 0 end
from (select max(id) as id, max(period) as period from pump.closing) c
join lateral (select p.*, row_number() over (order by id) as place from exchange.package p
              where p.period = c.period and p.result in ('ACCEPTED', 'PARTIAL') and p.sender is not null order by p.id limit 5000) p on true
cross join generate_series(0, 199) r
cross join lateral (select 100000 + (p.id * 7919 + r * 104729) % 5000000 as sumv) s;

insert into pump.hit (closing, ordinal, package, "row", stage, code, osn, rule, amount, applied, other_ref, detail)
select closing, row_number() over (), package, "row", g.stage, g.code, g.osn, 'MEK.' || g.stage || '.1', sumv, sumv, '', 'найдено'
from pump.decision d
cross join lateral (
    select (array['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K'])[n] as stage,
           (array['204', '210', '217', '205', '220', '215', '225', '232', '234', '236', '238'])[n] as code,
           (array['1.4.1', '1.5', '1.6.1', '1.4.2', '1.7.1', '1.6.2', '1.8.1', '1.10.1', '1.10.2', '1.10.3', '1.9'])[n] as osn
    from (select 1 + (d.package + d."row" / 50) % 11 as n) x
) g
where d.oplata = 2;

select pump.summarise(max(id)) from pump.closing;

insert into pump.line (closing, payer, code_mo, accepted_1, accepted_2, accepted_3, accepted_4, capita, result, stations, ambulance,
                       gross, advance, debt, sanction, fine, payable, carried)
select c.id, a.payer, a.code_mo, sum(a.sump) filter (where a.kind = 'H'), sum(a.sump) filter (where a.kind = 'C'),
       sum(a.sump) filter (where a.kind = 'T'), sum(a.sump) filter (where a.kind = 'X'), 0, 0, 0, 0,
       sum(a.sump), sum(a.sump) / 3, 0, 0, 0, sum(a.sump) - sum(a.sump) / 3, 0
from pump.closing c cross join (
    select code_mo, payer, kind, sum(sump)::bigint as sump from (
        select code_mo, payer, kind, sump from pump.month_account
        union all select o.code, p.payer, k.kind, 0 from exchange.organisation o
            cross join (values ('98001'), ('98002')) p (payer) cross join (values ('H'), ('C'), ('T'), ('X')) k (kind)
            where o.kind = 'МО'
        union all select distinct m.code_mo, m.payer, k.kind, 0 from pump.month_account m
            cross join (values ('H'), ('C'), ('T'), ('X')) k (kind)
    ) x group by 1, 2, 3
) a
where c.kind = 'month' group by c.id, a.payer, a.code_mo;

insert into pump.month_account
select c.id, a.package, code_mo, payer, a.kind, cases, sumv, paid, partly, refused, sank_it, sump
from pump.month_account a cross join pump.closing c where c.id < (select max(id) from pump.closing);
insert into pump.month_kind
select c.id, code_mo, payer, a.kind, accounts, cases, sumv, paid, partly, refused, sank_it, sump
from pump.month_kind a cross join pump.closing c where c.id < (select max(id) from pump.closing);
insert into pump.month_ground
select c.id, code_mo, payer, stage, osn, positions, cases, amount
from pump.month_ground a cross join pump.closing c where c.id < (select max(id) from pump.closing);
insert into pump.month_intake
select c.id, code_mo, cases, amount
from pump.month_intake a cross join pump.closing c where c.id < (select max(id) from pump.closing);

insert into pump.document (closing, ordinal, kind, recipient, payer, code_mo, name, title, sha256, size)
select l.closing, row_number() over (partition by l.closing order by l.payer, l.code_mo, k.kind), k.kind, l.code_mo, l.payer, l.code_mo,
       k.kind || '_' || l.payer || '_' || l.code_mo || '.pdf', k.kind, repeat('0', 64), 1000
from pump.line l cross join (values ('payment_order'), ('bill'), ('conclusion')) k (kind);

set session_replication_role = default;
