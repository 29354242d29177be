-- Packages that differ from what their events say.
with received as (
    select distinct on (package) package, details from exchange.event where name = 'RECEIVED' order by package, seq
), answered as (
    select distinct on (package) package, details from exchange.event where name = 'ANSWERED' order by package, seq desc
), findings as (
    select package, encode(sha256(convert_to(string_agg(concat_ws('|', ordinal::text, member, rule, severity, element,
        base, coalesce(n_zap, ''), coalesce(idcase, ''), coalesce(sl_id, ''), coalesce(idserv, ''), coalesce(id_pac, ''),
        coalesce(value, ''), message, coalesce(byte_offset::text, '')), E'\n' order by ordinal), 'UTF8')), 'hex') as digest
    from exchange.finding group by package
), nothing as (
    select encode(sha256(''), 'hex') as digest
)
select p.id, 'нет события о получении' as problem from exchange.package p
where not exists (select from received r where r.package = p.id)
union all
select p.id, 'сведения о получении изменены' from exchange.package p join received r on r.package = p.id
where (r.details ->> 'sha256', r.details ->> 'name', r.details ->> 'channel', coalesce(r.details ->> 'sender', ''))
    is distinct from (p.sha256, p.name, p.channel, coalesce(p.sender, ''))
union all
select p.id, 'результат обработки изменён' from exchange.package p left join answered a on a.package = p.id
where (a.details ->> 'result', a.details ->> 'records', a.details ->> 'accepted', a.details ->> 'findings')
    is distinct from (p.result, p.records::text, p.accepted::text, p.findings::text)
union all
select p.id, 'замечания изменены' from exchange.package p join answered a on a.package = p.id
    cross join nothing n left join findings f on f.package = p.id
where a.details ->> 'findings_sha256' is distinct from coalesce(f.digest, n.digest)
union all
select p.id, 'состав ответа изменён' from exchange.package p join answered a on a.package = p.id
where (select coalesce(jsonb_agg(jsonb_build_array(o.name, o.sha256) order by o.id), '[]')
       from exchange.outgoing o where o.package = p.id) is distinct from a.details -> 'outgoing'
union all
select e.package, 'пакет удалён из журнала' from received e
where not exists (select from exchange.package p where p.id = e.package)
union all
select d.package, 'документ не записан в журнале' from exchange.document d
where not exists (select from exchange.event e where e.package = d.package and e.name = 'DOCUMENTED'
                  and e.details -> 'files' ->> d.name = d.sha256)
union all
select e.package, 'документ удалён из журнала'
from exchange.event e cross join jsonb_each_text(e.details -> 'files') f (name, sha256)
where e.name = 'DOCUMENTED'
  and not exists (select from exchange.document d where d.package = e.package and d.name = f.name and d.sha256 = f.sha256)
order by 1
