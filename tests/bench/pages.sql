-- A year of exchange past the exchange itself: :packages packages over 365 days, newest now, of 150 organisations.
set session_replication_role = replica;

insert into exchange.organisation
select '99' || lpad(n::text, 4, '0'), 'МО', 'Организация ' || n, 'МО ' || n, 'mo99' || n || '.oms', 'mo99' || n, '2014-01-01', null
from generate_series(1, 139) n;

create temporary table sender as
select row_number() over (order by code) - 1 as place, code from exchange.organisation where kind = 'МО' order by code;

insert into exchange.package
    (channel, source_key, sender, address, name, sha256, size, received_at, kind, subsystem, number, state, result, period,
     records, accepted, findings, sums, answered_at, attempts, run, reception)
select case when n % 5 = 0 then 'mail' else 'sftp' end, 'bench ' || n, case when n % 997 = 0 then null else s.code end, 'x',
       f.name, encode(sha256(n::text::bytea), 'hex'), 20000 + n % 100000, t.received_at,
       case when n % 997 = 0 then null else 'PUMP_' || substr('HCTX', 1 + (n % 4)::int, 1) end,
       'pump', upper(f.name), case when r.result is null then 'RECEIVED' else 'ANSWERED' end, r.result,
       date_trunc('month', t.received_at - interval '20 days')::date,
       200, case r.result when 'ACCEPTED' then 200 when 'PARTIAL' then 190 else 0 end,
       case r.result when 'PARTIAL' then 6 when 'REJECTED' then 4 else 0 end,
       case when r.result in ('ACCEPTED', 'PARTIAL') then jsonb_build_object('SUMV', 40000000 + n % 9999999) else '{}' end,
       case when r.result is not null then t.received_at + interval '25 seconds' end, 1,
       jsonb_build_object('dag', 'pump_intake', 'run', 'r' || n / 64 || '+', 'task', 'process', 'index', n % 64 / 32),
       jsonb_build_object('dag', 'receive', 'run', 'r' || n / 64 || '+', 'task', 'claim', 'index', -1)
from generate_series(1, :packages) n
cross join lateral (select now() - (:packages - n) * (interval '365 days' / :packages) as received_at) t
cross join lateral (
    select case when n > :packages - 20 then null
                when n % 997 = 0 then 'QUARANTINED' when n % 97 = 0 then 'DUPLICATE' when n % 11 = 0 then 'REJECTED'
                when n % 5 = 0 then 'PARTIAL' else 'ACCEPTED' end as result) r
join sender s on s.place = n % (select count(*) from sender)
cross join lateral (
    select substr('HCTX', 1 + (n % 4)::int, 1) || 'M' || s.code || 'S9800' || (1 + n % 2) || '_' || to_char(t.received_at, 'YYMM')
           || n || '.zip' as name) f;

insert into exchange.member
select p.id, m.role, m.letter || substr(p.name, 2, 30) || '.xml', p.size, encode(sha256((p.id || m.role)::bytea), 'hex')
from exchange.package p cross join (values ('H', 'H'), ('L', 'L')) m (role, letter);

insert into exchange.outgoing
    (package, channel, address, name, sha256, size, subject, body, created_at, sent_at, due_at)
select p.id, p.channel, p.address, 'V' || p.name || e.extension, encode(sha256((p.id || e.extension)::bytea), 'hex'), 3000, '', '',
       p.answered_at, p.answered_at + interval '9 seconds', p.answered_at
from exchange.package p cross join (values ('.XML'), ('.XLSX')) e (extension)
where p.state = 'ANSWERED' and p.sender is not null;

insert into exchange.finding (package, ordinal, member, rule, severity, element, base, n_zap, idcase, value, message, byte_offset)
select p.id, o, 'H', '00' || (1 + o % 4) || 'F.00.0' || lpad((10 * ((p.id + o) % 60))::text, 3, '0'),
       case when o % 6 = 0 then 'warning' else 'error' end, 'ZAP/Z_SL/RSLT', 'Z_SL', o::text, o::text, '999',
       'RSLT «Результат обращения»: значения нет в справочнике', o * 1000
from exchange.package p cross join lateral generate_series(1, p.findings) o;

insert into exchange.finding (package, ordinal, member, rule, severity, element, base, n_zap, idcase, value, message, byte_offset)
select (select max(id) - 100 from exchange.package), 100 + o, 'H', '001F.00.0270', 'error', 'ZAP/Z_SL/SL/PROFIL', 'SL', o::text,
       o::text, '999', 'PROFIL: значения нет в справочнике', o * 1000
from generate_series(1, 100000) o;

insert into exchange.event (seq, package, at, name, actor, details, previous, hash)
select (p.id - 1) * 6 + e.n, p.id, p.received_at + e.n * interval '4 seconds', e.name,
       case when p.id % 5000 = 0 and e.n = 6 then 'oper' else 'система' end,
       case when p.id % 5000 = 0 and e.n = 6 then '{"reason": "просили"}'::jsonb else '{"records": 200, "accepted": 190}' end,
       repeat('0', 64), repeat('0', 64)
from exchange.package p
cross join (values (1, 'RECEIVED'), (2, 'OPENED'), (3, 'CHECKED'), (4, 'APPLIED'), (5, 'ANSWERED'), (6, 'RESENT')) e (n, name)
where e.n < 6 or p.id % 5000 = 0;

select pump.open_month(m::date)
from generate_series(date_trunc('month', now() - interval '13 months'), now(), interval '1 month') m;
insert into pump.h_zap (report_month, package, row, parent, n_zap, idcase, lpu, date_z_1, date_z_2, sumv)
select p.period, p.id, o - 1, null, o, p.id * 3 + o, p.sender, p.period, p.period, 1000
from exchange.package p cross join generate_series(1, 3) o
where p.kind = 'PUMP_H' and p.result in ('ACCEPTED', 'PARTIAL');

set session_replication_role = default;
